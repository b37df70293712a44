//! The shop's orders: who bought what, for how much, and what became of it.
//!
//! | module | what is in it |
//! |---|---|
//! | `config` | the command line |
//! | `schema` | the graph: `Query`, `Mutation`, the entities `Order` and `User`; what input is right |
//! | `orders` | the rules: who may do what to an order, and when |
//! | `status`, `number`, `lines` | what the rules are made of; pure |
//! | `quotes` | prices, from products over NATS |
//! | `store` | PostgreSQL: every statement of this service, the types that it keeps, and the events that tell of changes |
//! | `error` | what can go wrong, and what a client is told of it |
//!
//! A request goes `schema` → `orders` → `store`; what is only read skips `orders`. Start reading at `status.rs`, then
//! `schema/mutation.rs`. The other services have the same shape.

mod config;
mod error;
mod lines;
mod number;
mod orders;
mod quotes;
mod schema;
mod status;
mod store;

pub use config::Config;
pub use error::Error;
pub use quotes::Quotes;
pub use schema::{OrdersSchema, schema};
pub use store::{MIGRATIONS, Store};

use anyhow::Context;
use tributary_subgraph::outbox::Relay;
use tributary_subgraph::{Internal, Subgraph};

/// The subgraph's name: its NATS user, and the `<name>` of its subjects.
pub const NAME: &str = "orders";

/// Opens the database, connects to NATS and serves until `shutdown`; what is in flight then is still answered.
pub async fn serve(
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let pool = shop::postgres::open(&config.database_url, &MIGRATIONS).await?;
    let nats =
        tributary_subgraph::connect(NAME, &config.serve.nats).await.context("no connection to NATS")?;
    let quotes = Quotes::new(Internal::new(nats.clone(), NAME));
    let store = Store::new(pool.clone());
    let relay = Relay::new(store.outbox(), pool, nats.clone()).stream(config.events.stream());
    let mut subgraph = Subgraph::new(NAME, schema(store, quotes));
    if let Some(address) = config.serve.http {
        subgraph = subgraph.http(address);
    }
    relay.beside(subgraph.serve(nats, shutdown)).await.context("the subgraph stopped")
}
