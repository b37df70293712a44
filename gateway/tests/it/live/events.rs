//! What events become at clients.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use serde_json::{Value, json};

use super::world::{Socket, World, definition, place, until};
use crate::auth::{Keys, ONE, auth_service, jwk, token_with};
use crate::support::TestGateway;

#[tokio::test]
async fn what_an_event_has_is_told_without_asking_anybody() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket
        .subscribed(
            "s",
            "subscription { o: orderUpdated(id: \"1\") { __typename number: id state: status } }",
        )
        .await;
    world.orders.order("2", "other").await;
    world.orders.order("1", "paid").await;
    let result = socket.result("s").await;
    assert_eq!(result["data"], json!({"o": {"__typename": "Order", "number": "1", "state": "paid"}}));
    assert!(!place(&result).is_empty() && result.get("errors").is_none(), "{result}");
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 0);
    socket.send(json!({"type": "complete", "id": "s"})).await;
    world.orders.order("1", "sent").await;
    assert!(socket.is_quiet().await);
}

#[tokio::test]
async fn what_an_event_lacks_is_looked_up() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let query = "subscription { orderUpdated { id status note buyer { name } } }";
    socket.subscribed("s", query).await;
    world.orders.order("1", "paid").await;
    let expected =
        json!({"id": "1", "status": "paid", "note": "seen by nobody", "buyer": {"name": "name of u"}});
    assert_eq!(socket.result("s").await["data"]["orderUpdated"], expected);
    // Another shape of payload has another plan.
    let payload =
        json!({"__typename": "Order", "id": "2", "buyer": {"__typename": "User", "id": "v"}, "note": "n"});
    world.orders.tell("2", "noted", payload).await;
    let expected = json!({"id": "2", "status": "looked up", "note": "n", "buyer": {"name": "name of v"}});
    assert_eq!(socket.result("s").await["data"]["orderUpdated"], expected);
}

#[tokio::test]
async fn arguments_and_conditions_decide_which_are_meant() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { ordersOf(ids: [\"1\", \"2\"], above: 5) { id total } }").await;
    let order = |id: &str, total: i64| json!({"__typename": "Order", "id": id, "total": total});
    for (id, total) in [("1", 5), ("3", 9), ("2", 6), ("1", 7)] {
        world.orders.tell(id, "status", order(id, total)).await;
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(socket.result("s").await["data"]["ordersOf"].clone());
    }
    assert_eq!(told, [json!({"id": "2", "total": 6}), json!({"id": "1", "total": 7})]);
    let many: Vec<String> = (0..201).map(|id| format!("\"{id}\"")).collect();
    socket
        .subscribe("many", &format!("subscription {{ ordersOf(ids: [{}]) {{ id }} }}", many.join(" ")))
        .await;
    let error = socket.error("many").await;
    assert_eq!(error[0]["extensions"]["code"], "BAD_USER_INPUT", "{error}");
}

#[tokio::test]
async fn customers_see_only_what_is_theirs() {
    let nats = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&nats.nats, &keys).await;
    let gateway = TestGateway::with(&nats.nats, "", &["orders", "users", "auth"]).await;
    let query = "subscription { mine { id note } }";
    let mut sockets = Vec::new();
    for customer in ["ann", "ben"] {
        let mut socket = Socket::open(&gateway).await;
        let token = token_with(ONE, "one", 600, json!({"sub": customer}));
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribed("s", query).await;
        sockets.push(socket);
    }
    let mut stranger = Socket::ready(&gateway).await;
    stranger.subscribe("s", query).await;
    let error = stranger.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE", "{error}");
    let order = |id: &str, customer: &str| json!({"__typename": "Order", "id": id, "customerId": customer});
    for (id, customer) in [("1", "ann"), ("2", "ben"), ("3", "ann")] {
        nats.orders.tell(id, "placed", order(id, customer)).await;
    }
    // Nobody knows whose that one is.
    nats.orders.tell("4", "placed", json!({"__typename": "Order", "id": "4"})).await;
    nats.orders.tell("5", "placed", order("5", "ben")).await;
    let [ann, ben] = &mut sockets[..] else { panic!("two") };
    for (socket, ids) in [(ann, &["1", "3"][..]), (ben, &["2", "5"])] {
        for id in ids {
            let expected = json!({"id": id, "note": "seen by somebody"});
            assert_eq!(socket.result("s").await["data"]["mine"], expected);
        }
        assert!(socket.is_quiet().await);
    }
}

#[tokio::test]
async fn those_who_ask_the_same_share_it() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let query = "subscription($id: ID) { orderUpdated(id: $id) { id note } }";
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::ready(&gateway).await;
        let payload = json!({"query": query, "variables": {"id": "1"}});
        socket.send(json!({"type": "subscribe", "id": "s", "payload": payload})).await;
        socket.place("s").await;
        socket.subscribed("other", "subscription { newest { id } }").await;
        sockets.push(socket);
    }
    assert_eq!(gateway.gateway.hub().counts(), (2, 1));
    assert_eq!(world.consumers().await, 1, "one for each pattern");
    world.orders.tell("1", "status", json!({"__typename": "Order", "id": "1"})).await;
    for socket in &mut sockets {
        let mut results = [socket.next().await, socket.next().await];
        results.sort_by_key(|result| result["id"].to_string());
        assert_eq!(results[0]["payload"]["data"], json!({"newest": {"id": "1"}}));
        assert_eq!(
            results[1]["payload"]["data"],
            json!({"orderUpdated": {"id": "1", "note": "seen by nobody"}})
        );
    }
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 1, "looked up once for all of them");
    drop(sockets);
    until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    until(async || world.consumers().await == 0).await;
}

#[tokio::test]
async fn events_are_told_in_order_whatever_their_answers_take() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { orderUpdated { id note } }").await;
    for number in 0..200 {
        let id = number.to_string();
        // Every second one is answered from the payload alone, and could overtake the others.
        let payload = match number % 2 {
            0 => json!({"__typename": "Order", "id": id}),
            _ => json!({"__typename": "Order", "id": id, "note": "own"}),
        };
        world.orders.tell(&id, "status", payload).await;
    }
    for number in 0..200 {
        assert_eq!(socket.result("s").await["data"]["orderUpdated"]["id"], number.to_string());
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_told_as_that() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { orderUpdated { id } }").await;
    for (payload, code) in [
        (json!([]), "EVENT_UNREADABLE"),
        (json!({"id": "1"}), "EVENT_UNREADABLE"),
        (json!({"__typename": "Nothing", "id": "1"}), "PLANNING_FAILED"),
    ] {
        world.orders.tell("1", "status", payload.clone()).await;
        let result = socket.result("s").await;
        assert_eq!(result["errors"][0]["extensions"]["code"], code, "{payload}: {result}");
        assert_eq!(result["data"], Value::Null);
        place(&result);
    }
    world.orders.order("1", "paid").await;
    assert_eq!(socket.result("s").await["data"]["orderUpdated"]["id"], "1");
}

#[tokio::test]
async fn without_a_stream_nothing_can_be_subscribed_to() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    jetstream::new(world.client.clone()).delete_stream("EVENTS").await.unwrap();
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribe("s", "subscription { orderUpdated { id } }").await;
    let error = socket.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "EVENTS_UNAVAILABLE", "{error}");
    assert!(error[0]["message"].as_str().unwrap().contains("EVENTS"), "{error}");
}

/// Beyond its window JetStream takes an event that is published again for a new one.
#[tokio::test]
async fn an_event_that_is_published_again_is_told_once() {
    let world = World::start().await;
    let context = jetstream::new(world.client.clone());
    let window = Duration::from_millis(100);
    context.update_stream(stream::Config { duplicate_window: window, ..definition() }).await.unwrap();
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let begun = socket.subscribed("s", "subscription { orderUpdated { id } }").await;
    let publish = async |id: &str| {
        let payload = json!({ "__typename": "Order", "id": id }).to_string();
        let message = PublishMessage::build().payload(payload.into()).message_id(format!("orders.{id}"));
        let sent = context.send_publish(format!("events.orders.Order.{id}.placed"), message).await.unwrap();
        sent.await.unwrap()
    };
    assert!(!publish("1").await.duplicate);
    until(async || !publish("1").await.duplicate).await;
    publish("2").await;
    for id in ["1", "2"] {
        assert_eq!(socket.result("s").await["data"]["orderUpdated"]["id"], id);
    }
    // By a consumer of its own, at a gateway that has heard none of them.
    let other = world.gateway("").await;
    let mut late = Socket::ready(&other).await;
    late.resume("s", "subscription { orderUpdated { id } }", &begun).await;
    for id in ["1", "2"] {
        assert_eq!(late.result("s").await["data"]["orderUpdated"]["id"], id);
    }
    assert!(socket.is_quiet().await && late.is_quiet().await);
}
