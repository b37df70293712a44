//! The state first, and what happens from there on, without a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::{Context, ID, Object, SimpleObject, Union};
use async_nats::jetstream;
use serde_json::{Value, json};
use tributary_subgraph::{EventSubscriptions, Subgraph, federated};
use xtask::servers::Nats;

use super::streams::Pieces;
use super::world::{Socket, definition, place};
use crate::net::raw;
use crate::support::{Running, TestGateway};

const SUBSCRIPTIONS: &str = r#"
extend type Subscription {
  changed(id: ID): Order @event(subject: "events.orders.Order.{args.id}.>", version: "version")
  told: Order @event(subject: "events.orders.Order.*.>")
}
"#;

const CHANGED: &str =
    "query State { orders { id version } } subscription S { changed { id version } } mutation M { touch }";

/// A subgraph with one order, of which each version is told as an event.
struct Orders {
    nats: Nats,
    state: Arc<State>,
    _service: Running,
}

struct State {
    client: async_nats::Client,
    version: AtomicI64,
    /// How often the order changes whenever it is asked for, before it is read.
    meanwhile: AtomicI64,
}

#[derive(SimpleObject)]
struct Order {
    id: ID,
    version: i64,
}

#[derive(Union)]
enum Last {
    Order(Order),
}

struct Query;
struct Mutation;
struct Subscription;

#[Object]
impl Query {
    async fn orders(&self, ctx: &Context<'_>) -> Vec<Order> {
        vec![ctx.data_unchecked::<Arc<State>>().read().await]
    }

    async fn last(&self, ctx: &Context<'_>) -> Last {
        Last::Order(ctx.data_unchecked::<Arc<State>>().read().await)
    }

    #[graphql(entity)]
    async fn order(&self, ctx: &Context<'_>, id: ID) -> Order {
        Order { id, version: ctx.data_unchecked::<Arc<State>>().version.load(Ordering::SeqCst) }
    }
}

#[Object]
impl Mutation {
    async fn touch(&self, ctx: &Context<'_>) -> i64 {
        ctx.data_unchecked::<Arc<State>>().version.fetch_add(1, Ordering::SeqCst)
    }
}

#[async_graphql::Subscription]
impl Subscription {
    async fn served(&self) -> impl futures_util::Stream<Item = i32> {
        futures_util::stream::pending()
    }
}

impl State {
    /// The order changes.
    async fn change(&self) {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        let payload = json!({ "__typename": "Order", "id": "1", "version": version }).to_string();
        let context = jetstream::new(self.client.clone());
        context.publish("events.orders.Order.1.changed", payload.into()).await.unwrap().await.unwrap();
    }

    async fn read(&self) -> Order {
        for _ in 0..self.meanwhile.load(Ordering::SeqCst) {
            self.change().await;
        }
        Order { id: "1".into(), version: self.version.load(Ordering::SeqCst) }
    }
}

impl Orders {
    async fn start() -> Self {
        let nats = tokio::task::spawn_blocking(|| Nats::start_with(&["orders"])).await.unwrap();
        let client = raw::client(&nats, "operator").await;
        jetstream::new(client.clone()).create_stream(definition()).await.unwrap();
        let state = Arc::new(State { client, version: 0.into(), meanwhile: 0.into() });
        let client = raw::client(&nats, "orders").await;
        let schema = federated(Query, Mutation, Subscription);
        let schema =
            schema.extension(EventSubscriptions::declare(SUBSCRIPTIONS)).data(state.clone()).finish();
        let service = Running::start(|stop| async move {
            Subgraph::new("orders", schema).serve(client, async move { drop(stop.await) }).await.unwrap();
        });
        Self { nats, state, _service: service }
    }

    async fn gateway(&self) -> TestGateway {
        TestGateway::with(&self.nats, "", &["orders"]).await
    }
}

fn request(query: &str, extensions: Value) -> Value {
    json!({ "query": query, "operationName": "S", "extensions": extensions })
}

async fn subscribe(socket: &mut Socket, id: &str, query: &str, extensions: Value) {
    let payload = request(query, extensions);
    socket.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
}

/// Which version of the order a result tells.
fn version(result: &Value) -> i64 {
    let data = &result["data"];
    let order = [&data["orders"][0], &data["last"], &data["changed"], &data["told"]];
    order.iter().find_map(|order| order["version"].as_i64()).unwrap_or_else(|| panic!("no version: {result}"))
}

#[tokio::test]
async fn the_state_comes_first_and_what_it_has_is_not_told_again() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    orders.state.meanwhile.store(3, Ordering::SeqCst);
    subscribe(&mut socket, "1", CHANGED, json!({ "snapshot": "State" })).await;
    let state = socket.result("1").await;
    assert_eq!(state["data"], json!({ "orders": [{ "id": "1", "version": 3 }] }));
    assert_eq!(state["extensions"]["snapshot"], true);
    orders.state.change().await;
    let event = socket.result("1").await;
    assert_eq!(version(&event), 4, "the three before are in the state");
    assert_eq!(event["extensions"]["snapshot"], Value::Null);

    // From a place that is still good nothing but the events come; the state isn't needed.
    socket.send(json!({ "type": "complete", "id": "1" })).await;
    subscribe(&mut socket, "2", CHANGED, json!({ "snapshot": "State", "resumeAfter": place(&state) })).await;
    let mut versions = Vec::new();
    for _ in 0..4 {
        let event = socket.result("2").await;
        assert_eq!(event["extensions"]["snapshot"], Value::Null, "{event}");
        versions.push(version(&event));
    }
    assert_eq!(versions, [1, 2, 3, 4]);
}

/// An abstract type tells what its objects are only where that is asked.
#[tokio::test]
async fn what_the_state_has_is_found_wherever_it_can_be() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    orders.state.meanwhile.store(1, Ordering::SeqCst);
    let subscription = "subscription S { changed { id version } }";
    let found = [
        "query State { some: orders { number: id ...V } } fragment V on Order { now: version }",
        "query State { last { __typename ... on Order { id } ...V } } fragment V on Order { version }",
    ];
    let not_found = ["query State { last { ... on Order { id version } } }", "query State { orders { id } }"];
    for (state, repeats) in found.map(|it| (it, 0)).into_iter().chain(not_found.map(|it| (it, 1))) {
        let mut socket = Socket::ready(&gateway).await;
        subscribe(&mut socket, "1", &format!("{state} {subscription}"), json!({ "snapshot": "State" })).await;
        let snapshot = socket.result("1").await;
        assert_eq!(snapshot["extensions"]["snapshot"], true, "{snapshot}");
        let had = orders.state.version.load(Ordering::SeqCst);
        orders.state.change().await;
        assert_eq!(version(&socket.result("1").await), had + 1 - repeats, "{state}");
    }
}

#[tokio::test]
async fn without_versions_an_event_may_be_told_again_but_none_is_missed() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    orders.state.meanwhile.store(2, Ordering::SeqCst);
    let query = "query State { orders { id version } } subscription S { told { id version } }";
    subscribe(&mut socket, "1", query, json!({ "snapshot": "State" })).await;
    assert_eq!(version(&socket.result("1").await), 2);
    for expected in [1, 2] {
        assert_eq!(version(&socket.result("1").await), expected);
    }
}

#[tokio::test]
async fn who_comes_back_too_late_gets_the_state_anew() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    subscribe(&mut socket, "1", CHANGED, json!({ "snapshot": "State" })).await;
    let old = place(&socket.result("1").await);
    socket.send(json!({ "type": "complete", "id": "1" })).await;
    let context = jetstream::new(orders.state.client.clone());
    context.delete_stream("EVENTS").await.unwrap();
    context.create_stream(definition()).await.unwrap();
    orders.state.change().await;
    subscribe(&mut socket, "2", CHANGED, json!({ "snapshot": "State", "resumeAfter": old })).await;
    let state = socket.result("2").await;
    assert_eq!((version(&state), &state["extensions"]["snapshot"]), (1, &json!(true)));
}

/// The place is good, but so much was missed that it isn't told again.
#[tokio::test]
async fn who_missed_too_much_gets_the_state_instead() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    subscribe(&mut socket, "1", CHANGED, json!({ "snapshot": "State" })).await;
    let old = place(&socket.result("1").await);
    for _ in 0..4 {
        orders.state.change().await;
    }
    let other = TestGateway::with(&orders.nats, "--max-replay-events 3", &["orders"]).await;
    let mut socket = Socket::ready(&other).await;
    subscribe(&mut socket, "1", CHANGED, json!({ "snapshot": "State", "resumeAfter": old })).await;
    let state = socket.result("1").await;
    assert_eq!((version(&state), &state["extensions"]["snapshot"]), (4, &json!(true)));
    orders.state.change().await;
    assert_eq!(version(&socket.result("1").await), 5);
    subscribe(&mut socket, "2", CHANGED, json!({ "resumeAfter": old })).await;
    assert_eq!(socket.error("2").await[0]["extensions"]["code"], "RESUME_GAP", "without a state");
}

#[tokio::test]
async fn what_can_be_no_snapshot_is_refused() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    let mut socket = Socket::ready(&gateway).await;
    let served = "query State { orders { id } } subscription S { served }";
    let cases = [
        (CHANGED, json!(true), "BAD_REQUEST", "extensions.snapshot"),
        (CHANGED, json!("Nothing"), "OPERATION_NOT_FOUND", "Nothing"),
        (CHANGED, json!("M"), "BAD_REQUEST", "query"),
        (CHANGED, json!("S"), "BAD_REQUEST", "query"),
        (served, json!("State"), "BAD_REQUEST", "snapshot"),
    ];
    for (at, (query, name, code, why)) in cases.into_iter().enumerate() {
        let id = at.to_string();
        subscribe(&mut socket, &id, query, json!({ "snapshot": name })).await;
        let errors = socket.error(&id).await;
        let message = errors[0]["message"].as_str().unwrap();
        assert_eq!(errors[0]["extensions"]["code"], code, "{name}: {message}");
        assert!(message.contains(why), "{name}: {message}");
    }
    assert_eq!(orders.state.version.load(Ordering::SeqCst), 0, "nothing was changed");
}

#[tokio::test]
async fn a_snapshot_is_an_event_with_an_id() {
    let orders = Orders::start().await;
    let gateway = orders.gateway().await;
    orders.state.change().await;
    let body = request(CHANGED, json!({ "snapshot": "State" }));
    let answer = gateway.post(&body).header("accept", "text/event-stream").send().await.unwrap();
    let (id, state) = Pieces::of(answer).result().await;
    assert_eq!((id, version(&state)), (place(&state), 1));
}

/// However the state and the events cross each other, a client sees each version after its state, once and in order.
#[tokio::test]
async fn between_the_state_and_the_events_nothing_is_missing() {
    const VERSIONS: i64 = 300;
    let orders = Orders::start().await;
    let gateway = Arc::new(orders.gateway().await);
    let state = orders.state.clone();
    let changing = tokio::spawn(async move {
        for _ in 0..VERSIONS {
            state.change().await;
        }
    });
    let mut clients = Vec::new();
    for _ in 0..20 {
        let gateway = gateway.clone();
        clients.push(tokio::spawn(async move {
            let mut socket = Socket::ready(&gateway).await;
            subscribe(&mut socket, "1", CHANGED, json!({ "snapshot": "State" })).await;
            let mut seen = version(&socket.result("1").await);
            while seen < VERSIONS {
                let next = version(&socket.result("1").await);
                assert_eq!(next, seen + 1);
                seen = next;
            }
        }));
        // The next one comes somewhere later.
        orders.state.client.flush().await.unwrap();
    }
    for client in clients {
        client.await.unwrap();
    }
    changing.await.unwrap();
}
