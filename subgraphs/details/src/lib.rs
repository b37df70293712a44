//! The shop's details: what is to be said of a product beyond its name and price, and what follows from it for an order.
//!
//! | module | what is in it |
//! |---|---|
//! | `config` | the command line |
//! | `schema` | the graph: `Product.details`, `Order.details`, the mutations; who may do what; what input is right |
//! | `store` | PostgreSQL: every statement of this service, and the types that it keeps |
//! | `order` | what an order's lines add up to; pure |
//! | `products` | whether a product exists, asked of products over NATS |
//! | `error` | what can go wrong, and what a client is told of it |
//!
//! Neither products nor orders are this service's: it knows them by id, and of an order what the gateway hands it
//! through `@requires`. So it asks products before it writes anything of one. Start reading at `schema/query.rs`.

mod config;
mod error;
mod order;
mod products;
mod schema;
mod store;

pub use config::Config;
pub use error::Error;
pub use products::Products;
pub use schema::{DetailsSchema, schema};
pub use store::{MIGRATIONS, Store};

use anyhow::Context;
use tributary_subgraph::{Internal, Subgraph};

/// The subgraph's name: its NATS user, and the `<name>` of its subjects.
pub const NAME: &str = "details";

/// Opens the database, connects to NATS and serves until `shutdown`; what is in flight then is still answered.
pub async fn serve(
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let pool = shop::postgres::open(&config.database_url, &MIGRATIONS).await?;
    let nats =
        tributary_subgraph::connect(NAME, &config.serve.nats).await.context("no connection to NATS")?;
    let products = Products::new(Internal::new(nats.clone(), NAME));
    let mut subgraph = Subgraph::new(NAME, schema(Store::new(pool), products));
    if let Some(address) = config.serve.http {
        subgraph = subgraph.http(address);
    }
    subgraph.serve(nats, shutdown).await.context("the subgraph stopped")
}
