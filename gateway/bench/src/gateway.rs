//! Our gateway, as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::running::Running;

/// A gateway, until it is dropped.
pub struct Gateway {
    running: Running,
    /// Where it answers.
    pub address: SocketAddr,
    /// From its start until it was ready.
    pub took: Duration,
}

/// How one is started.
pub struct Starting<'a> {
    /// Its program.
    pub program: &'a Path,
    /// What its log is called.
    pub name: &'a str,
    /// nats-server's address, with its user.
    pub nats: &'a str,
    /// The id that this user is for.
    pub id: &'a str,
    /// What else it is told.
    pub arguments: &'a [&'a str],
}

impl Gateway {
    /// Starts it; returns when it is ready.
    pub fn start(how: &Starting<'_>, folder: &Path) -> Result<Self> {
        let mut command = Command::new(how.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.args(["--gateway-id", how.id, "--nats", how.nats]).args(how.arguments);
        let begun = Instant::now();
        let mut running = Running::start(how.name, &command, folder)?;
        let address = running.until("says nowhere that it listens", |log| log.lines().find_map(address))?;
        running.until_answers(&format!("http://{address}/health/ready"))?;
        Ok(Self { running, address, took: begun.elapsed() })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }
}

/// Where it listens, if that line of its log says so.
fn address(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["graphql"].as_str()?;
    line["address"].as_str()?.parse().ok()
}
