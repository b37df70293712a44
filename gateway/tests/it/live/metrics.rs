//! What is counted of subscriptions.

use serde_json::json;

use super::streams::Pieces;
use super::world::{Socket, World, until};

const QUERY: &str = "subscription { orderUpdated { id status } }";

#[tokio::test]
async fn what_clients_have_subscribed_to_is_counted() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let mut sockets = [Socket::ready(&gateway).await, Socket::ready(&gateway).await];
    for socket in &mut sockets {
        socket.subscribed("1", QUERY).await;
    }
    let body = json!({ "query": QUERY });
    let answer = gateway.post(&body).header("accept", "text/event-stream").send().await.unwrap();
    let mut events = Pieces::of(answer);
    events.event().await;
    let other = "subscription { orderUpdated(id: \"7\") { id } }";
    sockets[0].subscribed("2", other).await;

    let counts = async |expected: &[(&str, f64)]| {
        for (name, value) in expected {
            until(async || gateway.metric(&format!("tributary_{name}")).await == *value).await;
        }
    };
    counts(&[
        ("connections{transport=\"websocket\"}", 2.0),
        ("connections{transport=\"events\"}", 1.0),
        ("subscriptions", 4.0),
        ("subscription_topics", 2.0),
        ("event_feeds", 1.0),
    ])
    .await;

    world.orders.order("1", "placed").await;
    for socket in &mut sockets {
        socket.result("1").await;
    }
    events.result().await;
    counts(&[("events_total", 1.0), ("subscription_results_total", 3.0), ("catch_ups_total", 0.0)]).await;

    sockets[1].send(json!({ "type": "complete", "id": "1" })).await;
    drop(events);
    counts(&[
        ("subscriptions_ended_total{code=\"\"}", 2.0),
        ("subscriptions", 2.0),
        ("connections{transport=\"events\"}", 0.0),
    ])
    .await;
    drop(sockets);
    counts(&[("connections{transport=\"websocket\"}", 0.0), ("subscriptions", 0.0), ("event_feeds", 0.0)])
        .await;
}
