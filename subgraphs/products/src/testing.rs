//! The service, running in the process of a test of a service that asks it.

use clap::Parser;
use serde_json::{Value, json};
use shop::Money;
use shop::testing::{Asked, Who, Wire};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Config, MIGRATIONS, NAME, NewProduct, Store, schema, serve};

/// The products service until it is stopped.
pub struct Running {
    /// What it keeps.
    pub store: Store,
    stop: oneshot::Sender<()>,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts it on an empty database, and returns when `wire` has heard of it.
    ///
    /// # Panics
    /// When the database can't be opened.
    pub async fn start(nats: String, database_url: String, wire: &mut Wire) -> Running {
        let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.expect("a database");
        let config = Config::parse_from([NAME, "--nats", &nats, "--database-url", &database_url]);
        let (stop, stopped) = oneshot::channel();
        // On a thread of its own: what it asks its database by itself is none of what a test records.
        let served = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(config, async { stopped.await.unwrap_or_default() }))
        });
        wire.up(NAME).await;
        Running { store: Store::new(pool), stop, served }
    }

    /// Adds a product; its id.
    ///
    /// # Panics
    /// When the SKU is taken, or no such currency exists.
    pub async fn add(&self, sku: &str, amount: i64, currency: &str) -> Uuid {
        let product = NewProduct {
            sku: sku.to_owned(),
            name: format!("Lamp {sku}"),
            description: String::new(),
            category: "lighting".to_owned(),
            price: Money::new(amount, currency.parse().expect("a currency")),
            stock: 1_000,
        };
        self.store.create(product, "staff-1").await.expect("a new product").id
    }

    /// Changes a product, as staff does.
    pub async fn update(&self, id: Uuid, input: Value) {
        let query = "mutation($id: ID!, $input: UpdateProductInput!) { updateProduct(id: $id, input: $input) { id } }";
        let asked = Asked(schema(self.store.clone()));
        asked.data(Who::Staff, query, json!({ "id": id, "input": input })).await;
    }

    /// Gives a product another price.
    pub async fn reprice(&self, id: Uuid, amount: i64) {
        self.update(id, json!({ "price": { "amount": amount, "currency": "EUR" } })).await;
    }

    /// Stops it and waits until it has left.
    ///
    /// # Panics
    /// When it had ended before.
    pub async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.served.await.expect("it doesn't panic").expect("it ends well");
    }
}
