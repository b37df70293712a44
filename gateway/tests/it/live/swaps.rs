//! A new schema under subscriptions.

use serde_json::json;

use super::world::{EVENTS, ORDERS, Socket, World, until};

#[tokio::test]
async fn subscriptions_go_on_with_a_new_schema_if_they_still_can() {
    let mut world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    let good = "subscription { orderUpdated { id status } }";
    socket.subscribed("good", good).await;
    socket.subscribed("bad", "subscription { newest { id note } }").await;
    world.orders.order("1", "new").await;
    for _ in 0..2 {
        assert_eq!(socket.next().await["type"], "next");
    }
    let changed =
        ORDERS.replace("note: String ", "").replace("status: String", "status: String urgent: Boolean");
    world.orders.turn_into(&world.nats, format!("{EVENTS}{changed}")).await;
    let message = socket.next().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("bad")), "{message}");
    let error = &message["payload"][0];
    assert_eq!(error["extensions"]["code"], "SCHEMA_CHANGED", "{error}");
    assert!(error["extensions"]["place"].is_string(), "{error}");
    let generation = || gateway.gateway.status().borrow().generation;
    until(async || generation() > 1).await;
    world.orders.order("2", "later").await;
    assert_eq!(socket.result("good").await["data"], json!({"orderUpdated": {"id": "2", "status": "later"}}));
    socket.subscribed("new", "subscription { orderUpdated { urgent } }").await;
}

/// While schemas change all the time, nothing is told twice or left out.
#[tokio::test]
async fn nothing_is_lost_between_schemas() {
    const EVENTS_EACH: usize = 40;
    let mut world = World::start().await;
    let gateway = world.gateway("").await;
    let mut socket = Socket::ready(&gateway).await;
    socket.subscribed("s", "subscription { orderUpdated { id total } }").await;
    let mut told = 0;
    for round in 0..4 {
        let changed = ORDERS.replace("total: Int", &format!("total: Int round{round}: Int"));
        let before = gateway.gateway.status().borrow().generation;
        world.orders.turn_into(&world.nats, format!("{EVENTS}{changed}")).await;
        for number in 0..EVENTS_EACH {
            world.orders.order(&(round * EVENTS_EACH + number).to_string(), "new").await;
        }
        until(async || gateway.gateway.status().borrow().generation > before).await;
        for _ in 0..EVENTS_EACH {
            assert_eq!(socket.result("s").await["data"]["orderUpdated"]["id"], told.to_string());
            told += 1;
        }
    }
    assert!(socket.is_quiet().await);
}
