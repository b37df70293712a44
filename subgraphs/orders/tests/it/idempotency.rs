//! Trying again doesn't order twice.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{PLACE, Service, address, code, customer, lines, service};

fn input(product: Uuid, quantity: i32) -> Value {
    json!({ "input": { "items": lines(&[(product, quantity)]), "address": address() } })
}

async fn place(service: &Service, who: &str, key: &str, product: Uuid, quantity: i32) -> Value {
    service.ask_with(customer(who), key, PLACE, input(product, quantity)).await
}

#[tokio::test]
async fn the_same_attempt_again_is_the_same_order() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let first = place(&service, "ada", "k1", lamp, 2).await;
    service.products.reprice(lamp, 1).await;
    let again = place(&service, "ada", "k1", lamp, 2).await;
    assert_eq!(first, again, "at the price of the first time");
    assert!(first["data"]["placeOrder"]["number"].is_string(), "{first}");

    let other_key = place(&service, "ada", "k2", lamp, 2).await;
    let other_user = place(&service, "bob", "k1", lamp, 2).await;
    assert_ne!(first["data"]["placeOrder"]["number"], other_key["data"]["placeOrder"]["number"]);
    assert_ne!(first["data"]["placeOrder"]["number"], other_user["data"]["placeOrder"]["number"]);
}

#[tokio::test]
async fn attempts_at_the_same_time_are_one_order() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let answers = join_all((0..8).map(|_| place(&service, "ada", "k1", lamp, 2))).await;
    assert!(
        answers.iter().all(|answer| answer == &answers[0] && answer.get("errors").is_none()),
        "{answers:#?}"
    );
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&service.pool).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_key_means_one_order_only() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    place(&service, "ada", "k1", lamp, 2).await;
    assert_eq!(code(&place(&service, "ada", "k1", lamp, 3).await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(code(&place(&service, "ada", &"k".repeat(256), lamp, 3).await), "BAD_USER_INPUT");
}

#[tokio::test]
async fn one_request_may_place_several_orders_with_one_key() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let twice = "mutation($input: PlaceOrderInput!) {
        one: placeOrder(input: $input) { number } two: placeOrder(input: $input) { number }
    }";
    let first = service.ask_with(customer("ada"), "k1", twice, input(lamp, 1)).await;
    assert_ne!(first["data"]["one"], first["data"]["two"]);
    let again = service.ask_with(customer("ada"), "k1", twice, input(lamp, 1)).await;
    assert_eq!(first, again);
}
