//! What a request costs: many entities, one statement.

use serde_json::{Value, json};
use shop::testing::Statements;

use crate::support::{Who, service};

const ENTITIES: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on Product { sku } }
}";

#[tokio::test]
async fn many_entities_cost_one_statement() {
    let service = service().await;
    let mut representations = Vec::new();
    for index in 0..40 {
        let id = service.create(&format!("L-{index}"), json!({})).await;
        representations.push(json!({ "__typename": "Product", "id": id }));
    }
    // An unknown one and one twice, as the gateway may send them.
    representations.push(json!({ "__typename": "Product", "id": "01900000-0000-7000-8000-000000000000" }));
    representations.push(representations[0].clone());

    let statements = Statements::record();
    let data = service.data(Who::Anyone, ENTITIES, json!({ "representations": representations })).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 1, "{seen:#?}");

    let mut expected: Vec<Value> = (0..40).map(|index| json!({ "sku": format!("L-{index}") })).collect();
    expected.extend([Value::Null, json!({ "sku": "L-0" })]);
    assert_eq!(data["_entities"], Value::Array(expected), "in the order of the representations");
}

#[tokio::test]
async fn a_page_and_the_ledgers_of_all_its_products_cost_two() {
    let service = service().await;
    for index in 0..10 {
        service.create(&format!("L-{index}"), json!({ "stock": index + 1 })).await;
    }
    let statements = Statements::record();
    let query = "{ products(sort: OLDEST) { nodes { sku stock stockChanges { delta } } } }";
    let data = service.data(Who::Staff, query, json!({})).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 2, "{seen:#?}");
    for product in data["products"]["nodes"].as_array().unwrap() {
        assert_eq!(product["stockChanges"], json!([{ "delta": product["stock"] }]));
    }
}
