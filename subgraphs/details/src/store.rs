//! PostgreSQL: every statement of this service. What it keeps is in `details.rs`.

mod details;
mod read;
mod write;

pub use details::{Attribute, Details, DetailsChange, Dimensions, Image};

use sqlx::PgPool;
use sqlx::migrate::Migrator;

/// The tables, as SQL files in `migrations/details`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/details");

/// The details' database. Clones share one pool.
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
