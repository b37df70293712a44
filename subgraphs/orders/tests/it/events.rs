//! What is told of orders.

use serde_json::{Value, json};
use shop::testing::{Told, waiting};

use crate::support::{CHANGE_ADDRESS, CHANGE_LINES, address, customer, lines, service};

#[tokio::test]
async fn each_change_is_told_and_nothing_personal() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let ada = customer("ada");
    let number = service.place(ada.clone(), &[(lamp, 1)]).await;
    service.data(ada.clone(), CHANGE_ADDRESS, json!({ "number": number, "address": address() })).await;
    service.data(ada, CHANGE_LINES, json!({ "number": number, "items": lines(&[(lamp, 2)]) })).await;
    service.advance(&number, &["CONFIRMED", "SHIPPED"]).await;
    let id = service.order(&number).await["id"].take();
    let told = |verb: &str, version: i64, status: &str, total: i64| Told {
        subject: format!("events.orders.Order.{}.{verb}", id.as_str().unwrap()),
        payload: json!({
            "__typename": "Order", "id": id, "number": number, "status": status, "customerId": "ada",
            "total": { "amount": total, "currency": "EUR" }, "customer": { "__typename": "User", "id": "ada" },
            "readScope": "shop:staff", "version": version,
        }),
    };
    let expected = [
        told("placed", 1, "PENDING", 1999),
        told("updated", 2, "PENDING", 1999),
        told("updated", 3, "PENDING", 3998),
        told("status", 4, "CONFIRMED", 3998),
        told("status", 5, "SHIPPED", 3998),
    ];
    assert_eq!(waiting(&service.pool).await, expected);
}

#[tokio::test]
async fn an_event_says_what_the_graph_says() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let query = "query($number: String!) { order(number: $number) {
        __typename id number status customerId total { amount currency } customer { __typename id } readScope version
    } }";
    let mut data = service.data(customer("ada"), query, json!({ "number": number })).await;
    let event: Value = waiting(&service.pool).await.remove(0).payload;
    assert_eq!(event, data["order"].take());
}

#[test]
fn the_outbox_is_the_kits() {
    let migration = include_str!("../../../../migrations/orders/0002_events.sql");
    assert!(migration.contains(tributary_subgraph::outbox::TABLE));
}
