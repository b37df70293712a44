//! Servers that somebody else runs, named by the environment.

use std::env;

/// The variables, in the order of the fields.
const NAMES: [&str; 3] = ["TRIBUTARY_NATS_URL", "TRIBUTARY_POSTGRES_URL", "TRIBUTARY_MONGODB_URL"];

/// Which servers are somebody else's.
#[derive(Debug, Clone, Default)]
pub struct Foreign {
    /// NATS; its URL's credential is everybody's, and rights are its owner's affair.
    pub nats: Option<String>,
    /// PostgreSQL, as somebody who may make databases.
    pub postgres: Option<String>,
    /// MongoDB.
    pub mongodb: Option<String>,
}

impl Foreign {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let [nats, postgres, mongodb] =
            NAMES.map(|name| env::var(name).ok().filter(|url| !url.trim().is_empty()));
        Self { nats, postgres, mongodb }
    }

    /// Whether any is.
    pub fn any(&self) -> bool {
        !self.names().is_empty()
    }

    /// The variables that are set.
    pub fn names(&self) -> Vec<&'static str> {
        let set = [self.nats.is_some(), self.postgres.is_some(), self.mongodb.is_some()];
        NAMES.into_iter().zip(set).filter_map(|(name, is_set)| is_set.then_some(name)).collect()
    }
}
