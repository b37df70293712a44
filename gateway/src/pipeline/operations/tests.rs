use clap::Parser;
use tributary_federation::{
    Supergraph,
    compose::{SubgraphSdl, compose},
};

use super::*;
use crate::{auth::Identity, config::ServeFlags, error::Code};

/// `T.hidden` is for who is known, and no subgraph can be asked for it: the key that would lead there is taken out
/// of what was composed.
const OPEN: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@authenticated"])
    type Query { t: T }
    type T @key(fields: "id") { id: ID! secret: Int @authenticated other: Int }
"#;
const HIDDEN: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@authenticated"])
    type T @key(fields: "id") { id: ID! hidden: Int @authenticated }
"#;

fn graph() -> Arc<Graph> {
    let inputs = [("open", OPEN), ("hidden", HIDDEN)].map(|(name, sdl)| SubgraphSdl { name, url: None, sdl });
    let sdl = compose(&inputs).supergraph.expect("it composes");
    let without = sdl.replace(r#"@join__type(graph: HIDDEN, key: "id")"#, "@join__type(graph: HIDDEN)");
    assert_ne!(sdl, without);
    Arc::new(Graph::new(Arc::new(Supergraph::parse(&without).unwrap())))
}

fn operations() -> Operations {
    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        serve: ServeFlags,
    }
    let config = Config::check(&Flags::parse_from(["serve"]).serve).unwrap();
    Operations::new(&config, Arc::new(Metrics::default()))
}

fn facts(known: bool) -> RequestFacts {
    let someone = Identity {
        header: String::new(),
        expires: u64::MAX,
        scopes: Vec::new(),
        policies: Vec::new(),
        session: None,
    };
    RequestFacts { identity: known.then(|| Arc::new(someone)), share: 100.0, incremental: false }
}

/// The whole way to a plan.
async fn plan(
    operations: &Operations,
    graph: &Arc<Graph>,
    query: &str,
    known: bool,
) -> Result<Arc<Plan>, Rejection> {
    let prepared = operations.prepared(graph, query, None, &facts(known)).await?;
    let holds = |fact| facts(known).holds(fact, graph.supergraph(), &[], |_| false);
    if let Some(found) = prepared.plans.find(holds) {
        return found;
    }
    let facts = PlanFacts::Request(facts(known), Vec::new());
    operations.variant(graph, &prepared, &key(graph, query, None), facts).await
}

fn made(operations: &Operations) -> u64 {
    operations.making.metrics.plan_cache_misses.get()
}

#[tokio::test]
async fn a_refusal_is_for_those_of_whom_the_same_is_true() {
    let (operations, graph) = (operations(), graph());
    let plan = async |known| plan(&operations, &graph, "{ t { hidden } }", known).await;
    for _ in 0..2 {
        assert_eq!(plan(true).await.unwrap_err().code(), Code::PlanningFailed);
    }
    assert_eq!(made(&operations), 2, "it isn't the operation that is refused");
    plan(false).await.expect("who sees nothing of it needs no way to it");
    for _ in 0..2 {
        assert_eq!(plan(true).await.unwrap_err().code(), Code::PlanningFailed);
        plan(false).await.unwrap();
    }
    assert_eq!(made(&operations), 4, "beside a plan it is kept, for them");
}

#[tokio::test]
async fn what_is_refused_to_everyone_is_kept() {
    let (operations, graph) = (operations(), graph());
    for known in [true, false, true] {
        let refused = plan(&operations, &graph, "{ nothing }", known).await.unwrap_err();
        assert_eq!(refused.code(), Code::ValidationFailed);
    }
    assert_eq!(made(&operations), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_come_at_once_have_each_plan_made_once() {
    let (operations, graph) = (Arc::new(operations()), graph());
    for round in 1..=5 {
        let query = format!("{{ t {{ secret n{round}: other }} }}");
        let all = (0..40).map(|at| {
            let (operations, graph, query) = (operations.clone(), graph.clone(), query.clone());
            tokio::spawn(async move { plan(&operations, &graph, &query, at % 2 == 0).await.unwrap() })
        });
        let all: Vec<_> = all.collect();
        for (at, one) in all.into_iter().enumerate() {
            let plan = one.await.unwrap();
            assert_eq!(plan.facts.iter().map(|(_, held)| *held).collect::<Vec<_>>(), [at % 2 == 0]);
        }
        assert_eq!(made(&operations), 2 * round);
    }
}

/// Also if who waits for it leaves while it is made.
#[tokio::test]
async fn a_plan_that_nobody_waits_for_any_more_is_kept() {
    let (operations, graph) = (Arc::new(operations()), graph());
    let query = "{ t { secret } }";
    let mut leaver = Box::pin(plan(&operations, &graph, query, true));
    // The first look begins the work, on another thread.
    let _ = futures_util::future::poll_immediate(&mut leaver).await;
    drop(leaver);
    plan(&operations, &graph, query, true).await.unwrap();
    assert_eq!(made(&operations), 1);
}

#[tokio::test]
async fn every_plan_is_carried_over_to_the_next_graph() {
    let (operations, old, new) = (operations(), graph(), graph());
    let query = "{ t { secret other } }";
    for known in [false, true] {
        plan(&operations, &old, query, known).await.unwrap();
    }
    let prepared = operations.prepared(&old, query, None, &facts(true)).await.unwrap();
    let there = key(&new, query, None);
    operations.carry_over(&old, &prepared, &new, there).await.unwrap();
    assert_eq!(made(&operations), 4);
    for known in [false, true] {
        let plan = plan(&operations, &new, query, known).await.unwrap();
        assert!(plan.facts.iter().all(|(_, held)| *held == known));
    }
    assert_eq!(made(&operations), 4, "its first requests find them");
}
