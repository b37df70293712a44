//! The service on a database of its own, asked in-process as different people, with products running beside it.

use std::ops::Deref;

use orders::{MIGRATIONS, OrdersSchema, Quotes, Store};
use products::testing::Running;
use serde_json::{Value, json};
pub use shop::testing::code;
use shop::testing::{Asked, Who, Wire, identity, request};
use sqlx::PgPool;
use tributary_subgraph::{IdempotencyKey, Identity, Internal};
use uuid::Uuid;
use xtask::servers::Nats;

pub struct Service {
    pub asked: Asked<OrdersSchema>,
    pub pool: PgPool,
    pub database_url: String,
    pub nats: Nats,
    pub wire: Wire,
    pub products: Running,
}

pub async fn service() -> Service {
    let nats = Nats::start();
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    let postgres = xtask::servers::postgres();
    let products =
        Running::start(nats.url_for("products"), postgres.create_database("products"), &mut wire).await;
    let database_url = postgres.create_database("orders");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    let client = tributary_subgraph::connect("orders", &nats.url_for("orders")).await.unwrap();
    let schema = orders::schema(Store::new(pool.clone()), Quotes::new(Internal::new(client, "orders")));
    Service { asked: Asked(schema), pool, database_url, nats, wire, products }
}

pub fn customer(id: &str) -> Option<Identity> {
    Some(identity(id, "customer"))
}

pub fn staff() -> Option<Identity> {
    Who::Staff.into()
}

pub fn address() -> Value {
    json!({ "recipient": "Ada Lovelace", "line1": "St James's Square 12", "postalCode": "SW1Y 4JH", "city": "London", "country": "gb" })
}

pub fn lines(lines: &[(Uuid, i32)]) -> Value {
    lines.iter().map(|(product, quantity)| json!({ "productId": product, "quantity": quantity })).collect()
}

pub const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { id number status total { amount currency } }
}";

pub const ORDER: &str = "query($number: String!) {
    order(number: $number) {
        id number status total { amount currency } customer { id }
        items { product { id } quantity unitPrice { amount currency } subtotal { amount } name sku }
        address { recipient line1 line2 postalCode city region country }
        history { kind status by { id } role note }
    }
}";

pub const CANCEL: &str = "mutation($number: String!, $reason: String = \"changed my mind\") {
    cancelOrder(number: $number, reason: $reason) { status }
}";

pub const ADVANCE: &str = "mutation($number: String!, $to: OrderStatus!, $note: String) {
    advanceOrder(number: $number, to: $to, note: $note) { status }
}";

pub const CHANGE_LINES: &str = "mutation($number: String!, $items: [OrderItemInput!]!) {
    changeLines(number: $number, items: $items) { total { amount currency } items { quantity } }
}";

pub const CHANGE_ADDRESS: &str = "mutation($number: String!, $address: AddressInput!) {
    changeAddress(number: $number, address: $address) { address { city country line2 } }
}";

impl Deref for Service {
    type Target = Asked<OrdersSchema>;

    fn deref(&self) -> &Self::Target {
        &self.asked
    }
}

impl Service {
    /// The whole answer to a request with an idempotency key.
    pub async fn ask_with(&self, who: Option<Identity>, key: &str, query: &str, variables: Value) -> Value {
        self.run(request(who, query, variables).data(IdempotencyKey(key.to_owned()))).await
    }

    /// The code of the first error.
    pub async fn refused(&self, who: Option<Identity>, query: &str, variables: Value) -> String {
        self.asked.refused(who, query, variables).await.0
    }

    /// Places an order of these lines; its number.
    pub async fn place(&self, who: Option<Identity>, items: &[(Uuid, i32)]) -> String {
        let input = json!({ "items": lines(items), "address": address() });
        let data = self.data(who, PLACE, json!({ "input": input })).await;
        data["placeOrder"]["number"].as_str().unwrap().to_owned()
    }

    /// Moves an order on, as staff.
    pub async fn advance(&self, number: &str, to: &[&str]) {
        for to in to {
            self.data(staff(), ADVANCE, json!({ "number": number, "to": to })).await;
        }
    }

    /// The order as staff sees it.
    pub async fn order(&self, number: &str) -> Value {
        self.data(staff(), ORDER, json!({ "number": number })).await["order"].take()
    }
}
