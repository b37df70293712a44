//! `graphql-transport-ws`, rule by rule: what graphql-ws's own server is tested for.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use super::wire::Wire;
use super::world::{Socket, World};
use crate::auth::{Keys, ONE, TWO, auth_service, jwk, token, token_with};
use crate::support::{TestGateway, nats, subgraphs};

async fn closed_after(gateway: &TestGateway, messages: &[Value]) -> (u16, String) {
    let mut socket = Socket::open(gateway).await;
    for message in messages {
        socket.send(message.clone()).await;
    }
    socket.closed().await
}

#[tokio::test]
async fn a_socket_is_closed_for_what_the_protocol_forbids() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let init = json!({"type": "connection_init"});
    let subscribe =
        |id: &str, query: &str| json!({"type": "subscribe", "id": id, "payload": {"query": query}});
    let invalid = |message: Value| (vec![init.clone(), message], 4400, "");
    let endless = "subscription { newest { id } }";
    for (messages, code, reason) in [
        (vec![subscribe("1", "{ me { id } }")], 4401, "Unauthorized"),
        (vec![init.clone(), init.clone()], 4429, "Too many initialisation requests"),
        (
            vec![init.clone(), subscribe("one", endless), subscribe("one", endless)],
            4409,
            "Subscriber for one already exists",
        ),
        invalid(json!({"type": "unknown"})),
        invalid(json!({"type": 1})),
        invalid(json!({"id": "1"})),
        invalid(json!([])),
        invalid(json!({"type": "subscribe", "payload": {"query": "{ me { id } }"}})),
        invalid(json!({"type": "subscribe", "id": "", "payload": {"query": "{ me { id } }"}})),
        invalid(json!({"type": "subscribe", "id": "1"})),
        invalid(json!({"type": "subscribe", "id": "1", "payload": {}})),
        invalid(json!({"type": "subscribe", "id": "1", "payload": {"query": 1}})),
        invalid(json!({"type": "subscribe", "id": "1", "payload": {"query": {}}})),
        invalid(json!({"type": "subscribe", "id": "1", "payload": []})),
        invalid(json!({"type": "subscribe", "id": 1, "payload": {"query": "{ me { id } }"}})),
        invalid(
            json!({"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "operationName": 0}}),
        ),
        invalid(
            json!({"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "variables": []}}),
        ),
        invalid(
            json!({"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "extensions": 0}}),
        ),
        invalid(json!({"type": "complete"})),
        invalid(json!({"type": "complete", "id": ""})),
        invalid(json!({"type": "ping", "payload": "x"})),
        invalid(json!({"type": "pong", "payload": 0})),
        // What only a server says.
        invalid(json!({"type": "connection_ack"})),
        invalid(json!({"type": "next", "id": "1", "payload": {}})),
        invalid(json!({"type": "error", "id": "1", "payload": []})),
        (vec![json!({"type": "connection_init", "payload": []})], 4400, ""),
    ] {
        let (closed, why) = closed_after(&gateway, &messages).await;
        assert_eq!(closed, code, "{messages:?}: {why}");
        assert!(why.contains(reason), "{messages:?}: {why}");
    }
    // A reason that is too long for its frame doesn't take the code along.
    let long = "x".repeat(200);
    let twice = [init.clone(), subscribe(&long, endless), subscribe(&long, endless)];
    assert_eq!(closed_after(&gateway, &twice).await.0, 4409);
    let mut socket = Socket::open(&gateway).await;
    socket.send_text("no JSON").await;
    assert_eq!(socket.closed().await.0, 4400);
    let mut socket = Socket::open(&gateway).await;
    socket.send_binary().await;
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn another_subprotocol_or_none_is_not_spoken() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::open_with(&gateway, "", &[]).await.unwrap();
    assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
    // A client that asked for another one doesn't take a socket without it.
    let other = Socket::open_with(&gateway, "graphql-ws", &[]).await;
    assert!(matches!(other, Err(Error::Protocol(_))));
    // Of several the one that is spoken is taken.
    let mut several = Socket::open_with(&gateway, "graphql-ws, graphql-transport-ws", &[]).await.unwrap();
    several.send(json!({"type": "connection_init"})).await;
    assert_eq!(several.next().await, json!({"type": "connection_ack"}));
}

#[tokio::test]
async fn a_client_that_does_not_introduce_itself_is_left() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::open(&gateway).await;
    // A ping is no introduction.
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".to_owned()));
}

#[tokio::test]
async fn what_a_client_completes_says_nothing_more() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let query = "subscription { newest { id } }";
    socket.send(json!({"type": "complete", "id": "nothing"})).await;
    // Before it has begun, and after.
    socket.subscribe("early", query).await;
    socket.send(json!({"type": "complete", "id": "early"})).await;
    socket.subscribed("late", query).await;
    world.orders.order("1", "new").await;
    assert_eq!(socket.result("late").await["data"]["newest"]["id"], "1");
    socket.send(json!({"type": "complete", "id": "late"})).await;
    assert!(socket.is_quiet().await, "no complete comes back");
    super::world::until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    world.orders.order("2", "new").await;
    assert!(socket.is_quiet().await);
    // Nor does an error come with a complete, and the socket stays.
    socket.subscribe("e", "{ nothing }").await;
    socket.error("e").await;
    assert!(socket.is_quiet().await);
    // Who just goes leaves nothing.
    socket.subscribed("late", query).await;
    assert_eq!(gateway.gateway.hub().counts(), (1, 1));
    drop(socket);
    super::world::until(async || gateway.gateway.hub().counts() == (0, 0)).await;
}

#[tokio::test]
async fn a_long_query_can_be_completed_before_it_is_answered() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let mut socket = Socket::ready(&gateway).await;
    // Longer than the test may take.
    socket.subscribe("q", "{ slow(ms: 120000) }").await;
    events.until_started(1).await;
    socket.send(json!({"type": "complete", "id": "q"})).await;
    socket.subscribe("q", "{ hello }").await;
    assert_eq!(socket.result("q").await["data"], json!({"hello": "hello world"}));
    assert_eq!(socket.next().await, json!({"type": "complete", "id": "q"}));
}

#[tokio::test]
async fn pings_are_answered_before_and_after_the_introduction() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::open(&gateway).await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    socket.send(json!({"type": "connection_init", "payload": null})).await;
    assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
    socket.send(json!({"type": "ping", "payload": {"it": ["s"]}})).await;
    assert_eq!(socket.next().await, json!({"type": "pong", "payload": {"it": ["s"]}}));
    socket.send(json!({"type": "pong"})).await;
    assert!(socket.is_quiet().await);
}

#[tokio::test]
async fn queries_and_mutations_are_answered_and_completed() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    for (query, data) in [
        ("{ me { id } }", json!({"me": {"id": "u"}})),
        ("mutation { touch(id: \"1\") { id } }", json!({"touch": {"id": "1"}})),
        ("{ __typename }", json!({"__typename": "Query"})),
    ] {
        socket.subscribe("q", query).await;
        assert_eq!(socket.result("q").await["data"], data);
        assert_eq!(socket.next().await, json!({"type": "complete", "id": "q"}));
    }
    // The id is free again each time; names and variables are taken.
    let payload = json!({
        "query": "query A { __typename } query B($no: Boolean!) { b: me { id } c: orders { id @skip(if: $no) } }",
        "operationName": "B", "variables": {"no": false}, "extensions": {},
    });
    socket.send(json!({"type": "subscribe", "id": "q", "payload": payload})).await;
    assert_eq!(socket.result("q").await["data"], json!({"b": {"id": "u"}, "c": [{"id": "1"}]}));
}

#[tokio::test]
async fn what_cannot_be_run_is_an_error_of_its_operation_alone() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { newest { id } orderUpdated { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { newest @include(if: true) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query($id: ID!) { orders { id } me { id name } ...F } fragment F on Query { x: __typename @skip(if: $b) }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription($id: ID!) { orderUpdated(id: $id) { id } }", "BAD_USER_INPUT"),
    ] {
        socket.subscribe("e", query).await;
        let error = socket.error("e").await;
        assert_eq!(error[0]["extensions"]["code"], code, "{query}: {error}");
    }
    socket.resume("e", "subscription { newest { id } }", "nowhere").await;
    assert_eq!(socket.error("e").await[0]["extensions"]["code"], "BAD_REQUEST");
    socket.subscribe("q", "{ me { id } }").await;
    assert_eq!(socket.result("q").await["data"], json!({"me": {"id": "u"}}));
}

#[tokio::test]
async fn operations_of_one_socket_are_bounded_and_tell_it() {
    let world = World::start().await;
    let gateway = world.gateway("--max-operations-per-connection 2 --max-subscriptions 3").await;
    let mut socket = Socket::ready(&gateway).await;
    for id in ["a", "b"] {
        socket.subscribed(id, "subscription { newest { id } }").await;
    }
    socket.subscribe("c", "subscription { newest { id } }").await;
    let error = socket.error("c").await;
    assert_eq!(error[0]["extensions"]["setting"], "--max-operations-per-connection", "{error}");
    socket.send(json!({"type": "complete", "id": "a"})).await;
    socket.subscribed("c", "subscription { newest { id } }").await;
    let mut other = Socket::ready(&gateway).await;
    other.subscribed("a", "subscription { newest { id } }").await;
    other.subscribe("b", "subscription { newest { id } }").await;
    let error = other.error("b").await;
    assert_eq!(error[0]["extensions"]["setting"], "--max-subscriptions", "{error}");
}

#[tokio::test]
async fn pages_of_other_sites_get_no_socket() {
    let world = World::start().await;
    let gateway = world.gateway("--cors-origin https://shop.example").await;
    let open =
        async |origin: &str| match Socket::open_with(&gateway, "graphql-transport-ws", &[("origin", origin)])
            .await
        {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        };
    assert_eq!(open("https://evil.example").await, 403);
    assert_eq!(open("https://shop.example").await, 101);
    assert_eq!(open(&format!("http://{}", gateway.address)).await, 101);
}

#[tokio::test]
async fn a_token_in_the_introduction_says_who_asks() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let gateway = TestGateway::with(&world.nats, "", &["orders", "users", "auth"]).await;
    let bad = json!({"Authorization": format!("Bearer {}", token(TWO, "one", 60))});
    let (code, reason) = closed_after(&gateway, &[json!({"type": "connection_init", "payload": bad})]).await;
    assert_eq!(code, 4403, "{reason}");
    let good = format!("Bearer {}", token(ONE, "one", 60));
    let mut socket = Socket::open(&gateway).await;
    let headers = json!({"headers": {"authorization": good}});
    socket.send(json!({"type": "connection_init", "payload": headers})).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribed("s", "subscription { mine { note } }").await;
    // Whoever can set headers may say it there.
    let mut other =
        Socket::open_with(&gateway, "graphql-transport-ws", &[("authorization", &good)]).await.unwrap();
    other.send(json!({"type": "connection_init"})).await;
    assert_eq!(other.next().await["type"], "connection_ack");
    other.subscribed("s", "subscription { mine { note } }").await;
    let refused = Socket::open_with(&gateway, "graphql-transport-ws", &[("authorization", "Bearer x")]).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 401));
}

#[tokio::test]
async fn an_expired_token_ends_subscriptions_unless_a_fresh_one_comes() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let gateway = TestGateway::with(&world.nats, "--jwt-leeway 1ms", &["orders", "users", "auth"]).await;
    let query = "subscription { mine { id note } }";
    let bearer = |lifetime, more| json!({"Authorization": format!("Bearer {}", token_with(ONE, "one", lifetime, more))});
    let mut sockets = [Socket::open(&gateway).await, Socket::open(&gateway).await];
    for socket in &mut sockets {
        socket.send(json!({"type": "connection_init", "payload": bearer(3, json!({}))})).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribed("s", query).await;
    }
    let [fresh, stale] = &mut sockets;
    fresh.send(json!({"type": "ping", "payload": {"Authorization": "Bearer bad"}})).await;
    let pong = fresh.next().await;
    assert_eq!(
        (&pong["payload"]["authorized"], &pong["payload"]["error"]["extensions"]["code"]),
        (&json!(false), &json!("TOKEN_INVALID")),
        "{pong}"
    );
    fresh.send(json!({"type": "ping", "payload": bearer(600, json!({}))})).await;
    let pong = fresh.next().await;
    assert_eq!(pong["payload"]["authorized"], true, "{pong}");
    let error = stale.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "TOKEN_EXPIRED", "{error}");
    let place = error[0]["extensions"]["place"].as_str().unwrap().to_owned();
    stale.subscribe("t", query).await;
    assert_eq!(stale.error("t").await[0]["extensions"]["code"], "TOKEN_EXPIRED");
    let order = json!({"__typename": "Order", "id": "1", "customerId": "user-1"});
    world.orders.tell("1", "placed", order).await;
    assert_eq!(fresh.result("s").await["data"]["mine"]["id"], "1");
    // With a fresh token the other one goes on where it was.
    stale.send(json!({"type": "ping", "payload": bearer(600, json!({}))})).await;
    assert_eq!(stale.next().await["payload"]["authorized"], true);
    stale.resume("s", query, &place).await;
    assert_eq!(stale.result("s").await["data"]["mine"]["id"], "1");
    // Somebody else on the same socket no longer sees what the one before did.
    fresh.send(json!({"type": "ping", "payload": bearer(600, json!({"sub": "user-2"}))})).await;
    assert_eq!(fresh.next().await["payload"]["authorized"], true);
    for (id, customer) in [("2", "user-1"), ("3", "user-2")] {
        let order = json!({"__typename": "Order", "id": id, "customerId": customer});
        world.orders.tell(id, "placed", order).await;
    }
    assert_eq!(fresh.result("s").await["data"]["mine"]["id"], "3");
}

/// A gateway on a wire, and sockets on which somebody is logged in with these claims.
async fn on_a_wire<const N: usize>(world: &World, lifetime: i64) -> (Wire, TestGateway, [Socket; N]) {
    let wire = Wire::to(&world.nats).await;
    let gateway = TestGateway::start(&wire.url(&world.nats, "gateway"), "--jwt-leeway 1ms").await;
    gateway.serves(&["orders", "users", "auth"]).await;
    let mut sockets = Vec::new();
    let bearer = bearer("user-1", lifetime);
    for _ in 0..N {
        let mut socket = Socket::open(&gateway).await;
        socket.send(json!({"type": "connection_init", "payload": bearer})).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        sockets.push(socket);
    }
    (wire, gateway, sockets.try_into().ok().unwrap())
}

fn bearer(sub: &str, lifetime: i64) -> Value {
    json!({"Authorization": format!("Bearer {}", token_with(ONE, "one", lifetime, json!({"sub": sub})))})
}

/// Who asks is somebody else before the subscription has begun: it begins for the new one.
#[tokio::test]
async fn a_token_that_comes_while_a_subscription_begins_counts_for_it() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let (wire, _gateway, [mut socket]) = on_a_wire(&world, 600).await;
    wire.hold();
    socket.subscribe("s", "subscription { mine { id } }").await;
    socket.send(json!({"type": "ping", "payload": bearer("user-2", 600)})).await;
    assert_eq!(socket.next().await["payload"]["authorized"], true);
    wire.mend();
    socket.place("s").await;
    for (id, customer) in [("1", "user-2"), ("2", "user-1"), ("3", "user-2")] {
        let order = json!({"__typename": "Order", "id": id, "customerId": customer});
        world.orders.tell(id, "placed", order).await;
        if customer == "user-2" {
            assert_eq!(socket.result("s").await["data"]["mine"]["id"], id);
        }
    }
}

/// The same where it comes back with a place: while it catches up it has no seat yet that could be given up.
#[tokio::test]
async fn a_token_that_comes_while_a_client_catches_up_counts_for_it() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let other = world.gateway("").await;
    let place = Socket::ready(&other).await.subscribed("s", "subscription { orderUpdated { id } }").await;
    let tell = async |id: &str, customer: &str| {
        let order = json!({"__typename": "Order", "id": id, "customerId": customer});
        world.orders.tell(id, "placed", order).await
    };
    tell("missed", "user-1").await;
    let (wire, _gateway, [mut socket]) = on_a_wire(&world, 600).await;
    wire.hold();
    socket.resume("s", "subscription { mine { id } }", &place).await;
    // One after the other: each has to find what the one before began.
    for sub in ["user-3", "user-2"] {
        socket.send(json!({"type": "ping", "payload": bearer(sub, 600)})).await;
        assert_eq!(socket.next().await["payload"]["authorized"], true);
    }
    wire.mend();
    socket.place("s").await;
    for (id, customer) in [("1", "user-1"), ("3", "user-3"), ("2", "user-2")] {
        tell(id, customer).await;
    }
    assert_eq!(socket.result("s").await["data"]["mine"]["id"], "2");
}

#[tokio::test]
async fn a_token_that_expires_while_a_subscription_begins_ends_it() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let (wire, _gateway, [mut early, mut late]) = on_a_wire(&world, 3).await;
    // Another pattern, so that the late one has to ask NATS.
    early.subscribed("s", "subscription { ordersOf(ids: [0]) { id } }").await;
    wire.hold();
    late.subscribe("s", "subscription { mine { id } }").await;
    assert_eq!(early.error("s").await[0]["extensions"]["code"], "TOKEN_EXPIRED");
    wire.mend();
    assert_eq!(late.error("s").await[0]["extensions"]["code"], "TOKEN_EXPIRED");
}

/// A time that lies beyond what a clock can say is no reason to fall over.
#[tokio::test]
async fn a_token_that_never_expires_is_good() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let gateway = TestGateway::with(&world.nats, "", &["orders", "users", "auth"]).await;
    let endless = token_with(ONE, "one", 0, json!({"exp": u64::MAX}));
    let mut socket = Socket::open(&gateway).await;
    let payload = json!({"Authorization": format!("Bearer {endless}")});
    socket.send(json!({"type": "connection_init", "payload": payload})).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribed("s", "subscription { mine { id } }").await;
    assert!(socket.is_quiet().await);
    let ask =
        async || gateway.post(&json!({"query": "{ me { id } }"})).bearer_auth(&endless).send().await.unwrap();
    assert_eq!(ask().await.status(), 200);
    assert_eq!(ask().await.status(), 200, "found again");
}

#[tokio::test]
async fn a_client_that_is_silent_is_asked_and_then_left() {
    let world = World::start().await;
    let gateway = world.gateway("--keep-alive 100ms").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { newest { id } }").await;
    assert_eq!(gateway.gateway.hub().counts(), (1, 1));
    // It doesn't read, so it answers nothing.
    super::world::until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    assert!(socket.message().await.is_err());
}

#[tokio::test]
async fn a_gateway_that_stops_says_so() {
    let world = World::start().await;
    let mut gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { newest { id } }").await;
    gateway.running.begin_stop();
    assert_eq!(socket.closed().await.0, 1001);
    gateway.running.stop().await;
}
