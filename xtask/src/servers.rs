//! Real servers, private to whoever starts them: on loopback and a free port, gone with the process that started them.
//!
//! Tests call [`Nats::start`], [`postgres`] and [`mongodb`]. Those panic with a clear text when a server can't be
//! had, since a test has nothing better to do; the pieces below them return errors, and `up` builds on these.

pub mod mongodb;
pub mod nats;
mod port;
pub mod postgres;
pub mod rights;
mod secret;
mod test_servers;

pub use mongodb::{Mongo, mongodb};
pub use nats::Nats;
pub use port::{can_listen, free_port};
pub use postgres::{Postgres, postgres};
pub use secret::random_secret;
pub use test_servers::TestServers;

use anyhow::Result;

use crate::workspace;

/// The admin's URL of the PostgreSQL that a whole test run shares; set by `cargo xtask test`.
pub const SHARED_POSTGRES: &str = "TRIBUTARY_TEST_POSTGRES_URL";

/// The URL of the MongoDB that a whole test run shares; set by `cargo xtask test`.
pub const SHARED_MONGODB: &str = "TRIBUTARY_TEST_MONGODB_URL";

/// A folder for a server that lives as long as a test.
fn scratch(prefix: &str) -> Result<tempfile::TempDir> {
    std::fs::create_dir_all(workspace::scratch())?;
    Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(workspace::scratch())?)
}
