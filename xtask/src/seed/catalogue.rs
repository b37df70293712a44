//! The products, from `catalogue.json`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{picture, refused_with};
use crate::http::Client;

const CATALOGUE: &str = include_str!("catalogue.json");

const CREATE: &str = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }";
const FIND: &str =
    "query ($text: String!) { products(first: 50, filter: { text: $text }) { nodes { id sku } } }";
const DESCRIBE: &str = "mutation ($id: ID!, $input: ProductDetailsInput!) { setProductDetails(productId: $id, input: $input) { id } }";

/// A product as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sku: String,
    name: String,
    category: String,
    price: i64,
    stock: i32,
    description: String,
    details: Details,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Details {
    text: String,
    attributes: BTreeMap<String, String>,
    dimensions_mm: [u32; 3],
    weight_grams: u32,
}

/// Puts everything on the shelves; the products' ids, in the file's order.
pub fn stock(staff: &Client) -> Result<Vec<String>> {
    entries()?.iter().map(|entry| create(staff, entry).with_context(|| entry.sku.clone())).collect()
}

fn entries() -> Result<Vec<Entry>> {
    serde_json::from_str(CATALOGUE).context("catalogue.json")
}

fn create(staff: &Client, entry: &Entry) -> Result<String> {
    let input = json!({
        "sku": entry.sku,
        "name": entry.name,
        "category": entry.category,
        "price": { "amount": entry.price, "currency": "EUR" },
        "stock": entry.stock,
        "description": entry.description,
    });
    let created = staff.ask(CREATE, &json!({ "input": input }));
    let id = if refused_with(&created, &["SKU_TAKEN", "CONFLICT"]) {
        find(staff, &entry.sku)?
    } else {
        text(created?.pointer("/createProduct/id"))?
    };
    staff.ask(DESCRIBE, &json!({ "id": id, "input": details(entry) })).context("its details")?;
    Ok(id)
}

fn find(staff: &Client, sku: &str) -> Result<String> {
    let found = staff.ask(FIND, &json!({ "text": format!("\"{sku}\"") }))?;
    let products = found.pointer("/products/nodes").and_then(Value::as_array).cloned().unwrap_or_default();
    let product = products.iter().find(|product| product["sku"] == sku);
    text(product.and_then(|product| product.get("id"))).context("it is taken, and can't be found")
}

fn details(entry: &Entry) -> Value {
    let Details { text, attributes, dimensions_mm: [length, width, height], weight_grams } = &entry.details;
    let attributes = attributes.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    json!({
        "text": text,
        "attributes": attributes.collect::<Vec<_>>(),
        "images": [{ "url": picture::of(&entry.sku, &entry.category), "alt": entry.name }],
        "dimensions": { "lengthMm": length, "widthMm": width, "heightMm": height },
        "weightGrams": weight_grams,
    })
}

fn text(value: Option<&Value>) -> Result<String> {
    Ok(value.and_then(Value::as_str).context("the answer has no id")?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_catalogue_is_a_shop() {
        let entries = entries().unwrap();
        let skus: HashSet<&str> = entries.iter().map(|entry| entry.sku.as_str()).collect();
        let categories: HashSet<&str> = entries.iter().map(|entry| entry.category.as_str()).collect();
        assert!(entries.len() >= 24 && skus.len() == entries.len() && categories.len() >= 4);
        assert!(
            entries.iter().all(|entry| entry.price > 0 && entry.stock > 0 && entry.details.weight_grams > 0)
        );
        assert!(entries.iter().all(|entry| entry.details.attributes.len() >= 2));
    }
}
