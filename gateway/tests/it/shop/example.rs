//! The query that shows what all of this is for: one answer from all four services.

use serde_json::{Value, json};

use super::{
    client::Person,
    fixtures::{DESCRIBE, create, euro, place, product},
    world::Shop,
};

pub const QUERY: &str = "{
    me { email orders(first: 2) { nodes {
        number status total { amount currency } customer { email }
        details {
            shippingWeightGrams
            lines { quantity subtotal { amount } product { name stock details { attributes { name value } } } }
        }
    } } }
    products(first: 3) { nodes { name price { amount currency } details { images { url } } } }
}";

/// Creates a product with details; its id.
pub async fn described(staff: &Person, name: &str, price: i64, weight: Option<i32>) -> String {
    let id = create(staff, product(name, name, euro(price))).await;
    let input = json!({
        "attributes": [{ "name": "Colour", "value": format!("{name} red") }],
        "images": [{ "url": format!("https://img.example/{name}.jpg"), "alt": name }],
        "weightGrams": weight,
    });
    staff.data(DESCRIBE, json!({ "id": id, "input": input })).await;
    id
}

#[tokio::test]
async fn one_query_is_answered_by_all_four_services() {
    let shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    let desk = described(&staff, "Desk", 30_000, Some(31_000)).await;
    let lamp = described(&staff, "Lamp", 1_999, Some(1_200)).await;
    let kite = described(&staff, "Kite", 500, None).await;
    create(&staff, product("Plain", "Plain", euro(1))).await;
    let ada = shop.customer("ada@example.org").await;
    place(&ada, &[(&desk, 1)]).await;
    let second = place(&ada, &[(&desk, 1), (&lamp, 3)]).await;
    let third = place(&ada, &[(&lamp, 1), (&kite, 2)]).await;

    let line = |name: &str, quantity: i32, subtotal: i32| {
        json!({ "quantity": quantity, "subtotal": { "amount": subtotal }, "product": {
            "name": name, "stock": 10,
            "details": { "attributes": [{ "name": "Colour", "value": format!("{name} red") }] },
        } })
    };
    let order = |number: &str, total: i32, grams: Value, lines: [Value; 2]| {
        json!({
            "number": number, "status": "PENDING", "total": { "amount": total, "currency": "EUR" },
            "customer": { "email": "ada@example.org" },
            "details": { "shippingWeightGrams": grams, "lines": lines },
        })
    };
    let listed = |name: &str, price: i32, details: Value| json!({ "name": name, "price": { "amount": price, "currency": "EUR" }, "details": details });
    let image = |name: &str| json!({ "images": [{ "url": format!("https://img.example/{name}.jpg") }] });
    let expected = json!({
        "me": { "email": "ada@example.org", "orders": { "nodes": [
            // What the kite weighs isn't known.
            order(&third, 2_999, Value::Null, [line("Lamp", 1, 1_999), line("Kite", 2, 1_000)]),
            order(&second, 35_997, json!(34_600), [line("Desk", 1, 30_000), line("Lamp", 3, 5_997)]),
        ] } },
        "products": { "nodes": [
            listed("Plain", 1, Value::Null), listed("Kite", 500, image("Kite")), listed("Lamp", 1_999, image("Lamp")),
        ] },
    });
    assert_eq!(ada.data(QUERY, json!({})).await, expected);

    let stranger = shop.anyone().data(QUERY, json!({})).await;
    assert_eq!(stranger, json!({ "me": null, "products": expected["products"] }));
}
