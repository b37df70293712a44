//! Our plans are never longer than the yardstick's, and need no more fetches in total.

mod data;

use tributary_federation::Supergraph;
use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_yardstick::{Measure, cases, ours, theirs, worlds};

#[test]
fn no_plan_is_longer_and_all_together_need_no_more_fetches() {
    let Some(cases) = cases() else { return };
    let graphs: Vec<_> = cases
        .graphs
        .iter()
        .map(|it| {
            (
                Supergraph::parse(&it.supergraph).expect("our composition is read"),
                theirs::planner(&it.supergraph),
            )
        })
        .collect();
    let (mut both, mut own, mut other) = (0, Measure::default(), Measure::default());
    for case in &cases.all {
        let (supergraph, planner) = &graphs[case.graph];
        let theirs = theirs::plan(planner, &case.query).map(|plan| theirs::measure(&plan));
        let ours = ours::plan(supergraph, &case.query).map(|plan| ours::measure(&plan));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
        assert!(ours.path <= theirs.path, "{}: {ours:?} beside {theirs:?}", case.name);
        both += 1;
        own.add(ours);
        other.add(theirs);
    }
    assert_eq!(both, 192, "operations that both plan");
    assert!(own.fetches <= other.fetches, "{own:?} beside {other:?}");
}

/// Requests and the longest path of each operation of the audit: the numbers alone, since the operations lie elsewhere.
#[test]
fn each_plans_size_is_known() {
    let Some(cases) = cases() else { return };
    let graphs: Vec<_> = cases
        .graphs
        .iter()
        .map(|it| Supergraph::parse(&it.supergraph).expect("our composition is read"))
        .collect();
    let lines = cases.all.iter().map(|case| match ours::plan(&graphs[case.graph], &case.query) {
        Some(plan) => {
            let Measure { fetches, path } = ours::measure(&plan);
            format!("{} {fetches} {path}", case.name)
        }
        None => format!("{} refused", case.name),
    });
    let lines: Vec<String> = lines.collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn worlds_compose_and_are_as_large_as_they_say() {
    for (size, bytes) in [(worlds::MEDIUM, 170_000..230_000), (worlds::LARGE, 600_000..800_000)] {
        let set = worlds::subgraphs(size);
        let inputs: Vec<_> = set.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
        let composition = compose(&inputs);
        let errors: Vec<_> = composition.errors().map(ToString::to_string).collect();
        assert!(composition.supergraph.is_some(), "{size:?}: {errors:#?}");
        let total: usize = set.iter().map(|(_, sdl)| sdl.len()).sum();
        assert!(bytes.contains(&total), "{size:?}: {total} bytes");
    }
}
