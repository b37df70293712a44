//! A PostgreSQL cluster.

mod cluster;
mod psql;

use std::sync::{Arc, OnceLock};

use anyhow::Result;
use tempfile::TempDir;

use super::test_servers::shared;
use super::{SHARED_POSTGRES, random_secret};
use crate::tools;

pub use cluster::{Cluster, Settings, check_privileges, major_of};
pub use psql::{Psql, with_database};

/// A PostgreSQL for tests.
#[derive(Debug, Clone)]
pub struct Postgres {
    psql: Psql,
    /// Held so that a private cluster lives as long as somebody uses it.
    _server: Option<Arc<Private>>,
}

#[derive(Debug)]
struct Private {
    _cluster: Cluster,
    _scratch: TempDir,
}

/// A PostgreSQL for tests: the run's shared one, else one that lives as long as this process.
///
/// # Panics
/// Where no server can be had, saying why.
pub fn postgres() -> Postgres {
    static PRIVATE: OnceLock<Postgres> = OnceLock::new();
    let fail = |cause: anyhow::Error| -> ! { panic!("no private PostgreSQL: {cause:#}") };
    match shared(SHARED_POSTGRES) {
        Some(url) => Postgres::shared(&url).unwrap_or_else(|cause| fail(cause)),
        None => PRIVATE.get_or_init(|| Postgres::private().unwrap_or_else(|cause| fail(cause))).clone(),
    }
}

impl Postgres {
    /// Makes a new, empty database, whose name begins with `name`, and returns its URL.
    ///
    /// # Panics
    /// When it can't be made, saying why.
    pub fn create_database(&self, name: &str) -> String {
        let name = format!("{name}_{}", random_secret().to_lowercase());
        match self.psql.create_database(&name) {
            Ok(url) => url,
            Err(cause) => panic!("can't make the database {name}: {cause:#}"),
        }
    }

    /// The URL that may do everything.
    pub(super) fn admin_url(&self) -> &str {
        self.psql.url()
    }

    /// A cluster that lives as long as somebody holds this handle.
    pub(super) fn private() -> Result<Self> {
        let programs = tools::postgres::provide(None)?;
        let scratch = super::scratch("postgres-")?;
        let (store, log) = (scratch.path().join("store"), scratch.path().join("log"));
        let password = cluster::copy_template(&programs, &store)?;
        let trash = Some(scratch.path().to_owned());
        let cluster = Cluster::launch(&programs, &Settings { store, log, password, trash })?;
        let psql = Psql::new(&programs, &cluster.url());
        Ok(Self { psql, _server: Some(Arc::new(Private { _cluster: cluster, _scratch: scratch })) })
    }

    fn shared(url: &str) -> Result<Self> {
        let programs = tools::postgres::provide(None)?;
        Ok(Self { psql: Psql::new(&programs, url), _server: None })
    }
}
