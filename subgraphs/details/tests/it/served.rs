//! The running service, over NATS with the rights of production.

use clap::Parser;
use details::Config;
use serde_json::json;
use shop::testing::Wire;
use tokio::sync::oneshot;

use crate::support::{SET, Who, euro, identity, order, service};

#[tokio::test]
async fn it_serves_the_graph_until_it_is_told_to_stop() {
    let nats = xtask::servers::Nats::start();
    let service = service().await;
    let sdl = service
        .schema
        .sdl_with_options(async_graphql::SDLExportOptions::new().federation().compose_directive());
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    let config = Config::parse_from([
        "details",
        "--nats",
        &nats.url_for("details"),
        "--database-url",
        &service.database_url,
    ]);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(details::serve(config, async { stopped.await.unwrap_or_default() }));
    wire.up("details").await;

    let lamp = "01900000-0000-7000-8000-00000000000a";
    let set = json!({ "query": SET, "variables": { "id": lamp, "input": { "weightGrams": 700 } } });
    let refused = wire.ask("details", &sdl, identity(Who::Customer), &set).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let written = wire.ask("details", &sdl, identity(Who::Staff), &set).await;
    assert_eq!(written, json!({ "data": { "setProductDetails": { "id": lamp } } }));

    let query = "query($all: [_Any!]!) {
        _entities(representations: $all) { ... on Order { details { shippingWeightGrams total { amount } } } }
    }";
    let variables = json!({ "all": [order(1, &[(lamp, 2, euro(1999))])] });
    let answer = wire.ask("details", &sdl, None, &json!({ "query": query, "variables": variables })).await;
    let details = json!({ "shippingWeightGrams": 1400, "total": { "amount": 3998 } });
    assert_eq!(answer, json!({ "data": { "_entities": [{ "details": details }] } }));

    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
