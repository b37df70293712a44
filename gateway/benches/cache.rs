//! What a request costs whose operation is prepared already, from its body's bytes to what is to be run:
//! `cargo bench -p tributary --bench cache`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use serde_json::json;
use tributary::config::{Config, ServeFlags};
use tributary::http::Bodies;
use tributary::pipeline::{Graph, Operations, Prepared, RequestFacts};
use tributary::telemetry::Metrics;
use tributary_federation::Supergraph;

/// The shop's graph.
const SUPERGRAPH: &str = include_str!("../../schema/supergraph.graphql");

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    flags: ServeFlags,
}

struct Served {
    bodies: Bodies,
    operations: Operations,
    graph: Arc<Graph>,
    facts: RequestFacts,
}

impl Served {
    fn new() -> Self {
        let flags = Flags::parse_from(["serve", "--gateway-id", "bench"]).flags;
        let config = Config::check(&flags).expect("the defaults are right");
        let supergraph = Supergraph::parse(SUPERGRAPH).expect("the shop's supergraph is read");
        Self {
            bodies: Bodies::new(1 << 20),
            operations: Operations::new(&config, Arc::new(Metrics::default())),
            graph: Arc::new(Graph::new(Arc::new(supergraph))),
            facts: RequestFacts { identity: None, share: 50.0, incremental: false },
        }
    }

    async fn prepared(&self, body: &Bytes) -> Arc<Prepared> {
        let parameters = self.bodies.read(body).expect("the body is a request");
        let name = parameters.operation_name.as_deref();
        let prepared = self.operations.prepared(&self.graph, &parameters.query, name, &self.facts);
        prepared.await.unwrap_or_else(|rejection| panic!("{rejection:?}"))
    }
}

/// A body of nearly so many bytes: a query over several lines, as clients write them.
fn body(bytes: usize) -> Bytes {
    let mut query = String::from("query Products {\n  products(first: 10) {\n    nodes {\n");
    let whole = |query: &str| {
        json!({ "query": format!("{query}    }}\n  }}\n}}\n"), "operationName": "Products" }).to_string()
    };
    for at in 0.. {
        let before = query.len();
        let _ = writeln!(query, "      name{at}: name");
        if whole(&query).len() > bytes || at == 100 {
            query.truncate(before);
            break;
        }
    }
    // More aliases aren't allowed; what is left is filled with what people fill it with.
    while whole(&query).len() + 40 < bytes {
        query.push_str("      # the name of it, once more\n");
    }
    whole(&query).into()
}

fn cache(criterion: &mut Criterion) {
    let served = Served::new();
    let runtime = tokio::runtime::Runtime::new().expect("there are threads");
    let mut group = criterion.benchmark_group("from body to prepared operation, found");
    for bytes in [256, 1024, 4096] {
        let body = body(bytes);
        assert!(body.len() <= bytes && body.len() * 10 > bytes * 8, "{}", body.len());
        let first = runtime.block_on(served.prepared(&body));
        let again = || served.prepared(black_box(&body)).now_or_never().expect("nothing is waited for");
        assert!(Arc::ptr_eq(&first, &again()), "it is found");
        group.bench_function(format!("{bytes} bytes"), |b| b.iter(again));
    }
}

criterion_group!(benches, cache);
criterion_main!(benches);
