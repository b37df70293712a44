//! Both plans of an operation give the data that one server would give.

use std::collections::BTreeMap;

use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_yardstick::data::{Outcome, THEIRS};
use tributary_yardstick::{Both, Source, cases};

#[test]
fn every_operation_of_the_audit_has_equal_data() {
    let Some(cases) = cases() else { return };
    let graphs: Vec<Both> = cases.graphs.iter().map(Both::new).collect();
    let (mut equal, mut theirs) = (0, Vec::new());
    for case in &cases.all {
        let Some(outcome) = graphs[case.graph].check(&case.query) else { continue };
        assert!(outcome.ours.is_none(), "{}: {}", case.name, outcome.ours.unwrap_or_default());
        match outcome.theirs {
            None => equal += 1,
            Some(text) => theirs.push((case.name.as_str(), text)),
        }
    }
    let names: Vec<&str> = theirs.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, THEIRS.map(|(name, _)| name), "{theirs:#?}");
    assert_eq!(equal, 192 - THEIRS.len());
}

/// Two subgraphs: a key, requirements with and without conditions, an interface, mutations of both.
fn pair(requires: &str) -> Both {
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
        import: ["@key", "@requires", "@external"])"#;
    let goods = format!(
        r#"{link}
        type Query {{ products(first: Int = 3): [Product!]! media: Media }}
        type Mutation {{ add(n: Int!): Int! }}
        type Product @key(fields: "id") {{ id: ID! price(currency: String = "EUR"): Float! weight: Float! box: Box }}
        type Box {{ width: Int! height: Int }}
        interface Media {{ title: String! }}
        type Book implements Media @key(fields: "isbn") {{ isbn: ID! title: String! pages: Int! }}
        type Film implements Media @key(fields: "id") {{ id: ID! title: String! }}"#
    );
    let freight = format!(
        r#"{link}
        type Mutation {{ multiply(by: Int!): Int! }}
        type Product @key(fields: "id") {{
            id: ID! price(currency: String = "EUR"): Float! @external weight: Float! @external box: Box @external
            freight(express: Boolean): Int @requires(fields: "{requires}")
            bulk: Int @requires(fields: "price weight box {{ width height }}")
        }}
        type Box @external {{ width: Int! height: Int }}
        type Book @key(fields: "isbn") {{ isbn: ID! shelf: String! }}
        type Film @key(fields: "id") {{ id: ID! minutes: Int! }}"#
    );
    let sdls = [("goods", goods), ("freight", freight)];
    let inputs: Vec<_> = sdls.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&inputs);
    let supergraph = composition.supergraph.unwrap_or_else(|| panic!("{:#?}", composition.diagnostics));
    let subgraphs: BTreeMap<_, _> = sdls.into_iter().map(|(name, sdl)| (name.to_owned(), sdl)).collect();
    Both::new(&Source { supergraph, subgraphs })
}

const FREIGHT: &str = r#"query($express: Boolean!) {
    products { cost: freight(express: $express) box { width @include(if: $express) height } }
    media { title ... on Book { shelf } ... on Film { minutes } }
}"#;

#[test]
fn keys_requirements_and_abstract_types_give_equal_data() {
    let pair = pair("price(currency: \\\"USD\\\") weight box { width height }");
    let outcome = pair.check(FREIGHT).expect("both plan it");
    assert_eq!(outcome, Outcome { runs: 8, ours: None, theirs: None });
    let outcome = pair.check("mutation { add(n: 2) multiply(by: 3) more: add(n: 2) }").expect("both plan it");
    assert_eq!(outcome, Outcome { runs: 4, ours: None, theirs: None });
}

#[test]
fn what_a_plan_does_wrong_changes_the_data() {
    let right = pair("price(currency: \\\"USD\\\") weight");
    let both_differ = |planned: &str, by: &Both, query: &str, why: &str| {
        let outcome = right.check_plans_of(query, planned, by).expect("both plan it");
        assert!(outcome.ours.is_some() && outcome.theirs.is_some(), "{why}: {outcome:#?}");
    };
    let other = |requires: &str| pair(requires);
    both_differ(FREIGHT, &other("weight"), FREIGHT, "a required field isn't fetched");
    both_differ(FREIGHT, &other("price(currency: \\\"GBP\\\") weight"), FREIGHT, "it has other arguments");
    let order = ["mutation { add(n: 2) multiply(by: 3) }", "mutation { multiply(by: 3) add(n: 2) }"];
    both_differ(order[1], &right, order[0], "mutations are run in another order");
    let typed = FREIGHT.replace("height", "width").replace("... on Film { minutes }", "");
    both_differ(&typed, &right, FREIGHT, "fields are left out");
}
