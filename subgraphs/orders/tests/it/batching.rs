//! What a request costs: many entities, one statement.

use serde_json::{Value, json};
use shop::testing::Statements;

use crate::support::{customer, service, staff};

#[tokio::test]
async fn many_orders_and_their_items_and_histories_cost_one_statement_each() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let bulb = service.products.add("B-1", 250, "EUR").await;
    let mut representations = Vec::new();
    for quantity in 1..=20 {
        let number = service.place(customer("ada"), &[(lamp, quantity), (bulb, 1)]).await;
        representations.push(json!({ "__typename": "Order", "id": service.order(&number).await["id"] }));
    }
    // An unknown one and one twice, as the gateway may send them.
    representations.push(json!({ "__typename": "Order", "id": "01900000-0000-7000-8000-000000000000" }));
    representations.push(representations[0].clone());

    let query = "query($representations: [_Any!]!) {
        _entities(representations: $representations) {
            ... on Order { id items { quantity subtotal { amount } product { id } } history { kind } }
        }
    }";
    let statements = Statements::record();
    let data = service.data(customer("ada"), query, json!({ "representations": representations })).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 3, "orders, items, events: {seen:#?}");
    let orders = data["_entities"].as_array().unwrap();
    for (index, order) in orders[..20].iter().enumerate() {
        assert_eq!(order["id"], representations[index]["id"], "in the order of the representations");
        assert_eq!(order["items"][0]["quantity"], json!(index + 1));
        assert_eq!(order["history"], json!([{ "kind": "PLACED" }]));
    }
    assert_eq!((&orders[20], &orders[21]), (&Value::Null, &orders[0]));
}

#[tokio::test]
async fn the_orders_of_many_users_cost_one_statement() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let mut representations = Vec::new();
    for user in 0..10 {
        let id = format!("user-{user}");
        for quantity in 1..=3 {
            service.place(customer(&id), &[(lamp, quantity)]).await;
        }
        representations.push(json!({ "__typename": "User", "id": id }));
    }
    representations.push(json!({ "__typename": "User", "id": "nobody" }));

    let query = "query($representations: [_Any!]!) {
        _entities(representations: $representations) {
            ... on User { orders(first: 2) { nodes { items { quantity } customer { id } } pageInfo { hasNextPage } } }
        }
    }";
    let statements = Statements::record();
    let data = service.data(staff(), query, json!({ "representations": representations })).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 2, "the orders of all, the items of all: {seen:#?}");
    for user in 0..10 {
        let order = |quantity: i32| json!({ "items": [{ "quantity": quantity }], "customer": { "id": format!("user-{user}") } });
        let expected =
            json!({ "orders": { "nodes": [order(3), order(2)], "pageInfo": { "hasNextPage": true } } });
        assert_eq!(data["_entities"][user], expected);
    }
    assert_eq!(data["_entities"][10]["orders"]["nodes"], json!([]));
}

#[tokio::test]
async fn many_numbers_cost_one_statement() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let one = service.place(customer("ada"), &[(lamp, 1)]).await;
    let two = service.place(customer("ada"), &[(lamp, 1)]).await;
    let statements = Statements::record();
    let query = "query($one: String!, $two: String!) { one: order(number: $one) { number } two: order(number: $two) { number } }";
    let data = service.data(customer("ada"), query, json!({ "one": one, "two": two })).await;
    assert_eq!(statements.take().len(), 1);
    assert_eq!(data, json!({ "one": { "number": one }, "two": { "number": two } }));
}
