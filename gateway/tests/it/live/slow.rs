//! Clients that read more slowly than events come.

use serde_json::json;

use super::world::{Socket, World, place};

/// Large enough for a few to fill what the system keeps for a socket.
fn order(id: &str, number: usize) -> serde_json::Value {
    json!({"__typename": "Order", "id": id, "status": "x".repeat(100_000), "total": number})
}

#[tokio::test]
async fn a_socket_that_is_never_read_delays_nobody_and_can_go_on() {
    const EVENTS: usize = 400;
    let world = World::start().await;
    let gateway = world.gateway("--max-waiting-results 20 --max-waiting-bytes 4MiB").await;
    let query = "subscription { orderUpdated { total status } }";
    let (mut slow, mut quick) = (Socket::ready(&gateway).await, Socket::ready(&gateway).await);
    slow.subscribed("s", query).await;
    quick.subscribed("s", query).await;
    for number in 0..EVENTS {
        world.orders.tell("1", "status", order("1", number)).await;
        assert_eq!(quick.result("s").await["data"]["orderUpdated"]["total"], number);
    }
    // It reads at last: what was on its way, and then why there is no more.
    let mut next = 0;
    let error = loop {
        let message = slow.next().await;
        if message["type"] == "error" {
            break message["payload"][0].clone();
        }
        assert_eq!(message["payload"]["data"]["orderUpdated"]["total"], next);
        next += 1;
    };
    assert!(next > 20 && next < EVENTS, "{next}");
    assert_eq!(error["extensions"]["code"], "SLOW_CONSUMER", "{error}");
    slow.resume("s", query, error["extensions"]["place"].as_str().unwrap()).await;
    for number in next..EVENTS {
        assert_eq!(slow.result("s").await["data"]["orderUpdated"]["total"], number);
    }
}

#[tokio::test]
async fn of_what_only_the_newest_is_of_interest_older_ones_give_way() {
    const EVENTS: usize = 600;
    let world = World::start().await;
    let gateway = world.gateway("--max-waiting-results 20 --max-waiting-bytes 4MiB").await;
    let query = "subscription { newest { id total status } }";
    let (mut slow, mut quick) = (Socket::ready(&gateway).await, Socket::ready(&gateway).await);
    slow.subscribed("s", query).await;
    quick.subscribed("s", query).await;
    for number in 0..EVENTS {
        let id = (number % 3).to_string();
        world.orders.tell(&id, "status", order(&id, number)).await;
        assert_eq!(quick.result("s").await["data"]["newest"]["total"], number);
    }
    let (mut told, mut skipped, mut last) = (0, 0, String::new());
    loop {
        let result = slow.result("s").await;
        told += 1;
        skipped += result["extensions"]["skipped"].as_u64().unwrap_or(0);
        last = last.max(place(&result));
        if result["data"]["newest"]["total"] == EVENTS - 1 {
            break;
        }
    }
    assert!(told < EVENTS, "{told}");
    assert_eq!(told as u64 + skipped, EVENTS as u64, "what was left out is told");
    assert!(slow.is_quiet().await);
}
