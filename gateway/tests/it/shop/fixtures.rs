//! What is sold, and the steps that several walks begin with.

use serde_json::{Value, json};

use super::client::Person;

pub const CREATE: &str = "mutation($input: CreateProductInput!) {
    createProduct(input: $input) { id sku name description category stock archived price { amount currency } }
}";

pub const DESCRIBE: &str = "mutation($id: ID!, $input: ProductDetailsInput!) {
    setProductDetails(productId: $id, input: $input) {
        id sku details {
            text attributes { name value } images { url alt } dimensions { lengthMm widthMm heightMm } weightGrams
        }
    }
}";

pub const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { id number status total { amount currency } }
}";

/// A price in euro cents.
pub fn euro(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// A product to be created.
pub fn product(sku: &str, name: &str, price: Value) -> Value {
    json!({ "sku": sku, "name": name, "category": "lighting", "price": price, "stock": 10 })
}

/// Creates a product; its id.
pub async fn create(staff: &Person, input: Value) -> String {
    let data = staff.data(CREATE, json!({ "input": input })).await;
    data["createProduct"]["id"].as_str().unwrap().to_owned()
}

/// Where orders go.
pub fn address() -> Value {
    json!({
        "recipient": "Ada Lovelace", "line1": "St James's Square 12", "postalCode": "SW1Y 4JH",
        "city": "London", "country": "gb",
    })
}

/// The lines of an order.
pub fn items(lines: &[(&str, i32)]) -> Value {
    lines.iter().map(|(product, quantity)| json!({ "productId": product, "quantity": quantity })).collect()
}

/// The variables of [`PLACE`].
pub fn order(lines: &[(&str, i32)]) -> Value {
    json!({ "input": { "items": items(lines), "address": address() } })
}

/// Places an order; its number.
pub async fn place(customer: &Person, lines: &[(&str, i32)]) -> String {
    let data = customer.data(PLACE, order(lines)).await;
    data["placeOrder"]["number"].as_str().unwrap().to_owned()
}
