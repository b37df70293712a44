//! Subscriptions that subgraphs serve themselves, by the kit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{EmptyMutation, Error, ID, Object, Schema, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::broadcast;
use tributary_subgraph::{Subgraph, connect};
use xtask::servers::Nats;

use super::wire::Wire;
use super::world::{Service, Socket, USERS, until};
use crate::support::{Running, TestGateway};

/// What happens in all instances of the subgraph.
#[derive(Clone)]
struct Shared {
    open: Arc<AtomicI64>,
    started: Arc<AtomicUsize>,
    told: broadcast::Sender<i32>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { open: Arc::default(), started: Arc::default(), told: broadcast::channel(1 << 16).0 }
    }
}

struct Query;

#[Object]
impl Query {
    async fn ok(&self) -> bool {
        true
    }

    async fn text(&self, size: usize) -> String {
        "x".repeat(size)
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> User {
        User { id }
    }
}

#[derive(SimpleObject)]
struct User {
    id: ID,
}

struct Served(Shared);

/// Counts a stream for as long as somebody reads it.
struct Open(Arc<AtomicI64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Served {
    fn open(&self) -> Open {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        self.0.open.fetch_add(1, Ordering::SeqCst);
        Open(self.0.open.clone())
    }
}

#[Subscription(name = "Subscription")]
impl Served {
    /// All numbers up to one.
    async fn count(
        &self,
        to: i32,
        #[graphql(default = 0)] size: usize,
    ) -> impl Stream<Item = String> + use<> {
        let open = self.open();
        stream::iter(0..to).map(move |number| {
            let _ = &open;
            format!("{number}{}", "x".repeat(size))
        })
    }

    /// Whatever is told from now on.
    async fn told(&self) -> impl Stream<Item = i32> + use<> {
        let (open, told) = (self.open(), self.0.told.subscribe());
        stream::unfold((open, told), |(open, mut told)| async move {
            let next = told.recv().await.ok()?;
            Some((next, (open, told)))
        })
    }

    async fn user(&self) -> impl Stream<Item = User> + use<> {
        stream::iter([User { id: "u".into() }, User { id: "v".into() }])
    }

    async fn refused(&self) -> Result<impl Stream<Item = i32> + use<>, Error> {
        Err::<stream::Empty<i32>, _>(Error::new("not for you"))
    }
}

async fn start(nats: &Nats, shared: &Shared) -> Running {
    start_at(&nats.url_for("orders"), shared).await
}

async fn start_at(url: &str, shared: &Shared) -> Running {
    let schema = Schema::build(Query, EmptyMutation, Served(shared.clone()))
        .enable_federation()
        .enable_subscription_in_federation()
        .finish();
    let client = connect("orders", url).await.unwrap();
    let subgraph = Subgraph::new("orders", schema);
    Running::start(|stopped| async move {
        subgraph.serve(client, async { drop(stopped.await) }).await.unwrap();
    })
}

struct World {
    nats: Nats,
    shared: Shared,
    _users: Service,
}

impl World {
    async fn start() -> Self {
        let nats = tokio::task::spawn_blocking(|| Nats::start_with(&["orders", "users"])).await.unwrap();
        let shared = Shared::default();
        let _users = Service::start(&nats, "users", USERS.into()).await;
        Self { nats, shared, _users }
    }

    async fn gateway(&self) -> TestGateway {
        TestGateway::with(&self.nats, "", &["orders", "users"]).await
    }

    /// Waits until so many streams are open.
    async fn open(&self, count: i64) {
        until(async || self.shared.open.load(Ordering::SeqCst) == count).await;
    }
}

#[tokio::test]
async fn results_come_in_order_and_end() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    // More than may go unacknowledged, in messages and in bytes.
    for (to, size) in [(1000, 0), (60, 100_000)] {
        let query = format!("subscription {{ n: count(to: {to}, size: {size}) }}");
        socket.subscribe("s", &query).await;
        for number in 0..to {
            let result = socket.result("s").await;
            assert_eq!(result["data"]["n"], format!("{number}{}", "x".repeat(size)));
        }
        assert_eq!(socket.next().await, json!({"type": "complete", "id": "s"}));
        world.open(0).await;
    }
}

#[tokio::test]
async fn results_over_the_servers_limit_come_in_parts() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { count(to: 3, size: 2000000) }").await;
    for number in 0..3 {
        let result = socket.result("s").await;
        assert_eq!(result.get("errors"), None, "{}", result["errors"]);
        assert_eq!(result["data"]["count"], format!("{number}{}", "x".repeat(2_000_000)));
    }
    assert_eq!(socket.next().await["type"], "complete");
}

#[tokio::test]
async fn a_stream_is_shared_and_ends_when_the_last_client_leaves() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut sockets = [Socket::ready(&gateway).await, Socket::ready(&gateway).await];
    for socket in &mut sockets {
        socket.subscribe("s", "subscription { told }").await;
    }
    world.open(1).await;
    until(async || gateway.gateway.hub().counts().0 == 1).await;
    // Both are there when the first result is.
    for socket in &mut sockets {
        assert!(socket.is_quiet().await);
    }
    world.shared.told.send(7).unwrap();
    for socket in &mut sockets {
        assert_eq!(socket.result("s").await["data"], json!({"told": 7}));
    }
    let [mut first, second] = sockets;
    drop(second);
    world.shared.told.send(8).unwrap();
    assert_eq!(first.result("s").await["data"], json!({"told": 8}));
    first.send(json!({"type": "complete", "id": "s"})).await;
    world.open(0).await;
    assert_eq!(world.shared.started.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_a_stream_lacks_is_looked_up() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { user { id name } }").await;
    for id in ["u", "v"] {
        assert_eq!(
            socket.result("s").await["data"],
            json!({"user": {"id": id, "name": format!("name of {id}")}})
        );
    }
    assert_eq!(socket.next().await["type"], "complete");
}

#[tokio::test]
async fn what_is_refused_is_an_error() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { refused }").await;
    let error = socket.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "SUBSCRIPTION_REFUSED", "{error}");
    socket.resume("s", "subscription { told }", "AQAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(socket.error("s").await[0]["extensions"]["code"], "BAD_REQUEST");
}

#[tokio::test]
async fn a_stream_goes_on_at_another_instance_when_its_own_stops() {
    let world = World::start().await;
    let first = start(&world.nats, &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { told }").await;
    world.open(1).await;
    let _second = start(&world.nats, &world.shared).await;
    first.stop().await;
    let result = socket.result("s").await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "STREAM_GAP", "{result}");
    world.shared.told.send(9).unwrap();
    assert_eq!(socket.result("s").await["data"], json!({"told": 9}));
}

/// Who dies says nothing. Its silence would be noticed after 45 seconds, but it doesn't answer to its name either.
#[tokio::test]
async fn a_stream_goes_on_at_another_instance_when_its_own_is_gone() {
    let world = World::start().await;
    let wire = Wire::to(&world.nats).await;
    let _first = start_at(&wire.url(&world.nats, "orders"), &world.shared).await;
    let gateway = world.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { told }").await;
    world.open(1).await;
    let _second = start(&world.nats, &world.shared).await;
    gateway.until(|status| status.subgraphs["orders"].instances == 2).await;
    wire.cut();
    // It isn't waited for so long.
    let result = socket.result("s").await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "STREAM_GAP", "{result}");
    until(async || world.shared.started.load(Ordering::SeqCst) == 2).await;
    world.shared.told.send(9).unwrap();
    assert_eq!(socket.result("s").await["data"], json!({"told": 9}));
}

/// The question whether it is there waits behind what it is reading.
#[tokio::test]
async fn a_client_that_takes_its_time_to_read_is_not_taken_for_gone() {
    let world = World::start().await;
    let _orders = start(&world.nats, &world.shared).await;
    let gateway = TestGateway::with(&world.nats, "--keep-alive 300ms", &["orders", "users"]).await;
    let mut socket = Socket::narrow(&gateway).await;
    const SIZE: usize = 12_000_000;
    socket.subscribe("q", &format!("{{ text(size: {SIZE}) }}")).await;
    socket.has_begun_to_hear().await;
    // More than the system's buffers take lies ready, and the client looks elsewhere for some keep-alives.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(socket.result("q").await["data"]["text"].as_str().map(str::len), Some(SIZE));
}
