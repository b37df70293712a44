//! The servers that a whole test run shares.

use std::env;
use std::thread;

use anyhow::{Result, anyhow};

use super::{Mongo, Postgres, SHARED_MONGODB, SHARED_POSTGRES};

/// A PostgreSQL and a MongoDB of our own.
#[derive(Debug)]
pub struct TestServers {
    postgres: Postgres,
    mongodb: Mongo,
}

impl TestServers {
    /// Starts both at once. Shared servers of somebody else's run are not ours to use.
    pub fn start() -> Result<Self> {
        thread::scope(|scope| {
            let postgres = scope.spawn(Postgres::private);
            let mongodb = Mongo::private();
            let postgres = postgres.join().map_err(|_| anyhow!("starting PostgreSQL panicked"))?;
            Ok(Self { postgres: postgres?, mongodb: mongodb? })
        })
    }

    /// The admin's URL.
    pub fn postgres_url(&self) -> &str {
        self.postgres.admin_url()
    }

    /// The server's URL.
    pub fn mongodb_url(&self) -> String {
        self.mongodb.url()
    }

    /// What tests look for in their environment.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [(SHARED_POSTGRES, self.postgres_url().to_owned()), (SHARED_MONGODB, self.mongodb_url())]
    }
}

/// The URL in this variable, when it says anything.
pub(super) fn shared(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|url| !url.is_empty())
}
