//! What is told of products.

use products::{MIGRATIONS, Store};
use serde_json::{Value, json};
use shop::testing::{Told, waiting};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Who, service};

#[tokio::test]
async fn each_change_is_told_once_and_what_changes_nothing_is_not() {
    let service = service().await;
    let id = service.create("L-1", json!({ "name": "Lamp", "stock": 2, "description": "Long." })).await;
    let change = async |mutation: &str| {
        let query = format!("mutation($id: ID!) {{ {mutation} }}");
        service.ask(Who::Staff, &query, json!({ "id": id })).await
    };
    change("adjustStock(id: $id, delta: -1, reason: \"sold\") { id }").await;
    let refused = change("adjustStock(id: $id, delta: -9, reason: \"sold\") { id }").await;
    assert!(refused.get("errors").is_some());
    change("updateProduct(id: $id, input: { name: \"Light\" }) { id }").await;
    change("archiveProduct(id: $id) { id }").await;
    let again = change("archiveProduct(id: $id) { archived version }").await;
    assert_eq!(again["data"]["archiveProduct"], json!({ "archived": true, "version": 4 }));
    change("restoreProduct(id: $id) { id }").await;
    change("deleteProduct(id: $id)").await;
    let told = |verb: &str, version: i64, name: &str, stock: i32, archived: bool| Told {
        subject: format!("events.products.Product.{id}.{verb}"),
        payload: json!({
            "__typename": "Product", "id": id, "sku": "L-1", "name": name, "category": "lighting",
            "price": { "amount": 1999, "currency": "EUR" }, "stock": stock, "archived": archived, "version": version,
        }),
    };
    let expected = [
        told("created", 1, "Lamp", 2, false),
        told("stock", 2, "Lamp", 1, false),
        told("updated", 3, "Light", 1, false),
        told("archived", 4, "Light", 1, true),
        told("restored", 5, "Light", 1, false),
        told("deleted", 6, "Light", 1, false),
    ];
    assert_eq!(waiting(&service.pool().await).await, expected);
}

#[tokio::test]
async fn an_event_says_what_the_graph_says() {
    let service = service().await;
    let id = service.create("L-1", json!({ "stock": 2 })).await;
    let query = "query($id: ID!) { product(id: $id) {
        __typename id sku name category price { amount currency } stock archived version
    } }";
    let mut data = service.data(Who::Anyone, query, json!({ "id": id })).await;
    let event = waiting(&service.pool().await).await.remove(0);
    assert_eq!(event.payload, data["product"].take());
}

#[tokio::test]
async fn nothing_of_a_failed_creation_is_told() {
    let service = service().await;
    service.create("L-1", json!({})).await;
    let input = json!({ "sku": "l-1", "name": "Lamp", "category": "lighting", "price": { "amount": 1, "currency": "EUR" } });
    let answer: Value = service.ask(Who::Staff, crate::support::CREATE, json!({ "input": input })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT");
    assert_eq!(waiting(&service.pool().await).await.len(), 1);
}

/// A database from before there were events.
#[tokio::test]
async fn what_was_there_already_is_told_of_from_its_next_change_on() {
    let url = xtask::servers::postgres().create_database("products");
    let pool = PgPool::connect(&url).await.unwrap();
    MIGRATIONS.run_to(2, &pool).await.unwrap();
    let id = Uuid::now_v7();
    let insert =
        "INSERT INTO products (id, sku, name, description, category, price_amount, price_currency, stock)
                  VALUES ($1, 'L-1', 'Lamp', '', 'lighting', 1, 'EUR', 5)";
    sqlx::query(insert).bind(id).execute(&pool).await.unwrap();

    let store = Store::new(shop::postgres::open(&url, &MIGRATIONS).await.unwrap());
    assert_eq!(store.by_ids(&[id]).await.unwrap()[&id].version, 1);
    store.adjust_stock(id, -1, "sold", "staff-1").await.unwrap();
    let told = waiting(&pool).await;
    let [told] = &told[..] else { panic!("one event: {told:?}") };
    assert_eq!((&told.payload["version"], &told.payload["stock"]), (&json!(2), &json!(4)));
}

#[test]
fn the_outbox_is_the_kits() {
    let migration = include_str!("../../../../migrations/products/0003_events.sql");
    assert!(migration.contains(tributary_subgraph::outbox::TABLE));
}
