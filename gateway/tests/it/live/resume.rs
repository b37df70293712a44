//! Going on from a place.

use async_nats::jetstream;
use serde_json::{Value, json};
use tributary::registry::Status;

use super::world::{EVENTS, ORDERS, Socket, USERS, World, definition, place};
use crate::support::TestGateway;

const QUERY: &str = "subscription { orderUpdated { id note } }";

async fn ids(socket: &mut Socket, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(socket.result("s").await["data"]["orderUpdated"]["id"].as_str().unwrap().to_owned());
    }
    ids
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn whoever_comes_back_gets_what_it_missed_and_goes_on() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let begun = socket.subscribed("s", QUERY).await;
    for id in numbers(0..3) {
        world.orders.order(&id, "new").await;
    }
    assert_eq!(ids(&mut socket, 2).await, numbers(0..2));
    let last = place(&socket.result("s").await);
    drop(socket);
    for id in numbers(3..8) {
        world.orders.order(&id, "new").await;
    }
    // By what the gateway still has, by what only the stream has, and at a gateway that knew nothing of it.
    let other = TestGateway::start(&world.nats.url_for("gateway2"), "--gateway-id gw2").await;
    other.serves(&["orders", "users"]).await;
    for gateway in [&gateway, &other] {
        let mut socket = Socket::ready(gateway).await;
        socket.resume("s", QUERY, &last).await;
        assert_eq!(ids(&mut socket, 5).await, numbers(3..8));
        let mut from_the_start = Socket::ready(gateway).await;
        from_the_start.resume("s", QUERY, &begun).await;
        assert_eq!(ids(&mut from_the_start, 8).await, numbers(0..8));
        let id = "next";
        world.orders.order(id, "new").await;
        assert_eq!(ids(&mut socket, 1).await, [id]);
        assert_eq!(ids(&mut from_the_start, 1).await, [id]);
        assert!(socket.is_quiet().await && from_the_start.is_quiet().await);
        // What follows isn't part of the second round.
        let purge = jetstream::new(world.client.clone()).get_stream("EVENTS").await.unwrap();
        purge.purge().filter("events.orders.Order.next.>").await.unwrap();
    }
}

/// A page shows that it is catching up, and has to know when it no longer is.
#[tokio::test]
async fn whoever_comes_back_is_told_when_it_has_everything() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let begun = socket.subscribed("s", QUERY).await;
    drop(socket);
    let mut nothing_missed = Socket::ready(&gateway).await;
    nothing_missed.resume("s", QUERY, &begun).await;
    assert_eq!(nothing_missed.place("s").await, begun);
    for id in numbers(0..3) {
        world.orders.order(&id, "new").await;
    }
    let mut last = String::new();
    for _ in 0..3 {
        last = place(&nothing_missed.result("s").await);
    }
    let mut missed_three = Socket::ready(&gateway).await;
    missed_three.resume("s", QUERY, &begun).await;
    assert_eq!(ids(&mut missed_three, 3).await, numbers(0..3));
    assert_eq!(missed_three.place("s").await, last);
}

/// Thousands of events come while others are told again: each comes once, and in order.
#[tokio::test]
async fn what_comes_during_a_replay_is_told_after_it() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let begun = socket.subscribed("s", QUERY).await;
    drop(socket);
    for id in numbers(0..1500) {
        world.orders.order(&id, "new").await;
    }
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut socket = Socket::ready(&gateway).await;
        socket.resume("s", QUERY, &begun).await;
        clients.push(socket);
    }
    let publishing = async {
        for id in numbers(1500..2000) {
            world.orders.order(&id, "new").await;
        }
    };
    let reading = async {
        for socket in &mut clients {
            assert_eq!(ids(socket, 2000).await, numbers(0..2000));
        }
    };
    tokio::join!(publishing, reading);
}

#[tokio::test]
async fn a_place_that_cannot_be_gone_on_from_is_a_gap() {
    let world = World::start().await;
    let gateway = world.gateway("--max-replay-events 3").await;
    let mut socket = Socket::ready(&gateway).await;
    let begun = socket.subscribed("s", QUERY).await;
    for id in numbers(0..5) {
        world.orders.order(&id, "new").await;
    }
    let mut last = String::new();
    for _ in 0..5 {
        last = place(&socket.result("s").await);
    }
    drop(socket);
    let jetstream = jetstream::new(world.client.clone());
    let stream = jetstream.get_stream("EVENTS").await.unwrap();
    let refused = async |place: &str, why: &str| {
        let mut socket = Socket::ready(&gateway).await;
        socket.resume("s", QUERY, place).await;
        let error: Value = socket.error("s").await;
        assert_eq!(error[0]["extensions"]["code"], "RESUME_GAP", "{error}");
        assert!(error[0]["message"].as_str().unwrap().contains(why), "{error}");
    };
    // Nobody subscribes, so that there is nothing but the stream to read from.
    super::world::until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    refused(&begun, "--max-replay-events").await;
    stream.purge().sequence(4).await.unwrap();
    refused(&begun, "kept").await;
    let mut beyond: tributary::subscription::Place = last.parse().unwrap();
    beyond.sequence += 1;
    refused(&beyond.to_string(), "beyond").await;
    jetstream.delete_stream("EVENTS").await.unwrap();
    jetstream.create_stream(definition()).await.unwrap();
    for id in numbers(0..9) {
        world.orders.order(&id, "new").await;
    }
    refused(&last, "anew").await;
}

/// A stream that is made anew under a subscription that is open.
#[tokio::test]
async fn a_stream_that_was_made_anew_ends_what_was_fed_by_it() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", QUERY).await;
    world.orders.order("1", "new").await;
    assert_eq!(ids(&mut socket, 1).await, ["1"]);
    let jetstream = jetstream::new(world.client.clone());
    jetstream.delete_stream("EVENTS").await.unwrap();
    jetstream.create_stream(definition()).await.unwrap();
    world.orders.order("2", "new").await;
    let error = socket.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "RESUME_GAP", "{error}");
    socket.subscribed("s", QUERY).await;
    world.orders.order("3", "new").await;
    assert_eq!(ids(&mut socket, 1).await, ["3"]);
    assert_eq!(json!(socket.is_quiet().await), true);
}

/// What the stream forgets meanwhile is no gap to a client that none of it was for.
#[tokio::test]
async fn whoever_hears_nothing_is_told_how_far_it_is() {
    let world = World::start().await;
    let gateway = world.gateway("--keep-alive 50ms").await;
    let mut socket = Socket::ready(&gateway).await;
    let first = socket.subscribed("s", QUERY).await;
    let context = jetstream::new(world.client.clone());
    for _ in 0..3 {
        context.publish("events.users.User.1.named", "{}".into()).await.unwrap().await.unwrap();
    }
    // It may have been found out after one or two of them.
    let reached = async |socket: &mut Socket, sequence: u64| loop {
        let place = socket.place("s").await;
        if place.parse::<tributary::subscription::Place>().unwrap().sequence == sequence {
            return place;
        }
    };
    let progress = reached(&mut socket, 3).await;
    let mut quiet = Socket::ready(&gateway).await;
    quiet.subscribed("s", "subscription { orderUpdated(id: \"quiet\") { id } }").await;
    // What is told to others on the same subjects is progress, too.
    world.orders.order("busy", "new").await;
    reached(&mut quiet, 4).await;
    drop((socket, quiet));
    let stream = context.get_stream("EVENTS").await.unwrap();
    stream.purge().sequence(4).await.unwrap();
    world.orders.order("7", "new").await;
    // At a gateway that has read none of it.
    let other = world.gateway("").await;
    let mut socket = Socket::ready(&other).await;
    socket.resume("s", QUERY, &progress).await;
    assert_eq!(ids(&mut socket, 2).await, ["busy", "7"]);
    socket.resume("late", QUERY, &first).await;
    assert_eq!(socket.error("late").await[0]["extensions"]["code"], "RESUME_GAP");
}

/// The declarations survive composing to a file, and being read from it.
#[tokio::test]
async fn a_supergraph_from_a_file_is_fed_by_events() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let orders = format!("{EVENTS}{ORDERS}");
    for (name, sdl) in [("orders", orders.as_str()), ("users", USERS)] {
        std::fs::write(folder.path().join(format!("{name}.graphql")), sdl).unwrap();
    }
    let file = folder.path().join("supergraph.txt");
    let composed = std::process::Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["compose", ".", "--output"])
        .arg(&file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    let flags = format!("--supergraph {}", file.display());
    let gateway = TestGateway::start(&world.nats.url_for("gateway"), &flags).await;
    let is_there =
        |name: &str, status: &Status| status.subgraphs.get(name).is_some_and(|it| it.subject.is_some());
    gateway.until(|status| is_there("orders", status) && is_there("users", status)).await;
    let mut socket = Socket::ready(&gateway).await;
    let query = "subscription { ordersOf(ids: [\"1\", \"2\"], above: 5) { id total buyer { name } } }";
    socket.subscribed("s", query).await;
    for (id, total) in [("3", 9), ("1", 5), ("2", 6)] {
        let payload = json!({ "__typename": "Order", "id": id, "total": total, "buyer": { "id": "u" } });
        world.orders.tell(id, "status", payload).await;
    }
    let told = socket.result("s").await;
    let order = json!({ "id": "2", "total": 6, "buyer": { "name": "name of u" } });
    assert_eq!(told["data"]["ordersOf"], order, "{told}");
}
