//! The running service, over NATS with the rights of production.

use std::time::Duration;

use clap::Parser;
use products::Config;
use serde_json::json;
use shop::quote::{QuoteItem, QuoteReply, QuoteRequest};
use shop::testing::Wire;
use tokio::sync::oneshot;
use tributary_subgraph::Internal;
use uuid::Uuid;

use crate::support::{CREATE, Who, service};

#[tokio::test]
async fn it_serves_the_graph_and_the_quotes_until_it_is_told_to_stop() {
    let nats = xtask::servers::Nats::start();
    let service = service().await;
    let sdl = service.sdl().await;
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    let config = Config::parse_from([
        "products",
        "--nats",
        &nats.url_for("products"),
        "--database-url",
        &service.database_url,
    ]);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(products::serve(config, async { stopped.await.unwrap_or_default() }));
    wire.up("products").await;

    let input = json!({ "sku": "L-1", "name": "Lamp", "category": "lighting", "price": { "amount": 1999, "currency": "EUR" } });
    let create = json!({ "query": CREATE, "variables": { "input": input } });
    let refused = wire.ask("products", &sdl, Who::Customer, &create).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let created = wire.ask("products", &sdl, Who::Staff, &create).await;
    let id: Uuid = created["data"]["createProduct"]["id"].as_str().unwrap().parse().unwrap();

    let orders = tributary_subgraph::connect("orders", &nats.url_for("orders")).await.unwrap();
    let unknown = Uuid::now_v7();
    let items = [id, unknown, id].map(|product_id| QuoteItem { product_id, quantity: Some(2) }).to_vec();
    let request = serde_json::to_vec(&QuoteRequest { items }).unwrap();
    let call = Internal::new(orders, "orders");
    let reply =
        call.call("products", shop::quote::VERB, request.into(), Duration::from_secs(10)).await.unwrap();
    let reply: QuoteReply = serde_json::from_slice(&reply).unwrap();
    assert_eq!(reply.quotes.len(), 1, "each product once: {reply:?}");
    assert_eq!((reply.quotes[0].product_id, reply.unknown), (id, vec![unknown]));

    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
