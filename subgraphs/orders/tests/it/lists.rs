//! Pages of orders.

use serde_json::{Value, json};

use crate::support::{customer, service, staff};

const ORDERS: &str = "query($first: Int, $after: String, $last: Int, $before: String, $status: OrderStatus) {
    orders(first: $first, after: $after, last: $last, before: $before, status: $status) {
        nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

const OWN: &str =
    "query($representations: [_Any!]!, $first: Int, $after: String, $last: Int, $before: String) {
    _entities(representations: $representations) { ... on User {
        orders(first: $first, after: $after, last: $last, before: $before) {
            nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    } }
}";

fn numbers(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn own_orders_are_paged_newest_first_in_both_directions() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(service.place(customer("ada"), &[(lamp, 1)]).await);
        service.place(customer("bob"), &[(lamp, 1)]).await;
    }
    placed.reverse();
    let page = async |mut arguments: Value| {
        arguments["representations"] = json!([{ "__typename": "User", "id": "ada" }]);
        service.data(customer("ada"), OWN, arguments).await["_entities"][0]["orders"].take()
    };
    let first = page(json!({ "first": 2 })).await;
    assert_eq!(numbers(&first), placed[..2]);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(numbers(&second), placed[2..4]);
    let third = page(json!({ "first": 2, "after": second["pageInfo"]["endCursor"] })).await;
    assert_eq!(numbers(&third), placed[4..]);
    assert_eq!(third["pageInfo"]["hasNextPage"], false);

    let back = page(json!({ "last": 2, "before": third["pageInfo"]["startCursor"] })).await;
    assert_eq!(numbers(&back), placed[2..4]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);
    let last = page(json!({ "last": 3 })).await;
    assert_eq!(numbers(&last), placed[2..]);
    assert_eq!(numbers(&page(json!({})).await), placed);
}

#[tokio::test]
async fn staff_lists_all_orders_by_status() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let mut placed = Vec::new();
    for who in ["ada", "bob", "eve"] {
        placed.push(service.place(customer(who), &[(lamp, 1)]).await);
    }
    service.advance(&placed[1], &["CONFIRMED"]).await;
    let list = async |arguments: Value| numbers(&service.data(staff(), ORDERS, arguments).await["orders"]);
    let of = |indexes: &[usize]| indexes.iter().map(|&index| placed[index].clone()).collect::<Vec<_>>();
    assert_eq!(list(json!({})).await, of(&[2, 1, 0]));
    assert_eq!(list(json!({ "status": "PENDING" })).await, of(&[2, 0]));
    assert_eq!(list(json!({ "status": "CONFIRMED", "last": 5 })).await, of(&[1]));
    assert_eq!(list(json!({ "status": "SHIPPED" })).await, of(&[]));
    assert_eq!(service.refused(customer("ada"), ORDERS, json!({})).await, "FORBIDDEN");
    assert_eq!(service.refused(None, ORDERS, json!({})).await, "UNAUTHENTICATED");
    for wrong in [
        json!({ "first": 101 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "x" }),
    ] {
        assert_eq!(service.refused(staff(), ORDERS, wrong.clone()).await, "BAD_USER_INPUT", "{wrong}");
    }
}
