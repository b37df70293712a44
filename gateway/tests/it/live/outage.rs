//! NATS goes and comes back under subscriptions.

use futures_util::future::join_all;
use serde_json::json;

use super::world::{Socket, World, until};

/// nats-server is killed in the middle of a thousand events, under a hundred subscriptions: each gets each event once,
/// in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_told_once_and_in_order_across_a_crash() {
    const EVENTS: usize = 1000;
    let mut world = World::start().await;
    let gateway = world.gateway("--max-waiting-results 2000").await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        let mut socket = Socket::ready(&gateway).await;
        socket.subscribed("s", "subscription { orderUpdated { id } }").await;
        sockets.push(socket);
    }
    let reading = join_all(sockets.iter_mut().map(async |socket: &mut Socket| {
        for expected in 0..EVENTS {
            let id = socket.result("s").await["data"]["orderUpdated"]["id"].clone();
            assert_eq!(id, expected.to_string());
        }
    }));
    let publishing = async {
        for id in 0..EVENTS {
            if id == EVENTS / 2 {
                world.nats.kill();
                tokio::task::block_in_place(|| world.nats.restart());
            }
            // What wasn't acknowledged is sent again; the id makes it one event.
            let payload = json!({"__typename": "Order", "id": id.to_string()});
            world.orders.tell_until_kept(&id.to_string(), payload).await;
        }
    };
    tokio::join!(publishing, reading);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_stay_open_while_nats_is_away() {
    let mut world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { orderUpdated { id note } }").await;
    world.nats.kill();
    until(async || !gateway.gateway.readiness().status.connected).await;
    // A short loss is nobody's business.
    until(async || {
        gateway
            .post(&json!({"query": "{ __typename }"}))
            .send()
            .await
            .unwrap()
            .json::<serde_json::Value>()
            .await
            .unwrap()["errors"][0]["extensions"]["code"]
            == "NATS_UNAVAILABLE"
    })
    .await;
    assert!(socket.is_quiet().await);
    socket.subscribe("t", "subscription { orderUpdated { id } }").await;
    assert_eq!(socket.error("t").await[0]["extensions"]["code"], "NATS_UNAVAILABLE");
    tokio::task::block_in_place(|| world.nats.restart());
    until(async || gateway.gateway.readiness().status.connected).await;
    world.orders.tell_until_kept("1", json!({"__typename": "Order", "id": "1"})).await;
    let result = socket.result("s").await;
    assert_eq!(result["data"]["orderUpdated"], json!({"id": "1", "note": "seen by nobody"}), "{result}");
}
