//! PostgreSQL: every statement of this service. What it keeps is in `product.rs`; one file for each kind of access.

mod event;
mod list;
mod product;
mod quote;
mod read;
mod stock;
mod write;

pub use list::{Filter, Listing, Sort};
pub use product::{NewProduct, Product, ProductChange, StockChange};

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use tributary_subgraph::outbox::Outbox;

use crate::NAME;

/// The tables, as SQL files in `migrations/products`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/products");

/// The products' database. Clones share one pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    outbox: Outbox,
}

impl Store {
    /// A store on a database that has [`MIGRATIONS`].
    pub fn new(pool: PgPool) -> Store {
        let outbox = Outbox::new(NAME).expect("products is a subgraph's name");
        Store { pool, outbox }
    }

    /// Where the events wait that are written with each change.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

/// The columns of a [`Product`], a literal so that statements are made when compiling.
macro_rules! columns {
    () => {
        "id, sku, name, description, category, price_amount, price_currency, stock, archived, version, \
         created_at, updated_at"
    };
}
use columns;
