//! What is left of the shop when a service isn't there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    client::Person,
    example::{QUERY, described},
    fixtures::{DESCRIBE, PLACE, order, place},
    world::Shop,
};

#[tokio::test]
async fn a_service_that_is_gone_takes_its_own_fields_along_and_brings_them_back() {
    let mut shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    let lamp = described(&staff, "Lamp", 1_999, Some(1_200)).await;
    let ada = shop.customer("ada@example.org").await;
    place(&ada, &[(&lamp, 2)]).await;
    let whole = ada.data(QUERY, json!({})).await;

    shop.details.stop().await;
    without_details(&ada, &whole).await;
    gone(&shop, "details").await;
    shop.details.start();
    shop.whole().await;
    assert_eq!(ada.data(QUERY, json!({})).await, whole);

    shop.products.stop().await;
    without_products(&ada, &staff, &lamp).await;
    gone(&shop, "products").await;
    shop.products.start();
    shop.whole().await;
    assert_eq!(ada.data(QUERY, json!({})).await, whole, "nothing was lost, and nothing placed");
    place(&ada, &[(&lamp, 1)]).await;
}

/// Waits until the gateway has written the service off, so that what it sees next is its return.
async fn gone(shop: &Shop, service: &str) {
    shop.gateway.until(|status| status.subgraphs[service].instances == 0).await;
}

/// Runs it, which takes no time that is worth mentioning.
async fn at_once(person: &Person, query: &str, variables: Value) -> Value {
    let begun = Instant::now();
    let answer = person.ask(query, variables).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    answer
}

/// Every path that the errors name, all of which must be of this service's absence.
fn missing(answer: &Value, service: &str) -> Vec<Value> {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer}"));
    let mut paths = Vec::new();
    for error in errors {
        let extensions = &error["extensions"];
        let what = (extensions["code"].as_str(), extensions["service"].as_str());
        assert_eq!(what, (Some("SUBGRAPH_UNAVAILABLE"), Some(service)), "{answer}");
        paths.push(error["path"].clone());
        paths.extend(extensions["paths"].as_array().cloned().unwrap_or_default());
    }
    paths.sort_by_key(Value::to_string);
    paths
}

async fn without_details(ada: &Person, whole: &Value) {
    let answer = at_once(ada, QUERY, json!({})).await;
    let mut expected = whole.clone();
    expected["me"]["orders"]["nodes"][0]["details"] = Value::Null;
    expected["products"]["nodes"][0]["details"] = Value::Null;
    assert_eq!(answer["data"], expected);
    let paths = [json!(["me", "orders", "nodes", 0, "details"]), json!(["products", "nodes", 0, "details"])];
    assert_eq!(missing(&answer, "details"), paths);
}

async fn without_products(ada: &Person, staff: &Person, lamp: &str) {
    let query = "{
        me { orders { nodes { items { name quantity product { id } } } } }
        product(id: 1) { name }
    }";
    let answer = at_once(ada, query, json!({})).await;
    assert_eq!(missing(&answer, "products"), [json!(["product"])]);
    let item = json!({ "name": "Lamp", "quantity": 2, "product": { "id": lamp } });
    assert_eq!(answer["data"]["me"]["orders"]["nodes"][0]["items"], json!([item]), "as it was sold");

    let refused = at_once(ada, PLACE, order(&[(lamp, 1)])).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{refused}");

    let describe = json!({ "id": lamp, "input": { "text": "Unchecked." } });
    let refused = at_once(staff, DESCRIBE, describe).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{refused}");
}
