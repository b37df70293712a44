//! PostgreSQL: every statement of this service. What it keeps is in `order.rs`; one file for each kind of access.

mod change;
mod event;
mod list;
mod order;
mod place;
mod read;

pub use list::Slice;
pub use order::{Address, Event, EventKind, Item, Order};
pub use place::{Attempt, NewOrder, Placed};

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use tributary_subgraph::outbox::Outbox;

use crate::NAME;

/// The tables, as SQL files in `migrations/orders`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/orders");

/// The orders' database. Clones share one pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    outbox: Outbox,
}

impl Store {
    /// A store on a database that has [`MIGRATIONS`].
    pub fn new(pool: PgPool) -> Store {
        let outbox = Outbox::new(NAME).expect("orders is a subgraph's name");
        Store { pool, outbox }
    }

    /// Where the events wait that are written with each change.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

/// The columns of an [`Order`], a literal so that statements are made when compiling.
macro_rules! columns {
    () => {
        "id, number, customer_id, status, currency, total, recipient, line1, line2, postal_code, city, region, country, \
         version, created_at, updated_at"
    };
}
use columns;
