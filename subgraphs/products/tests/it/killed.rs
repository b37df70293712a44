//! The service is killed again and again while products change.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser;
use products::Config;
use serde_json::{Value, json};
use shop::testing::{Told, Wire, told, waiting};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::support::{Service, Who, service};

const KILLS: usize = 20;
const PRODUCTS: usize = 6;
const SELL: &str = "mutation($id: ID!) { adjustStock(id: $id, delta: 1, reason: \"returned\") { stock } }";

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times_it_tells_of_each_change_once_and_in_order() {
    let nats = xtask::servers::Nats::start();
    let service = service().await;
    let mut ids = Vec::new();
    for index in 0..PRODUCTS {
        ids.push(service.create(&format!("L-{index}"), json!({})).await);
    }
    let arguments =
        ["products", "--nats", &nats.url_for("products"), "--database-url", &service.database_url];
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;

    let load =
        tokio::spawn(load(Wire::connect(&nats.url_for("gateway")).await, service.sdl().await, ids.clone()));
    for _ in 0..KILLS {
        let mut process = start(&arguments[1..]);
        wire.up("products").await;
        tokio::time::sleep(Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0]) * 2)).await;
        process.kill().await.unwrap();
    }
    load.abort();
    // What is left is published by one that isn't killed.
    let (stop, stopped) = oneshot::channel::<()>();
    let last = tokio::spawn(products::serve(Config::parse_from(arguments), async { drop(stopped.await) }));
    wire.up("products").await;
    while !waiting(&service.pool().await).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(()).unwrap();
    last.await.unwrap().unwrap();

    let mut events: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for told in told(&nats.url_for("operator")).await {
        events.entry(told.payload["id"].as_str().unwrap().to_owned()).or_default().push(told);
    }
    let mut changes = 0;
    for id in &ids {
        let stock = stock(&service, id).await;
        changes += stock;
        assert_eq!(seen(&events[id]), expected(stock), "of {id}");
    }
    assert!(changes > 100, "only {changes} changes: that was no load");
}

/// A process of its own, which can be killed.
fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_products"));
    command.args(arguments).env("RUST_LOG", "error").kill_on_drop(true);
    command.spawn().unwrap()
}

/// Asks for changes all the time, whoever is there to make them.
async fn load(wire: Wire, sdl: String, ids: Vec<String>) {
    let mut turn = tokio::time::interval(Duration::from_millis(2));
    for id in ids.iter().cycle() {
        turn.tick().await;
        let body = json!({ "query": SELL, "variables": { "id": id } });
        wire.tell("products", &sdl, Who::Staff, &body).await;
    }
}

/// The stock, which is how often it changed: every change adds one, and the ledger has them all.
async fn stock(service: &Service, id: &str) -> i64 {
    let sql =
        "SELECT stock::bigint, (SELECT count(*) FROM stock_changes WHERE product_id = products.id), version
               FROM products WHERE id = $1::uuid";
    let (stock, ledger, version): (i64, i64, i64) =
        sqlx::query_as(sql).bind(id).fetch_one(&service.pool().await).await.unwrap();
    assert_eq!((stock, version), (ledger, ledger + 1));
    stock
}

/// What is told of each event: what happened, the version and the stock.
fn seen(events: &[Told]) -> Vec<(String, Value, Value)> {
    let seen = |event: &Told| {
        let verb = event.subject.rsplit('.').next().unwrap().to_owned();
        (verb, event.payload["version"].clone(), event.payload["stock"].clone())
    };
    events.iter().map(seen).collect()
}

/// It was created without stock, then each change added one.
fn expected(stock: i64) -> Vec<(String, Value, Value)> {
    let event = |change: i64| {
        let verb = if change == 0 { "created" } else { "stock" };
        (verb.to_owned(), json!(change + 1), json!(change))
    };
    (0..=stock).map(event).collect()
}
