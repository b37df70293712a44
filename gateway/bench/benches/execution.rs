//! What the gateway itself does for the benchmark's deep query, with replies that are there at once:
//! `cargo bench -p tributary-bench --bench execution`.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;

use apollo_compiler::ExecutableDocument;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute};
use tributary_bench::{subgraphs, supergraph};
use tributary_federation::json::Reader;
use tributary_federation::plan::{OperationKind, SubgraphId};
use tributary_federation::variables::Variables;
use tributary_federation::{Plan, PlanOptions, Supergraph, plan_operation};

const DEEP: &str = include_str!("../deep.graphql");

/// Subgraphs that remember what they answered.
struct Remembering<'a> {
    supergraph: &'a Supergraph,
    replies: Mutex<HashMap<(SubgraphId, Bytes), Bytes>>,
}

impl Fetcher for Remembering<'_> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        let key = (subgraph, body);
        let known = self.replies.lock().expect("nothing panics").get(&key).cloned();
        if let Some(reply) = known {
            return Ok(reply);
        }
        let reply = subgraphs::answer(self.service(subgraph), &key.1).await.expect("it is a request");
        let reply = Bytes::from(reply);
        self.replies.lock().expect("nothing panics").insert(key, reply.clone());
        Ok(reply)
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.supergraph.subgraph_name(subgraph)
    }
}

fn plan(supergraph: &Supergraph) -> Plan {
    let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), DEEP, "deep.graphql");
    let document = document.expect("it is valid");
    plan_operation(supergraph, &document, None, &PlanOptions::default()).expect("it is planned")
}

fn execution(criterion: &mut Criterion) {
    let sdl = supergraph::compose("http://127.0.0.1").expect("they compose");
    let supergraph = Supergraph::parse(&sdl).expect("what was composed is read");
    let plan = plan(&supergraph);
    let fetcher = Remembering { supergraph: &supergraph, replies: Mutex::default() };
    let runtime = Runtime::new().expect("a runtime");
    let variables = Variables::default();
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    let run = || runtime.block_on(execute(&plan, request, &fetcher)).into_body(None);
    let answer = run();
    let mut group = criterion.benchmark_group("deep query");
    group.throughput(Throughput::Bytes(answer.len() as u64));
    group.bench_function("requests, reading, merging, projecting", |bencher| {
        bencher.iter(|| black_box(run()))
    });

    let replies = fetcher.replies.lock().expect("nothing panics");
    let largest = replies.values().max_by_key(|reply| reply.len()).expect("there are replies").clone();
    drop(replies);
    group.throughput(Throughput::Bytes(largest.len() as u64));
    group.bench_function("its largest reply, only parsed", |bencher| {
        bencher.iter(|| Reader::new(black_box(&largest)).skip());
    });
    group.finish();
}

criterion_group!(benches, execution);
criterion_main!(benches);
