//! The running service, over NATS with the rights of production.

use clap::Parser;
use details::Config;
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{SET, Who, euro, order, service};

#[tokio::test]
async fn it_serves_the_graph_until_it_is_told_to_stop() {
    let mut service = service().await;
    let sdl = service.sdl().await;
    let config = Config::parse_from([
        "details",
        "--nats",
        &service.nats.url_for("details"),
        "--database-url",
        &service.database_url,
    ]);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(details::serve(config, async { stopped.await.unwrap_or_default() }));
    service.wire.up("details").await;

    let lamp = service.products.add("L-1", 1_999, "EUR").await.to_string();
    let set = json!({ "query": SET, "variables": { "id": lamp, "input": { "weightGrams": 700 } } });
    let refused = service.wire.ask("details", &sdl, Who::Customer, &set).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let written = service.wire.ask("details", &sdl, Who::Staff, &set).await;
    assert_eq!(written, json!({ "data": { "setProductDetails": { "id": lamp } } }));

    let query = "query($all: [_Any!]!) {
        _entities(representations: $all) { ... on Order { details { shippingWeightGrams total { amount } } } }
    }";
    let variables = json!({ "all": [order(1, &[(&lamp, 2, euro(1999))])] });
    let answer = service
        .wire
        .ask("details", &sdl, Who::Anyone, &json!({ "query": query, "variables": variables }))
        .await;
    let details = json!({ "shippingWeightGrams": 1400, "total": { "amount": 3998 } });
    assert_eq!(answer, json!({ "data": { "_entities": [{ "details": details }] } }));

    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
