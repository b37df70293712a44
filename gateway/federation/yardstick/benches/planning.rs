//! Planning cold and getting ready for it, ours and theirs, in Criterion's form: `cargo bench -p tributary-yardstick`.
//! The table over all operations is `yardstick time`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tributary_federation::Supergraph;
use tributary_yardstick::{cases, ours, theirs};

/// One of each kind, and the benchmark's deep query.
const CASES: [&str; 5] = [
    "abstract-types#11",
    "requires-with-argument#3",
    "simple-requires-provides#6",
    "union-intersection#0",
    "benchmark",
];

fn planning(criterion: &mut Criterion) {
    let Some(cases) = cases() else { return };
    for case in cases.all.iter().filter(|case| CASES.contains(&case.name.as_str())) {
        let sdl = &cases.graphs[case.graph].supergraph;
        let supergraph = Supergraph::parse(sdl).expect("our composition is read");
        let planner = theirs::planner(sdl);
        let mut group = criterion.benchmark_group(&case.name);
        group.bench_function("plan/ours", |b| b.iter(|| ours::plan(&supergraph, black_box(&case.query))));
        group.bench_function("plan/theirs", |b| b.iter(|| theirs::plan(&planner, black_box(&case.query))));
        group.bench_function("ready/ours", |b| b.iter(|| Supergraph::parse(black_box(sdl))));
        group.bench_function("ready/theirs", |b| b.iter(|| theirs::planner(black_box(sdl))));
    }
}

criterion_group!(benches, planning);
criterion_main!(benches);
