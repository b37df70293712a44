//! What the gateway itself does for a query, with replies that are there at once:
//! `cargo bench -p tributary-bench --bench execution`.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;

use apollo_compiler::ExecutableDocument;
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute, gather};
use tributary_bench::{subgraphs, supergraph};
use tributary_federation::compose::{SubgraphSdl, compose};
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

fn plan(supergraph: &Supergraph, query: &str) -> Plan {
    let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "query.graphql");
    let document = document.expect("it is valid");
    plan_operation(supergraph, &document, None, &PlanOptions::default()).expect("it is planned")
}

/// Two subgraphs that answer the same whatever they are asked.
struct Fixed<'a> {
    supergraph: &'a Supergraph,
    replies: [(&'static str, Bytes); 2],
}

impl Fetcher for Fixed<'_> {
    async fn fetch(&self, subgraph: SubgraphId, _: OperationKind, _: Bytes) -> Result<Bytes, FetchFailure> {
        let reply = self.replies.iter().find(|(name, _)| *name == self.service(subgraph));
        Ok(reply.expect("there are two").1.clone())
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.supergraph.subgraph_name(subgraph)
    }
}

fn request(variables: &Variables) -> ExecuteRequest<'_> {
    ExecuteRequest { variables, introspection: &[], limits: Limits::default() }
}

fn deep(criterion: &mut Criterion) {
    let sdl = supergraph::compose("http://127.0.0.1").expect("they compose");
    let supergraph = Supergraph::parse(&sdl).expect("what was composed is read");
    let plan = plan(&supergraph, DEEP);
    let fetcher = Remembering { supergraph: &supergraph, replies: Mutex::default() };
    let runtime = Runtime::new().expect("a runtime");
    let variables = Variables::default();
    let request = request(&variables);
    let run = || runtime.block_on(execute(&plan, request, &fetcher)).into_body(None);
    let gathered = || runtime.block_on(gather(&plan, request, &fetcher));
    let answer = run();
    let mut group = criterion.benchmark_group("deep query");
    group.throughput(Throughput::Bytes(answer.len() as u64));
    group.bench_function("all of it", |bencher| bencher.iter(|| black_box(run())));
    group.bench_function("requests, reading, merging", |bencher| bencher.iter(|| black_box(gathered())));
    group.bench_function("projecting", |bencher| {
        bencher.iter_batched(gathered, |gathered| black_box(gathered.write()), BatchSize::LargeInput);
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

/// How many objects are one entity.
const SAME: usize = 1_000;

fn merging(criterion: &mut Criterion) {
    let inputs = [
        (
            "items",
            "type Query { items: [Item] } type Item { of: Thing } type Thing @key(fields: \"id\") { id: ID! }",
        ),
        (
            "things",
            "type Thing @key(fields: \"id\") { id: ID! name: String maker: Maker } type Maker { name: String }",
        ),
    ];
    const LINK: &str =
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"]) ";
    let inputs = inputs.map(|(name, sdl)| (name, format!("{LINK}{sdl}")));
    let sdls: Vec<_> = inputs.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let supergraph =
        Supergraph::parse(&compose(&sdls).supergraph.expect("they compose")).expect("it is read");
    let plan = plan(&supergraph, "{ items { of { name maker { name } } } }");
    let item = r#"{"of":{"__typename":"Thing","id":"1"}}"#;
    let items = format!(r#"{{"data":{{"items":[{}]}}}}"#, vec![item; SAME].join(","));
    let thing = r#"{"data":{"_entities":[{"name":"Thing","maker":{"name":"Maker"}}]}}"#;
    let fetcher =
        Fixed { supergraph: &supergraph, replies: [("items", items.into()), ("things", thing.into())] };
    let runtime = Runtime::new().expect("a runtime");
    let variables = Variables::default();
    let gathered = || runtime.block_on(gather(&plan, request(&variables), &fetcher));
    let answer = gathered().write().into_body(None);
    let names =
        answer.windows(br#""name":"Maker""#.len()).filter(|text| text == br#""name":"Maker""#).count();
    assert_eq!(names, SAME, "{}", String::from_utf8_lossy(&answer));
    criterion.bench_function("one entity merged into 1,000 objects, with their list's reply", |bencher| {
        bencher.iter(|| black_box(gathered()));
    });
}

criterion_group!(benches, deep, merging);
criterion_main!(benches);
