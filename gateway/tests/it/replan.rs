//! A subgraph's schema changes in the middle of a mutation: what was executed isn't again, and the rest is
//! asked of whoever serves the new schema.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, ID, Object, ObjectType, Schema, SchemaBuilder,
};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};
use xtask::servers::Nats;

use crate::support::{PATIENCE, Running, TestGateway, nats, subgraphs::serve};

/// What the subgraphs of a test did, and a mutation that waits in the middle.
#[derive(Default)]
struct Stage {
    arrived: Notify,
    released: Notify,
    touched: AtomicUsize,
    tallied: AtomicUsize,
    /// The same of `beta`.
    waits: Notify,
    awaited: Notify,
}

type Shared = Arc<Stage>;

struct Query;
struct Beta;
struct Touch;
struct OldQuery;
struct MoreQuery;
struct LessQuery;
struct Tally;

struct Touched(ID);
struct Stocked(ID, i32);

#[Object(name = "Item")]
impl Touched {
    async fn id(&self) -> &ID {
        &self.0
    }
}

#[Object(name = "Item")]
impl Stocked {
    async fn id(&self) -> &ID {
        &self.0
    }

    async fn stock(&self) -> i32 {
        self.1
    }
}

#[Object(name = "Query")]
impl Query {
    async fn hello(&self) -> bool {
        true
    }

    async fn hold(&self, ctx: &Context<'_>) -> Touched {
        let stage = ctx.data_unchecked::<Shared>();
        stage.arrived.notify_one();
        stage.released.notified().await;
        Touched("a".into())
    }

    #[graphql(entity)]
    async fn item_by_id(&self, id: ID) -> Touched {
        Touched(id)
    }
}

#[Object(name = "Query")]
impl Beta {
    async fn wait(&self, ctx: &Context<'_>) -> bool {
        let stage = ctx.data_unchecked::<Shared>();
        stage.waits.notify_one();
        stage.awaited.notified().await;
        true
    }
}

#[Object(name = "Mutation")]
impl Touch {
    async fn touch(&self, ctx: &Context<'_>) -> Touched {
        let stage = ctx.data_unchecked::<Shared>();
        stage.touched.fetch_add(1, Ordering::SeqCst);
        stage.arrived.notify_one();
        stage.released.notified().await;
        Touched("a".into())
    }
}

#[Object(name = "Query")]
impl OldQuery {
    #[graphql(entity)]
    async fn item_by_id(&self, id: ID) -> Stocked {
        Stocked(id, 1)
    }
}

/// Has one field more, so what was asked of the old one means the same.
#[Object(name = "Query")]
impl MoreQuery {
    async fn more(&self) -> bool {
        true
    }

    #[graphql(entity)]
    async fn item_by_id(&self, id: ID) -> Stocked {
        Stocked(id, 2)
    }
}

/// Knows nothing of items any more.
#[Object(name = "Query")]
impl LessQuery {
    async fn less(&self) -> bool {
        true
    }
}

#[Object(name = "Mutation")]
impl Tally {
    async fn tally(&self, ctx: &Context<'_>) -> usize {
        ctx.data_unchecked::<Shared>().tallied.fetch_add(1, Ordering::SeqCst) + 1
    }
}

struct World {
    nats: Nats,
    gateway: Arc<TestGateway>,
    stage: Shared,
    _alpha: Running,
}

fn gamma<Q: ObjectType + 'static>(query: Q, stage: &Shared) -> SchemaBuilder<Q, Tally, EmptySubscription> {
    Schema::build(query, Tally, EmptySubscription).data(stage.clone())
}

impl World {
    /// A gateway with `alpha` and the old `gamma`, which comes back too.
    async fn start() -> (Self, Running) {
        let (nats, stage) = (nats().await, Shared::default());
        let alpha = Schema::build(Query, Touch, EmptySubscription).data(stage.clone());
        let alpha = serve(&nats, "alpha", alpha).await;
        let old = serve(&nats, "gamma", gamma(OldQuery, &stage)).await;
        let gateway = Arc::new(TestGateway::with(&nats, "", &["alpha", "gamma"]).await);
        (Self { nats, gateway, stage, _alpha: alpha }, old)
    }

    /// Sends a mutation, and returns when it waits in `touch`.
    async fn begin(&self, query: &'static str) -> JoinHandle<Value> {
        let gateway = self.gateway.clone();
        let answer = tokio::spawn(async move { gateway.run(query).await });
        timeout(PATIENCE, self.stage.arrived.notified()).await.expect("the mutation arrives");
        answer
    }

    /// Waits until another supergraph than that one is live.
    async fn after(&self, generation: u64) {
        self.gateway.until(|status| status.generation > generation).await;
    }

    fn generation(&self) -> u64 {
        self.gateway.gateway.status().borrow().generation
    }

    async fn end(&self, answer: JoinHandle<Value>) -> Value {
        self.stage.released.notify_one();
        let answer = timeout(PATIENCE, answer).await.expect("it is answered").unwrap();
        assert_eq!(self.stage.touched.load(Ordering::SeqCst), 1, "{answer}");
        answer
    }
}

/// The entity's field and the second mutation were planned for a subject that nobody hears any more.
#[tokio::test]
async fn what_is_left_of_a_mutation_goes_to_the_new_schema() {
    let (world, old) = World::start().await;
    let answer = world.begin("mutation { touch { id stock } tally }").await;
    let generation = world.generation();
    let _new = serve(&world.nats, "gamma", gamma(MoreQuery, &world.stage)).await;
    world.gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    old.stop().await;
    world.after(generation).await;
    let answer = world.end(answer).await;
    assert_eq!(answer, json!({ "data": { "touch": { "id": "a", "stock": 2 }, "tally": 1 } }));
    assert_eq!(world.gateway.metric("tributary_replans_total").await, 2.0);
}

/// The gateway hears of the change by the request itself, which waits for the new schema to become live.
#[tokio::test]
async fn it_waits_for_a_schema_that_is_only_about_to_change() {
    let (world, old) = World::start().await;
    let answer = world.begin("mutation { touch { stock } }").await;
    let _new = serve(&world.nats, "gamma", gamma(MoreQuery, &world.stage)).await;
    world.gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    old.stop().await;
    assert_eq!(world.end(answer).await, json!({ "data": { "touch": { "stock": 2 } } }));
}

/// Under the new schema the request would mean something else, so it isn't sent there; the rest is answered.
#[tokio::test]
async fn what_the_new_schema_answers_otherwise_is_an_error_of_its_own() {
    let (world, old) = World::start().await;
    let answer = world.begin("mutation { touch { id stock } }").await;
    let generation = world.generation();
    let less = Schema::build(LessQuery, EmptyMutation, EmptySubscription);
    let _new = serve(&world.nats, "gamma", less).await;
    world.gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    old.stop().await;
    world.after(generation).await;
    let answer = world.end(answer).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{answer}");
    assert_eq!(error["path"], json!(["touch", "stock"]), "{answer}");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
}

/// Sends a query that is answered in parts, and returns when it waits in `hold`.
async fn begin_in_parts(world: &World, query: &'static str) -> JoinHandle<String> {
    let request = world.gateway.post(&json!({ "query": query }));
    let request = request.header("accept", "multipart/mixed;deferSpec=20220824, application/json").send();
    let answer = tokio::spawn(async move { request.await.unwrap().text().await.unwrap() });
    timeout(PATIENCE, world.stage.arrived.notified()).await.expect("the query arrives");
    answer
}

/// The client has nothing yet, so the whole is planned anew.
#[tokio::test]
async fn what_is_deferred_is_planned_again_before_the_first_part() {
    let (world, old) = World::start().await;
    let beta = Schema::build(Beta, EmptyMutation, EmptySubscription).data(world.stage.clone());
    let _beta = serve(&world.nats, "beta", beta).await;
    world.gateway.serves(&["alpha", "gamma", "beta"]).await;
    let answer = begin_in_parts(&world, "{ wait hold { id ... @defer { stock } } }").await;
    timeout(PATIENCE, world.stage.waits.notified()).await.expect("the first part waits for it");
    let _new = serve(&world.nats, "gamma", gamma(MoreQuery, &world.stage)).await;
    world.gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    old.stop().await;
    // With that, the stock is asked for where nobody is any more.
    world.stage.released.notify_one();
    timeout(PATIENCE, world.stage.arrived.notified()).await.expect("it is asked again");
    timeout(PATIENCE, world.stage.waits.notified()).await.expect("all of it");
    world.stage.awaited.notify_waiters();
    world.stage.awaited.notify_one();
    world.stage.released.notify_one();
    let text = timeout(PATIENCE, answer).await.expect("it is answered").unwrap();
    let first = r#"{"data":{"wait":true,"hold":{"id":"a"}},"hasNext":true}"#;
    assert!(text.contains(first) && text.contains(r#""data":{"stock":2}"#), "{text}");
    assert!(!text.contains("errors"), "{text}");
    assert_eq!(world.gateway.metric("tributary_replans_total").await, 1.0);
}

/// What the client has stays as it is; the rest goes to whoever answers the same there.
#[tokio::test]
async fn what_is_deferred_finds_the_new_schema_after_the_first_part() {
    let (world, old) = World::start().await;
    let answer = begin_in_parts(&world, "{ hold { id ... @defer { stock } } }").await;
    let _new = serve(&world.nats, "gamma", gamma(MoreQuery, &world.stage)).await;
    world.gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    old.stop().await;
    world.stage.released.notify_one();
    let text = timeout(PATIENCE, answer).await.expect("it is answered").unwrap();
    let first = r#"{"data":{"hold":{"id":"a"}},"hasNext":true}"#;
    assert!(text.contains(first) && text.contains(r#""data":{"stock":2}"#), "{text}");
    assert!(!text.contains("errors"), "{text}");
}
