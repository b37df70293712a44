//! Products, and what is said of them.

use serde_json::{Value, json};

use super::{
    client::Person,
    fixtures::{CREATE, DESCRIBE, create, euro, place, product},
    world::Shop,
};

const PRODUCT: &str = "query($id: ID!) {
    product(id: $id) { name stock archived price { amount currency } details { text weightGrams } }
}";

#[tokio::test]
async fn staff_keeps_the_catalogue() {
    let shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    let lamp = creating(&staff).await;
    updating(&staff, &lamp).await;
    adjusting_stock(&staff, &lamp).await;
    archiving(&shop, &staff, &lamp).await;
    describing(&shop, &staff, &lamp).await;
    deleting(&shop, &staff, &lamp).await;
}

async fn creating(staff: &Person) -> String {
    let input = json!({
        "sku": "LAMP-1", "name": "Desk lamp", "description": "Bright.", "category": "lighting",
        "price": { "amount": "9007199254740993", "currency": "EUR" }, "stock": 3,
    });
    let mut data = staff.data(CREATE, json!({ "input": input })).await;
    let id = data["createProduct"]["id"].take();
    let expected = json!({
        "id": null, "sku": "LAMP-1", "name": "Desk lamp", "description": "Bright.", "category": "lighting",
        "stock": 3, "archived": false, "price": { "amount": 9007199254740993_i64, "currency": "EUR" },
    });
    assert_eq!(data["createProduct"], expected, "64 bits, to the last");

    for (change, expected) in [
        (json!({ "sku": "lamp-1" }), ("CONFLICT", "sku")),
        (json!({ "price": euro(-1) }), ("BAD_USER_INPUT", "price.amount")),
        (json!({ "price": { "amount": 1, "currency": "ZZZ" } }), ("BAD_USER_INPUT", "price.currency")),
        (json!({ "stock": -1 }), ("BAD_USER_INPUT", "stock")),
        (json!({ "name": "" }), ("BAD_USER_INPUT", "name")),
    ] {
        let mut input = product("LAMP-2", "Lamp", euro(100));
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (code, field) = staff.blamed(CREATE, json!({ "input": input })).await;
        assert_eq!((code.as_str(), field.as_str()), expected, "{change}");
    }
    id.as_str().unwrap().to_owned()
}

async fn updating(staff: &Person, lamp: &str) {
    let update = "mutation($id: ID!, $input: UpdateProductInput!) {
        updateProduct(id: $id, input: $input) { sku name price { amount } category }
    }";
    let input = json!({ "name": "Floor lamp", "price": euro(4900) });
    let data = staff.data(update, json!({ "id": lamp, "input": input })).await;
    let expected = json!({
        "sku": "LAMP-1", "name": "Floor lamp", "price": { "amount": 4900 }, "category": "lighting",
    });
    assert_eq!(data["updateProduct"], expected, "what is absent stays");
    assert_eq!(staff.refused(update, json!({ "id": "nothing", "input": {} })).await, "NOT_FOUND");
}

async fn adjusting_stock(staff: &Person, lamp: &str) {
    let adjust = "mutation($id: ID!, $delta: Int!, $reason: String!) {
        adjustStock(id: $id, delta: $delta, reason: $reason) {
            stock stockChanges { delta stockAfter reason changedBy }
        }
    }";
    let by = |delta: i32| json!({ "id": lamp, "delta": delta, "reason": "counted" });
    let data = staff.data(adjust, by(-2)).await;
    let newest = &data["adjustStock"]["stockChanges"][0];
    assert_eq!(data["adjustStock"]["stock"], 1);
    assert_eq!(newest, &json!({ "delta": -2, "stockAfter": 1, "reason": "counted", "changedBy": staff.id }));
    assert_eq!(staff.refused(adjust, by(-2)).await, "CONFLICT", "a stock is never negative");
    assert_eq!(staff.refused(adjust, by(0)).await, "BAD_USER_INPUT");
    assert_eq!(staff.data(PRODUCT, json!({ "id": lamp })).await["product"]["stock"], 1);
}

async fn archiving(shop: &Shop, staff: &Person, lamp: &str) {
    let count = |data: Value| data["products"]["nodes"].as_array().unwrap().len();
    let (listed, all) =
        ("{ products { nodes { id } } }", "{ products(filter: { includeArchived: true }) { nodes { id } } }");
    let archive = "mutation($id: ID!) { archiveProduct(id: $id) { archived } }";
    assert_eq!(staff.data(archive, json!({ "id": lamp })).await["archiveProduct"]["archived"], true);
    assert_eq!(count(shop.anyone().data(listed, json!({})).await), 0);
    assert_eq!(count(staff.data(all, json!({})).await), 1);
    let still = shop.anyone().data(PRODUCT, json!({ "id": lamp })).await;
    assert_eq!(still["product"]["archived"], true, "it is there for those who know it");

    let restore = "mutation($id: ID!) { restoreProduct(id: $id) { archived } }";
    assert_eq!(staff.data(restore, json!({ "id": lamp })).await["restoreProduct"]["archived"], false);
    assert_eq!(count(shop.anyone().data(listed, json!({})).await), 1);
}

/// The mutation is of one service, and its answer of two.
async fn describing(shop: &Shop, staff: &Person, lamp: &str) {
    let everything = json!({
        "text": "Solid oak.\nOiled.",
        "attributes": [{ "name": "Wood", "value": "oak" }, { "name": "Finish", "value": "oil" }],
        "images": [{ "url": "https://img.example/lamp.jpg", "alt": "A lamp" }],
        "dimensions": { "lengthMm": 300, "widthMm": 300, "heightMm": 1600 },
        "weightGrams": 4200,
    });
    let data = staff.data(DESCRIBE, json!({ "id": lamp, "input": everything })).await;
    let expected = json!({ "id": lamp, "sku": "LAMP-1", "details": everything });
    assert_eq!(data["setProductDetails"], expected);
    let read = shop.anyone().data(PRODUCT, json!({ "id": lamp })).await;
    assert_eq!(read["product"]["name"], "Floor lamp");
    assert_eq!(read["product"]["details"], json!({ "text": everything["text"], "weightGrams": 4200 }));
    let wrong = json!({ "id": lamp, "input": { "weightGrams": -1 } });
    assert_eq!(staff.blamed(DESCRIBE, wrong).await, ("BAD_USER_INPUT".into(), "weightGrams".into()));

    let unknown = json!({ "id": "01900000-0000-7000-8000-000000000000", "input": { "text": "Of what?" } });
    assert_eq!(staff.blamed(DESCRIBE, unknown).await, ("NOT_FOUND".into(), "productId".into()));

    let remove = "mutation($id: ID!) { removeProductDetails(productId: $id) { name details { text } } }";
    let data = staff.data(remove, json!({ "id": lamp })).await;
    assert_eq!(data["removeProductDetails"], json!({ "name": "Floor lamp", "details": null }));
    assert_eq!(staff.refused(remove, json!({ "id": lamp })).await, "NOT_FOUND");
}

/// Only what was never quoted can be deleted; the price of an order's product was.
async fn deleting(shop: &Shop, staff: &Person, lamp: &str) {
    let delete = "mutation($id: ID!) { deleteProduct(id: $id) }";
    let unsold = create(staff, product("SHADE-1", "Shade", euro(900))).await;
    let deleted = staff.data(delete, json!({ "id": unsold })).await;
    assert_eq!(deleted, json!({ "deleteProduct": unsold }));
    assert_eq!(staff.data(PRODUCT, json!({ "id": unsold })).await, json!({ "product": null }));
    assert_eq!(staff.refused(delete, json!({ "id": unsold })).await, "NOT_FOUND");

    let ada = shop.customer("ada@example.org").await;
    place(&ada, &[(lamp, 1)]).await;
    assert_eq!(staff.refused(delete, json!({ "id": lamp })).await, "CONFLICT");
}
