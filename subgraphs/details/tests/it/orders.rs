//! `Order.details`, computed from what the gateway hands over for `@requires`.

use serde_json::{Value, json};

use crate::support::{Who, euro, order, service};

const DETAILS: &str = "Order { details {
    total { amount currency } shippingWeightGrams
    lines { quantity unitPrice { amount } subtotal { amount currency } weightGrams product { id details { text } } }
} }";

#[tokio::test]
async fn lines_and_totals_are_computed() {
    let service = service().await;
    let lamp = service.write(json!({ "weightGrams": 700, "text": "A lamp" })).await;
    let desk = service.write(json!({ "weightGrams": 31_000 })).await;
    let order = order(1, &[(&lamp, 3, euro(1999)), (&desk, 1, euro(40_000))]);
    let entities = service.entities(DETAILS, &[order]).await;
    let expected = json!({
        "total": { "amount": 45_997, "currency": "EUR" },
        "shippingWeightGrams": 33_100,
        "lines": [
            { "quantity": 3, "unitPrice": { "amount": 1999 }, "subtotal": { "amount": 5997, "currency": "EUR" },
              "weightGrams": 2100, "product": { "id": lamp, "details": { "text": "A lamp" } } },
            { "quantity": 1, "unitPrice": { "amount": 40_000 }, "subtotal": { "amount": 40_000, "currency": "EUR" },
              "weightGrams": 31_000, "product": { "id": desk, "details": { "text": "" } } },
        ],
    });
    assert_eq!(entities[0]["details"], expected);
}

#[tokio::test]
async fn a_parcel_has_no_weight_until_all_its_products_have_one() {
    let service = service().await;
    let lamp = service.write(json!({ "weightGrams": 700 })).await;
    let unknown = "01900000-0000-7000-8000-000000000000";
    let order = order(1, &[(&lamp, 2, euro(1)), (unknown, 1, euro(1))]);
    let entities = service.entities(DETAILS, &[order]).await;
    assert_eq!(entities[0]["details"]["shippingWeightGrams"], Value::Null);
    let weights: Vec<_> = entities[0]["details"]["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["weightGrams"].clone())
        .collect();
    assert_eq!(weights, [json!(1400), Value::Null]);
    assert_eq!(entities[0]["details"]["total"], euro(3));
}

#[tokio::test]
async fn what_does_not_add_up_fails_alone() {
    let service = service().await;
    let lamp = service.write(json!({ "weightGrams": 700 })).await;
    let yen = json!({ "amount": 1, "currency": "JPY" });
    let orders = [
        order(1, &[(&lamp, 1, euro(1)), (&lamp, 1, yen)]),
        order(2, &[(&lamp, 2, euro(i64::MAX))]),
        order(3, &[(&lamp, 2, euro(5))]),
    ];
    let query = "query($all: [_Any!]!) { _entities(representations: $all) { ... on Order { details { total { amount } } } } }";
    let answer = service.ask(Who::Anyone, query, json!({ "all": orders })).await;
    let total = |amount: Value| json!({ "details": { "total": amount } });
    let expected = json!([total(Value::Null), total(Value::Null), total(json!({ "amount": 10 }))]);
    assert_eq!(answer["data"]["_entities"], expected);
    let mut failed: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["path"].to_string(), error["extensions"]["code"].to_string()))
        .collect();
    failed.sort();
    let conflict =
        |index: u8| (format!(r#"["_entities",{index},"details","total"]"#), r#""CONFLICT""#.to_owned());
    assert_eq!(failed, [conflict(0), conflict(1)]);
}

#[tokio::test]
async fn an_order_without_its_items_still_has_its_key() {
    let service = service().await;
    let bare = json!({ "__typename": "Order", "id": "o-1" });
    assert_eq!(service.entities("Order { id }", std::slice::from_ref(&bare)).await, json!([{ "id": "o-1" }]));
    let query = "query($all: [_Any!]!) { _entities(representations: $all) { ... on Order { details { total { amount } } } } }";
    let refused = service.refused(Who::Anyone, query, json!({ "all": [bare] })).await;
    assert_eq!(refused, ("BAD_USER_INPUT".into(), Some("items".into())));
}

#[tokio::test]
async fn an_empty_order_adds_up_to_nothing() {
    let service = service().await;
    let entities = service.entities(DETAILS, &[order(1, &[])]).await;
    assert_eq!(entities[0]["details"], json!({ "total": null, "shippingWeightGrams": 0, "lines": [] }));
}
