//! A service on a database of its own, asked in-process as different people.

use std::ops::Deref;

use products::{MIGRATIONS, ProductsSchema, Store};
use serde_json::{Value, json};
use shop::testing::Asked;
pub use shop::testing::Who;
use sqlx::PgPool;

pub struct Service {
    asked: Asked<ProductsSchema>,
    pub store: Store,
    pub database_url: String,
}

pub async fn service() -> Service {
    let database_url = xtask::servers::postgres().create_database("products");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    let store = Store::new(pool);
    Service { asked: Asked(products::schema(store.clone())), store, database_url }
}

impl Deref for Service {
    type Target = Asked<ProductsSchema>;

    fn deref(&self) -> &Self::Target {
        &self.asked
    }
}

impl Service {
    /// The database, for what isn't in the graph.
    pub async fn pool(&self) -> PgPool {
        PgPool::connect(&self.database_url).await.unwrap()
    }

    /// Creates a product that differs from others by `sku`, and `with` other fields; returns its id.
    pub async fn create(&self, sku: &str, with: Value) -> String {
        let mut input = json!({
            "sku": sku, "name": format!("Lamp {sku}"), "category": "lighting",
            "price": { "amount": 1999, "currency": "EUR" },
        });
        for (key, value) in with.as_object().unwrap() {
            input[key] = value.clone();
        }
        let data = self.data(Who::Staff, CREATE, json!({ "input": input })).await;
        data["createProduct"]["id"].as_str().unwrap().to_owned()
    }
}

pub const CREATE: &str = "mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }";
