//! Equal queries that are under way at the same time (`--dedupe`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::{Context, Error, Object, Schema, Subscription};
use futures_util::{Stream, stream::unfold};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tributary_subgraph::{Identity, Subgraph, connect};
use xtask::servers::Nats;

use crate::{
    auth::{Keys, ONE, auth_service, jwk, token_with},
    live::world::{Socket, until},
    support::{Running, TestGateway, nats},
};

/// A value that queries read before they wait at a door.
struct Stage {
    value: AtomicI64,
    asked: watch::Sender<usize>,
    door: Semaphore,
    ticks: watch::Sender<i64>,
}

impl Stage {
    async fn until_asked(&self, times: usize) {
        self.asked.subscribe().wait_for(|asked| *asked >= times).await.unwrap();
    }

    fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    async fn read(&self) -> i64 {
        let value = self.value.load(Ordering::SeqCst);
        self.asked.send_modify(|asked| *asked += 1);
        self.door.acquire().await.unwrap().forget();
        value
    }
}

struct Query;
struct Mutation;
struct Ticks;

fn stage<'a>(ctx: &Context<'a>) -> &'a Stage {
    ctx.data_unchecked::<Arc<Stage>>()
}

#[Object]
impl Query {
    async fn value(&self, ctx: &Context<'_>) -> i64 {
        stage(ctx).read().await
    }

    async fn whose(&self, ctx: &Context<'_>) -> Option<String> {
        stage(ctx).read().await;
        ctx.data_opt::<Identity>()?.sub().map(str::to_owned)
    }

    async fn fails(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        Err(Error::new(stage(ctx).read().await.to_string()))
    }
}

#[Object]
impl Mutation {
    async fn set(&self, ctx: &Context<'_>, value: i64) -> i64 {
        stage(ctx).value.swap(value, Ordering::SeqCst)
    }
}

#[Subscription(name = "Subscription")]
impl Ticks {
    async fn ticks(&self, ctx: &Context<'_>) -> impl Stream<Item = i64> {
        let changes = stage(ctx).ticks.subscribe();
        unfold(changes, |mut changes| async {
            changes.changed().await.ok()?;
            let tick = *changes.borrow_and_update();
            Some((tick, changes))
        })
    }
}

struct World {
    nats: Nats,
    gateway: Arc<TestGateway>,
    stage: Arc<Stage>,
    _gamma: Running,
}

impl World {
    async fn start(flags: &str) -> Self {
        let nats = nats().await;
        let stage = Arc::new(Stage {
            value: AtomicI64::new(1),
            asked: watch::Sender::new(0),
            door: Semaphore::new(0),
            ticks: watch::Sender::new(0),
        });
        let schema = Schema::build(Query, Mutation, Ticks).data(stage.clone()).enable_federation();
        let subgraph = Subgraph::new("gamma", schema.enable_subscription_in_federation().finish());
        let client = connect("gamma", &nats.url_for("gamma")).await.unwrap();
        let gamma = Running::start(|stopped| async move {
            subgraph.serve(client, async { drop(stopped.await) }).await.unwrap();
        });
        let gateway = Arc::new(TestGateway::with(&nats, flags, &["gamma"]).await);
        Self { nats, gateway, stage, _gamma: gamma }
    }

    /// Asks in a task of its own.
    fn ask(&self, query: &'static str) -> JoinHandle<Value> {
        let gateway = self.gateway.clone();
        tokio::spawn(async move { gateway.run(query).await })
    }

    /// Waits until so many wait for an equal one.
    async fn until_joined(&self, what: &str, count: usize) {
        let line = format!("tributary_deduplicated_total{{what=\"{what}\"}} {count}");
        until(async || {
            let metrics = self.gateway.http.get(self.gateway.url("/metrics")).send().await.unwrap();
            metrics.text().await.unwrap().lines().any(|found| found == line)
        })
        .await;
    }

    fn open(&self, times: usize) {
        self.stage.door.add_permits(times);
    }
}

#[tokio::test]
async fn equal_queries_under_way_are_one() {
    for (flags, what) in [("--dedupe fetches", "fetch"), ("--dedupe queries", "query")] {
        let world = World::start(flags).await;
        let all: Vec<_> = (0..3).map(|_| world.ask("{ value }")).collect();
        world.until_joined(what, 2).await;
        let other = world.ask("{ other: value }");
        world.stage.until_asked(2).await;
        world.open(2);
        for one in all {
            assert_eq!(one.await.unwrap(), json!({"data": {"value": 1}}), "{flags}");
        }
        assert_eq!(other.await.unwrap()["data"]["other"], 1, "{flags}");
        assert_eq!(world.stage.asked(), 2, "{flags}");
        let again = world.ask("{ value }");
        world.open(1);
        again.await.unwrap();
        assert_eq!(world.stage.asked(), 3, "what has ended is asked anew: {flags}");
    }
}

#[tokio::test]
async fn unless_that_is_wanted_each_is_for_itself() {
    let world = World::start("").await;
    let all = [world.ask("{ value }"), world.ask("{ value }")];
    world.stage.until_asked(2).await;
    world.open(2);
    for one in all {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn whoever_changed_something_is_not_told_what_was_before() {
    for flags in ["--dedupe fetches", "--dedupe queries"] {
        let world = World::start(flags).await;
        let before = world.ask("{ value }");
        world.stage.until_asked(1).await;
        assert_eq!(world.gateway.run("mutation { set(value: 2) }").await["data"]["set"], 1);
        let after = world.ask("{ value }");
        world.stage.until_asked(2).await;
        world.open(2);
        assert_eq!(before.await.unwrap()["data"]["value"], 1, "{flags}");
        assert_eq!(after.await.unwrap()["data"]["value"], 2, "{flags}");
    }
}

#[tokio::test]
async fn whoever_heard_of_a_change_is_not_told_what_was_before() {
    let world = World::start("--dedupe queries").await;
    let mut socket = Socket::ready(&world.gateway).await;
    socket.subscribe("s", "subscription { ticks }").await;
    until(async || world.stage.ticks.receiver_count() > 0).await;
    let before = world.ask("{ value }");
    world.stage.until_asked(1).await;
    world.stage.value.store(2, Ordering::SeqCst);
    world.stage.ticks.send_replace(1);
    assert_eq!(socket.result("s").await["data"]["ticks"], 1);
    let after = world.ask("{ value }");
    world.stage.until_asked(2).await;
    world.open(2);
    assert_eq!(before.await.unwrap()["data"]["value"], 1);
    assert_eq!(after.await.unwrap()["data"]["value"], 2);
}

#[tokio::test]
async fn callers_whom_subgraphs_can_tell_apart_share_nothing() {
    for (flags, what) in [("--dedupe fetches", "fetch"), ("--dedupe queries", "query")] {
        let world = World::start(flags).await;
        let keys = Keys::default();
        keys.lock().unwrap().push(jwk(ONE, "one"));
        let _auth = auth_service(&world.nats, &keys).await;
        world.gateway.serves(&["auth"]).await;
        let [ann, ben] = ["ann", "ben"].map(|sub| token_with(ONE, "one", 600, json!({ "sub": sub })));
        let ask = |token: &str| {
            let asked = world.gateway.post(&json!({ "query": "{ whose }" })).bearer_auth(token);
            tokio::spawn(async move { asked.send().await.unwrap().json::<Value>().await.unwrap() })
        };
        let (anns, bens, nobodys) = (ask(&ann), ask(&ben), world.ask("{ whose }"));
        world.stage.until_asked(3).await;
        let bens_other = ask(&ben);
        world.until_joined(what, 1).await;
        world.open(3);
        for (asked, whose) in
            [(anns, json!("ann")), (bens, json!("ben")), (bens_other, json!("ben")), (nobodys, Value::Null)]
        {
            assert_eq!(asked.await.unwrap(), json!({"data": {"whose": whose}}), "{flags}");
        }
    }
}

#[tokio::test]
async fn whoever_waited_for_one_who_leaves_is_answered() {
    let world = World::start("--dedupe queries").await;
    let leaver = world.ask("{ value }");
    world.stage.until_asked(1).await;
    let other = world.ask("{ value }");
    world.until_joined("query", 1).await;
    leaver.abort();
    world.stage.until_asked(2).await;
    world.open(2);
    assert_eq!(other.await.unwrap()["data"]["value"], 1);
}

#[tokio::test]
async fn what_has_errors_is_not_shared() {
    let world = World::start("--dedupe queries --expose-errors").await;
    let all = [world.ask("{ fails }"), world.ask("{ fails }")];
    world.until_joined("query", 1).await;
    world.stage.value.store(2, Ordering::SeqCst);
    world.open(2);
    let mut told = Vec::new();
    for one in all {
        told.push(one.await.unwrap()["errors"][0]["message"].as_str().unwrap().to_owned());
    }
    told.sort_unstable();
    assert_eq!(told, ["1", "2"]);
}
