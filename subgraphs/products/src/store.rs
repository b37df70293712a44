//! PostgreSQL: every statement of this service. What it keeps is in `product.rs`; one file for each kind of access.

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

/// The tables, as SQL files in `migrations/products`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/products");

/// The products' database. Clones share one pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// A store on a database that has [`MIGRATIONS`].
    pub fn new(pool: PgPool) -> Store {
        Store { pool }
    }
}

/// The columns of a [`Product`], a literal so that statements are made when compiling.
macro_rules! columns {
    () => {
        "id, sku, name, description, category, price_amount, price_currency, stock, archived, created_at, updated_at"
    };
}
use columns;
