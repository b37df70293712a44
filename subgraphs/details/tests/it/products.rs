//! `Product.details` and who may change it.

use serde_json::{Value, json};

use crate::support::{SET, Service, Who, product, service};

const DETAILS: &str = "Product { details {
    text attributes { name value } images { url alt } dimensions { lengthMm widthMm heightMm } weightGrams
} }";

async fn details(service: &Service, id: &str) -> Value {
    service.entities(DETAILS, &[product(id)]).await[0]["details"].take()
}

fn everything() -> Value {
    json!({
        "text": "Solid oak.\nOiled.",
        "attributes": [{ "name": "Wood", "value": "oak" }, { "name": "Finish", "value": "oil" }],
        "images": [{ "url": "https://img.example/desk.jpg", "alt": "A desk" }, { "url": "http://img.example/2.jpg", "alt": "" }],
        "dimensions": { "lengthMm": 1600, "widthMm": 800, "heightMm": 90 },
        "weightGrams": 31_000,
    })
}

#[tokio::test]
async fn what_is_written_is_read_in_its_order() {
    let service = service().await;
    let id = service.write(everything()).await;
    assert_eq!(details(&service, &id).await, everything());
}

#[tokio::test]
async fn of_an_unknown_product_nothing_is_said() {
    let service = service().await;
    for id in ["01900000-0000-7000-8000-000000000000", "seven"] {
        assert_eq!(details(&service, id).await, Value::Null);
    }
}

#[tokio::test]
async fn what_is_absent_stays_and_what_is_null_goes() {
    let service = service().await;
    let id = service.write(everything()).await;
    let set = |input: Value| service.data(Who::Staff, SET, json!({ "id": id, "input": input }));

    set(json!({ "attributes": [{ "name": "Wood", "value": "ash" }] })).await;
    let mut expected = everything();
    expected["attributes"] = json!([{ "name": "Wood", "value": "ash" }]);
    assert_eq!(details(&service, &id).await, expected);

    set(json!({ "text": null, "images": null, "dimensions": null, "weightGrams": null })).await;
    let expected = json!({ "text": "", "attributes": expected["attributes"], "images": [], "dimensions": null, "weightGrams": null });
    assert_eq!(details(&service, &id).await, expected);
}

#[tokio::test]
async fn details_are_removed_with_all_that_belongs_to_them() {
    let service = service().await;
    let id = service.write(everything()).await;
    let remove = "mutation($id: ID!) { removeProductDetails(productId: $id) { details { text } } }";
    let data = service.data(Who::Admin, remove, json!({ "id": id })).await;
    assert_eq!(data["removeProductDetails"]["details"], Value::Null);
    assert_eq!(service.refused(Who::Admin, remove, json!({ "id": id })).await.0, "NOT_FOUND");
    service.data(Who::Staff, SET, json!({ "id": id, "input": { "text": "again" } })).await;
    assert_eq!(details(&service, &id).await["attributes"], json!([]));
}

#[tokio::test]
async fn nothing_is_written_of_a_product_that_does_not_exist() {
    let service = service().await;
    let nothing = ("NOT_FOUND".to_owned(), Some("productId".to_owned()));
    let unknown = "01900000-0000-7000-8000-000000000000";
    for id in [unknown, "seven"] {
        let set = json!({ "id": id, "input": everything() });
        assert_eq!(service.refused(Who::Staff, SET, set).await, nothing, "{id}");
    }
    assert_eq!(details(&service, unknown).await, Value::Null);

    let old = service.write(json!({ "text": "Old." })).await;
    service.products.store.set_archived(old.parse().unwrap(), true).await.unwrap();
    service.data(Who::Staff, SET, json!({ "id": old, "input": { "text": "Older." } })).await;
    assert_eq!(details(&service, &old).await["text"], "Older.", "what is archived exists");
}

#[tokio::test]
async fn nothing_is_written_while_products_is_away_and_all_is_read() {
    let service = service().await;
    let id = service.write(everything()).await;
    let Service { asked, products, nats: _nats, .. } = service;
    products.stop().await;
    let set = json!({ "id": id, "input": { "text": "Unchecked." } });
    assert_eq!(asked.refused(Who::Staff, SET, set).await.0, "SERVICE_UNAVAILABLE");
    let query =
        format!("query($all: [_Any!]!) {{ _entities(representations: $all) {{ ... on {DETAILS} }} }}");
    let data = asked.data(Who::Anyone, &query, json!({ "all": [product(&id)] })).await;
    assert_eq!(data["_entities"][0]["details"], everything());
}

#[tokio::test]
async fn a_mutation_answers_with_what_it_wrote() {
    let service = service().await;
    let id = service.write(json!({ "weightGrams": 1 })).await;
    let twice = "mutation($id: ID!) {
        first: setProductDetails(productId: $id, input: { weightGrams: 2 }) { details { weightGrams } }
        second: setProductDetails(productId: $id, input: { weightGrams: 3 }) { details { weightGrams } }
    }";
    let data = service.data(Who::Staff, twice, json!({ "id": id })).await;
    assert_eq!(data["first"]["details"]["weightGrams"], 2);
    assert_eq!(data["second"]["details"]["weightGrams"], 3);
}

#[tokio::test]
async fn only_staff_and_admins_change_anything() {
    let service = service().await;
    let id = service.write(everything()).await;
    let variables = json!({ "id": id, "input": { "text": "mine now" } });
    for mutation in [SET, "mutation($id: ID!) { removeProductDetails(productId: $id) { id } }"] {
        assert_eq!(service.refused(Who::Anyone, mutation, variables.clone()).await.0, "UNAUTHENTICATED");
        assert_eq!(service.refused(Who::Customer, mutation, variables.clone()).await.0, "FORBIDDEN");
    }
    assert_eq!(details(&service, &id).await, everything());
}

#[tokio::test]
async fn wrong_input_names_the_field() {
    let service = service().await;
    let id = service.write(everything()).await;
    let many = |count: usize, item: fn(usize) -> Value| (0..count).map(item).collect::<Vec<_>>();
    let image = |url: &str| json!({ "images": [{ "url": url, "alt": "" }] });
    for (input, field) in [
        (json!({ "text": "a".repeat(50_001) }), "text"),
        (json!({ "text": "a\u{0}b" }), "text"),
        (json!({ "attributes": [{ "name": "", "value": "x" }] }), "attributes.0.name"),
        (json!({ "attributes": [{ "name": "Wood", "value": " " }] }), "attributes.0.value"),
        (
            json!({ "attributes": [{ "name": "Wood", "value": "oak" }, { "name": "wood", "value": "ash" }] }),
            "attributes.1.name",
        ),
        (
            json!({ "attributes": many(51, |index| json!({ "name": index.to_string(), "value": "x" })) }),
            "attributes",
        ),
        (
            json!({ "images": many(21, |index| json!({ "url": format!("https://img.example/{index}"), "alt": "" })) }),
            "images",
        ),
        (image("javascript:alert(1)"), "images.0.url"),
        (image("/desk.jpg"), "images.0.url"),
        (image("https://"), "images.0.url"),
        (json!({ "dimensions": { "lengthMm": 1, "widthMm": 0, "heightMm": 1 } }), "dimensions.widthMm"),
        (
            json!({ "dimensions": { "lengthMm": 100_001, "widthMm": 1, "heightMm": 1 } }),
            "dimensions.lengthMm",
        ),
        (json!({ "weightGrams": -5 }), "weightGrams"),
        (json!({ "weightGrams": 0 }), "weightGrams"),
    ] {
        let refused = service.refused(Who::Staff, SET, json!({ "id": id, "input": input })).await;
        assert_eq!(refused, ("BAD_USER_INPUT".into(), Some(field.into())), "{input}");
    }
    let unknown = service.refused(Who::Staff, SET, json!({ "id": "seven", "input": {} })).await;
    assert_eq!(unknown, ("NOT_FOUND".into(), Some("productId".into())));
    assert_eq!(details(&service, &id).await, everything(), "nothing of it was written");
}
