//! The shop's products: what is sold, for how much, how many are left.
//!
//! | module | what is in it |
//! |---|---|
//! | `config` | the command line |
//! | `schema` | the graph: `Query`, `Mutation`, the entity `Product`; who may do what; what input is right |
//! | `store` | PostgreSQL: every statement of this service, the types that it keeps, and the events that tell of changes |
//! | `internal` | what the other services ask: prices, and whether a product exists |
//! | `error` | what can go wrong, and what a client is told of it |
//! | `testing` | (feature `testing`) the service, running, for the tests of those that ask it |
//!
//! A request goes `schema` → `store`. Start reading at `schema/query.rs`. The other services have the same shape.

mod config;
mod error;
mod internal;
mod schema;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use config::Config;
pub use error::Error;
pub use internal::{check_handler, quote_handler};
pub use schema::{ProductsSchema, schema};
pub use store::{MIGRATIONS, NewProduct, Product, Store};

use anyhow::Context;
use tributary_subgraph::Subgraph;
use tributary_subgraph::outbox::Relay;

/// The subgraph's name: its NATS user, and the `<name>` of its subjects.
pub const NAME: &str = "products";

/// Opens the database, connects to NATS and serves until `shutdown`; what is in flight then is still answered.
pub async fn serve(
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let pool = shop::postgres::open(&config.database_url, &MIGRATIONS).await?;
    let store = Store::new(pool.clone());
    let nats =
        tributary_subgraph::connect(NAME, &config.serve.nats).await.context("no connection to NATS")?;
    let relay = Relay::new(store.outbox(), pool, nats.clone()).stream(config.events.stream());
    let mut subgraph = Subgraph::new(NAME, schema(store.clone()))
        .internal(shop::quote::VERB, quote_handler(store.clone()))
        .internal(shop::check::VERB, check_handler(store));
    if let Some(address) = config.serve.http {
        subgraph = subgraph.http(address);
    }
    relay.beside(subgraph.serve(nats, shutdown)).await.context("the subgraph stopped")
}
