//! What a request costs: many entities, one statement for each kind of thing.

use serde_json::{Value, json};
use shop::testing::Statements;

use crate::support::{euro, order, product, service};

#[tokio::test]
async fn many_products_cost_one_statement_for_each_kind() {
    let service = service().await;
    let mut products = Vec::new();
    for index in 1..=30 {
        let input = json!({
            "weightGrams": index,
            "attributes": [{ "name": "Number", "value": index.to_string() }],
            "images": [{ "url": format!("https://img.example/{index}"), "alt": "" }],
        });
        products.push(product(&service.write(input).await));
    }
    let statements = Statements::record();
    let entities = service.entities("Product { details { weightGrams } }", &products).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let expected: Vec<Value> = (1..=30).map(|index| json!({ "details": { "weightGrams": index } })).collect();
    assert_eq!(entities, Value::Array(expected), "in the order of the representations");

    service.entities("Product { details { text attributes { value } images { url } } }", &products).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 3, "details, attributes, images: {seen:#?}");
}

#[tokio::test]
async fn the_weights_of_all_lines_of_many_orders_cost_one_statement() {
    let service = service().await;
    let mut ids = Vec::new();
    for weight in 1..=10 {
        ids.push(service.write(json!({ "weightGrams": weight })).await);
    }
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), 2, euro(5))).collect();
    let orders: Vec<_> = (1..=20).map(|number| order(number, &items)).collect();
    let statements = Statements::record();
    let on =
        "Order { details { shippingWeightGrams lines { weightGrams product { details { weightGrams } } } } }";
    let entities = service.entities(on, &orders).await;
    let seen = statements.take();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    for order in entities.as_array().unwrap() {
        assert_eq!(order["details"]["shippingWeightGrams"], 110);
    }
}
