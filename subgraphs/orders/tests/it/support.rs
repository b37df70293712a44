//! The service on a database of its own, asked in-process as different people, with products running beside it.

use async_graphql::{Request, Variables};
use clap::Parser;
use orders::{MIGRATIONS, OrdersSchema, Quotes, Store};
use products::NewProduct;
use serde_json::{Value, json};
use shop::Money;
use shop::testing::Wire;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tributary_subgraph::{IdempotencyKey, Identity, Internal};
use uuid::Uuid;
use xtask::servers::Nats;

pub struct Service {
    pub schema: OrdersSchema,
    pub pool: PgPool,
    pub database_url: String,
    pub nats: Nats,
    pub wire: Wire,
    pub products: Products,
}

/// The products service, running.
pub struct Products {
    pub store: products::Store,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

pub async fn service() -> Service {
    let nats = Nats::start();
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    let products = Products::start(&nats, &mut wire).await;
    let database_url = xtask::servers::postgres().create_database("orders");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    let client = tributary_subgraph::connect("orders", &nats.url_for("orders")).await.unwrap();
    let schema = orders::schema(Store::new(pool.clone()), Quotes::new(Internal::new(client, "orders")));
    Service { schema, pool, database_url, nats, wire, products }
}

impl Products {
    async fn start(nats: &Nats, wire: &mut Wire) -> Products {
        let database_url = xtask::servers::postgres().create_database("products");
        let pool = shop::postgres::open(&database_url, &products::MIGRATIONS).await.unwrap();
        let arguments = ["products", "--nats", &nats.url_for("products"), "--database-url", &database_url];
        let config = products::Config::parse_from(arguments);
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(products::serve(config, async { stopped.await.unwrap_or_default() }));
        wire.up("products").await;
        Products { store: products::Store::new(pool), stop, running }
    }

    /// Adds a product; its id.
    pub async fn add(&self, sku: &str, amount: i64, currency: &str) -> Uuid {
        let product = NewProduct {
            sku: sku.to_owned(),
            name: format!("Lamp {sku}"),
            description: String::new(),
            category: "lighting".to_owned(),
            price: Money::new(amount, currency.parse().unwrap()),
            stock: 1_000,
        };
        self.store.create(product, "staff-1").await.unwrap().id
    }

    /// Changes a product, as staff does.
    pub async fn update(&self, id: Uuid, input: Value) {
        let query = "mutation($id: ID!, $input: UpdateProductInput!) { updateProduct(id: $id, input: $input) { id } }";
        let request =
            Request::new(query).variables(Variables::from_json(json!({ "id": id, "input": input })));
        let request = request.data(staff().expect("staff is somebody"));
        products::schema(self.store.clone()).execute(request).await.into_result().unwrap();
    }

    /// Gives a product another price.
    pub async fn reprice(&self, id: Uuid, amount: i64) {
        self.update(id, json!({ "price": { "amount": amount, "currency": "EUR" } })).await;
    }

    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

pub fn customer(id: &str) -> Option<Identity> {
    identity(id, "customer")
}

pub fn staff() -> Option<Identity> {
    identity("staff-1", "staff")
}

fn identity(id: &str, role: &str) -> Option<Identity> {
    Some(Identity::new(json!({ "sub": id, "role": role }).as_object().unwrap().clone()))
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

impl Service {
    /// The whole answer.
    pub async fn ask(&self, who: Option<Identity>, query: &str, variables: Value) -> Value {
        self.ask_with(who, None, query, variables).await
    }

    /// The whole answer to a request with an idempotency key.
    pub async fn ask_with(
        &self,
        who: Option<Identity>,
        key: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Value {
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        if let Some(identity) = who {
            request = request.data(identity);
        }
        if let Some(key) = key {
            request = request.data(IdempotencyKey(key.to_owned()));
        }
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }

    /// The data of an answer without errors.
    pub async fn data(&self, who: Option<Identity>, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(who, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code of the first error.
    pub async fn refused(&self, who: Option<Identity>, query: &str, variables: Value) -> String {
        code(&self.ask(who, query, variables).await)
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

pub fn code(answer: &Value) -> String {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("no code in {answer}")).to_owned()
}
