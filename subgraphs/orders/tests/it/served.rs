//! The running service, over NATS with the rights of production.

use clap::Parser;
use orders::Config;
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{ORDER, PLACE, address, customer, lines, service};

#[tokio::test]
async fn it_serves_the_graph_until_it_is_told_to_stop() {
    let mut service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let sdl = service.sdl().await;
    let arguments =
        ["orders", "--nats", &service.nats.url_for("orders"), "--database-url", &service.database_url];
    let config = Config::parse_from(arguments);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(orders::serve(config, async { stopped.await.unwrap_or_default() }));
    service.wire.up("orders").await;

    let input = json!({ "items": lines(&[(lamp, 2)]), "address": address() });
    let place = json!({ "query": PLACE, "variables": { "input": input } });
    let placed = service.wire.ask("orders", &sdl, customer("ada"), &place).await;
    assert_eq!(
        placed["data"]["placeOrder"]["total"],
        json!({ "amount": 3998, "currency": "EUR" }),
        "{placed}"
    );
    let read = json!({ "query": ORDER, "variables": { "number": placed["data"]["placeOrder"]["number"] } });
    let order = service.wire.ask("orders", &sdl, customer("ada"), &read).await;
    assert_eq!(order["data"]["order"]["items"][0]["product"]["id"], json!(lamp));
    let other = service.wire.ask("orders", &sdl, customer("bob"), &read).await;
    assert_eq!(other["data"], json!({ "order": null }));

    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
