//! A service on a database of its own, asked in-process as different people, with products running beside it.

use std::ops::Deref;

use details::{DetailsSchema, MIGRATIONS, Products, Store};
use products::testing::Running;
use serde_json::{Value, json};
pub use shop::testing::Who;
use shop::testing::{Asked, Wire};
use tributary_subgraph::{Internal, connect};
use uuid::Uuid;
use xtask::servers::Nats;

pub struct Service {
    pub asked: Asked<DetailsSchema>,
    pub database_url: String,
    pub nats: Nats,
    pub wire: Wire,
    pub products: Running,
}

pub const SET: &str = "mutation($id: ID!, $input: ProductDetailsInput!) {
    setProductDetails(productId: $id, input: $input) { id }
}";

pub async fn service() -> Service {
    let nats = Nats::start();
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    let postgres = xtask::servers::postgres();
    let products =
        Running::start(nats.url_for("products"), postgres.create_database("products"), &mut wire).await;
    let database_url = postgres.create_database("details");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    let client = connect("details", &nats.url_for("details")).await.unwrap();
    let schema = details::schema(Store::new(pool), Products::new(Internal::new(client, "details")));
    Service { asked: Asked(schema), database_url, nats, wire, products }
}

impl Deref for Service {
    type Target = Asked<DetailsSchema>;

    fn deref(&self) -> &Self::Target {
        &self.asked
    }
}

impl Service {
    /// Writes the details of a new product and returns its id.
    pub async fn write(&self, input: Value) -> String {
        let id = self.products.add(&Uuid::now_v7().to_string(), 1_999, "EUR").await.to_string();
        self.data(Who::Staff, SET, json!({ "id": id, "input": input })).await;
        id
    }

    /// The `details` of the entities, as the gateway asks for them.
    pub async fn entities(&self, on: &str, representations: &[Value]) -> Value {
        let query = format!("query($all: [_Any!]!) {{ _entities(representations: $all) {{ ... on {on} }} }}");
        self.data(Who::Anyone, &query, json!({ "all": representations })).await["_entities"].take()
    }
}

pub fn product(id: &str) -> Value {
    json!({ "__typename": "Product", "id": id })
}

/// A representation of an order with one of each item: `(product, quantity, price)`.
pub fn order(number: u8, items: &[(&str, i32, Value)]) -> Value {
    let item = |(product, quantity, price): &(&str, i32, Value)| {
        json!({
            "__typename": "OrderItem",
            "quantity": quantity,
            "unitPrice": price,
            "product": { "__typename": "Product", "id": product },
        })
    };
    let id = format!("01900000-0000-7000-8000-0000000000{number:02}");
    json!({ "__typename": "Order", "id": id, "items": items.iter().map(item).collect::<Vec<_>>() })
}

pub fn euro(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}
