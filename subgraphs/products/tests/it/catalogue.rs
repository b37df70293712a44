//! Creating, changing, archiving and deleting, by whom and with what.

use serde_json::json;

use crate::support::{CREATE, Who, service};

const PRODUCT: &str = "query($id: ID!) {
    product(id: $id) {
        id sku name description category price { amount currency } stock archived createdAt updatedAt
    }
}";

#[tokio::test]
async fn a_product_is_created_and_read() {
    let service = service().await;
    let with = json!({ "description": "warm light\ndimmable", "stock": 7 });
    let id = service.create("L-1", with).await;
    let data = service.data(Who::Anyone, PRODUCT, json!({ "id": id })).await;
    let product = &data["product"];
    assert_eq!(product["id"], json!(id));
    assert_eq!(product["sku"], "L-1");
    assert_eq!(product["description"], "warm light\ndimmable");
    assert_eq!(product["price"], json!({ "amount": 1999, "currency": "EUR" }));
    assert_eq!(product["stock"], 7);
    assert_eq!(product["archived"], false);
    assert_eq!(product["createdAt"], product["updatedAt"]);
}

#[tokio::test]
async fn what_does_not_exist_is_null_to_read_and_not_found_to_change() {
    let service = service().await;
    for id in ["01900000-0000-7000-8000-000000000000", "seven"] {
        let data = service.data(Who::Anyone, PRODUCT, json!({ "id": id })).await;
        assert_eq!(data, json!({ "product": null }));
        for mutation in [
            "mutation($id: ID!) { updateProduct(id: $id, input: {}) { id } }",
            "mutation($id: ID!) { archiveProduct(id: $id) { id } }",
            "mutation($id: ID!) { deleteProduct(id: $id) }",
            "mutation($id: ID!) { adjustStock(id: $id, delta: 1, reason: \"found\") { id } }",
        ] {
            assert_eq!(
                service.refused(Who::Staff, mutation, json!({ "id": id })).await.0,
                "NOT_FOUND",
                "{mutation}"
            );
        }
    }
}

#[tokio::test]
async fn only_staff_and_admins_change_anything() {
    let service = service().await;
    let id = service.create("L-1", json!({})).await;
    let input =
        json!({ "sku": "L-2", "name": "x", "category": "x", "price": { "amount": 1, "currency": "EUR" } });
    let variables = json!({ "id": id, "input": input });
    for mutation in [
        CREATE,
        "mutation($id: ID!) { updateProduct(id: $id, input: { name: \"y\" }) { id } }",
        "mutation($id: ID!) { archiveProduct(id: $id) { id } }",
        "mutation($id: ID!) { restoreProduct(id: $id) { id } }",
        "mutation($id: ID!) { deleteProduct(id: $id) }",
        "mutation($id: ID!) { adjustStock(id: $id, delta: 1, reason: \"found\") { id } }",
    ] {
        assert_eq!(
            service.refused(Who::Anyone, mutation, variables.clone()).await.0,
            "UNAUTHENTICATED",
            "{mutation}"
        );
        assert_eq!(
            service.refused(Who::Customer, mutation, variables.clone()).await.0,
            "FORBIDDEN",
            "{mutation}"
        );
    }
    service.data(Who::Admin, CREATE, json!({ "input": input })).await;
}

#[tokio::test]
async fn wrong_input_names_the_field() {
    let service = service().await;
    for (wrong, field) in [
        (json!({ "sku": "" }), "sku"),
        (json!({ "sku": "a b" }), "sku"),
        (json!({ "sku": "a".repeat(65) }), "sku"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "a\nb" }), "name"),
        (json!({ "category": "" }), "category"),
        (json!({ "description": "a".repeat(5_001) }), "description"),
        (json!({ "price": { "amount": -1, "currency": "EUR" } }), "price.amount"),
        (json!({ "price": { "amount": 1, "currency": "EURO" } }), "price.currency"),
        (json!({ "stock": -1 }), "stock"),
    ] {
        let mut input =
            json!({ "sku": "L", "name": "L", "category": "c", "price": { "amount": 1, "currency": "EUR" } });
        for (key, value) in wrong.as_object().unwrap() {
            input[key] = value.clone();
        }
        let refused = service.refused(Who::Staff, CREATE, json!({ "input": input })).await;
        assert_eq!(refused, ("BAD_USER_INPUT".into(), Some(field.into())), "{wrong}");
    }
}

#[tokio::test]
async fn a_sku_is_taken_whatever_its_case() {
    let service = service().await;
    service.create("lamp-1", json!({})).await;
    let other = service.create("lamp-2", json!({})).await;
    let input =
        json!({ "sku": "LAMP-1", "name": "x", "category": "x", "price": { "amount": 1, "currency": "EUR" } });
    let refused = service.refused(Who::Staff, CREATE, json!({ "input": input })).await;
    assert_eq!(refused, ("CONFLICT".into(), Some("sku".into())));
    let rename = "mutation($id: ID!) { updateProduct(id: $id, input: { sku: \"Lamp-1\" }) { id } }";
    assert_eq!(service.refused(Who::Staff, rename, json!({ "id": other })).await.0, "CONFLICT");
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let service = service().await;
    let id = service.create("L-1", json!({ "description": "old", "stock": 3 })).await;
    let update = "mutation($id: ID!) {
        updateProduct(id: $id, input: { name: \"New\", description: null, price: { amount: \"5\", currency: \"JPY\" } }) {
            sku name description price { amount currency } stock
        }
    }";
    let data = service.data(Who::Staff, update, json!({ "id": id })).await;
    let expected = json!({ "sku": "L-1", "name": "New", "description": "old", "price": { "amount": 5, "currency": "JPY" }, "stock": 3 });
    assert_eq!(data["updateProduct"], expected);
}

#[tokio::test]
async fn an_archived_product_is_no_longer_listed_but_still_resolves() {
    let service = service().await;
    let id = service.create("L-1", json!({})).await;
    let archive = "mutation($id: ID!) { archiveProduct(id: $id) { archived updatedAt } }";
    let first = service.data(Who::Staff, archive, json!({ "id": id })).await;
    assert_eq!(first["archiveProduct"]["archived"], true);
    assert_eq!(service.data(Who::Staff, archive, json!({ "id": id })).await, first, "twice is as once");

    let list = "query($all: Boolean!) { products(filter: { includeArchived: $all }) { nodes { id } } }";
    assert_eq!(
        service.data(Who::Anyone, list, json!({ "all": false })).await["products"]["nodes"],
        json!([])
    );
    let all = service.data(Who::Staff, list, json!({ "all": true })).await;
    assert_eq!(all["products"]["nodes"], json!([{ "id": id }]));
    assert_eq!(service.refused(Who::Customer, list, json!({ "all": true })).await.0, "FORBIDDEN");

    let entity = "query($id: ID!) { _entities(representations: [{ __typename: \"Product\", id: $id }]) { ... on Product { archived } } }";
    let data = service.data(Who::Anyone, entity, json!({ "id": id })).await;
    assert_eq!(data["_entities"], json!([{ "archived": true }]));

    let restore = "mutation($id: ID!) { restoreProduct(id: $id) { archived } }";
    assert_eq!(
        service.data(Who::Staff, restore, json!({ "id": id })).await["restoreProduct"]["archived"],
        false
    );
}

#[tokio::test]
async fn what_was_never_quoted_can_be_deleted() {
    let service = service().await;
    let id = service.create("L-1", json!({ "stock": 2 })).await;
    let quoted = service.create("L-2", json!({})).await;
    service.store.quote(&[quoted.parse().unwrap()]).await.unwrap();

    let delete = "mutation($id: ID!) { deleteProduct(id: $id) }";
    assert_eq!(service.data(Who::Staff, delete, json!({ "id": id })).await, json!({ "deleteProduct": id }));
    assert_eq!(service.data(Who::Anyone, PRODUCT, json!({ "id": id })).await, json!({ "product": null }));
    assert_eq!(service.refused(Who::Staff, delete, json!({ "id": quoted })).await.0, "CONFLICT");
    assert!(service.data(Who::Anyone, PRODUCT, json!({ "id": quoted })).await["product"].is_object());
}
