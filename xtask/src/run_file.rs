//! `.tributary/run.json`: what runs and how to reach it, for people's scripts and our own tools.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::workspace;

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// The gateway.
    pub gateway: Server,
    /// nats-server, with an operator's credential.
    pub nats: Nats,
    /// PostgreSQL, as its admin.
    pub postgres: Server,
    /// MongoDB.
    pub mongodb: Server,
    /// The services.
    pub subgraphs: BTreeMap<String, Service>,
    /// Whom one can log in as.
    pub users: Vec<User>,
}

/// A server; its pid only where it is our child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its address.
    pub url: String,
    /// Its process.
    pub pid: Option<u32>,
}

/// NATS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nats {
    /// Its address, without a credential.
    pub url: String,
    /// Its process, where it is our child.
    pub pid: Option<u32>,
    /// Who may do everything.
    pub user: Option<String>,
    /// Their password.
    pub password: Option<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its process.
    pub pid: Option<u32>,
}

/// Somebody in the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// `customer`, `staff` or `admin`.
    pub role: String,
}

impl RunFile {
    /// Writes it; only its owner may read it.
    pub fn write(&self) -> io::Result<()> {
        workspace::write_private(&path(), &format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// What it says, true or not: only whoever holds the lock keeps it true.
    pub fn read() -> Option<Self> {
        serde_json::from_slice(&fs::read(path()).ok()?).ok()
    }

    /// Removes it.
    pub fn remove() {
        // Where it isn't, it needn't be removed.
        let _ = fs::remove_file(path());
    }

    /// The gateway's address.
    pub fn gateway_url(&self) -> &str {
        &self.gateway.url
    }

    /// What a person wants to know.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("page      {}/", self.gateway.url),
            format!("live      {}/live", self.gateway.url),
            format!("GraphQL   {}/graphql", self.gateway.url),
            format!("NATS      {} (user and password in .tributary/run.json)", self.nats.url),
            String::new(),
        ];
        lines.extend(
            self.users.iter().map(|user| format!("{:<9} {} {}", user.role, user.email, user.password)),
        );
        lines
    }
}

fn path() -> PathBuf {
    workspace::private().join("run.json")
}
