//! Composition, and planning where every subgraph can answer everything, in Criterion's form:
//! `cargo bench -p tributary-yardstick --bench composing`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tributary_federation::Supergraph;
use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_yardstick::{ours, overlap, worlds};

fn inputs(subgraphs: &[(String, String)]) -> Vec<SubgraphSdl<'_>> {
    subgraphs.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect()
}

fn composing(criterion: &mut Criterion) {
    let shop = worlds::SHOP.map(|(name, sdl)| (name.to_owned(), sdl.to_owned())).to_vec();
    let worlds = [
        ("shop", shop),
        ("20 subgraphs of 30 types", worlds::subgraphs(worlds::MEDIUM)),
        ("50 subgraphs, 2,000 types", worlds::subgraphs(worlds::LARGE)),
    ];
    let mut group = criterion.benchmark_group("compose");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for (name, subgraphs) in &worlds {
        let inputs = inputs(subgraphs);
        assert!(compose(&inputs).supergraph.is_some(), "{name} composes");
        group.bench_function(*name, |b| b.iter(|| compose(black_box(&inputs))));
    }
}

fn overlapping(criterion: &mut Criterion) {
    let subgraphs = overlap::subgraphs(10, 40);
    let sdl = compose(&inputs(&subgraphs)).supergraph.expect("they agree");
    let supergraph = Supergraph::parse(&sdl).expect("our composition is read");
    let query = overlap::query(40, 8);
    criterion.bench_function("plan/10 subgraphs, 40 fields, 8 levels", |b| {
        b.iter(|| ours::plan(&supergraph, black_box(&query)));
    });
}

criterion_group!(benches, composing, overlapping);
criterion_main!(benches);
