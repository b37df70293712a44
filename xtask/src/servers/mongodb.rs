//! A MongoDB, or its stand-in.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tempfile::TempDir;

use super::port::{accepts, free_port};
use super::test_servers::shared;
use super::{SHARED_MONGODB, random_secret};
use crate::process::{Spawn, StopSignal, Supervised};
use crate::tools;

const START_LIMIT: Duration = Duration::from_secs(60);

/// A place in a MongoDB for one test.
#[derive(Debug, Clone)]
pub struct Mongo {
    url: String,
    database: String,
    /// Held so that a private server lives as long as somebody uses it.
    _server: Option<Arc<Private>>,
}

#[derive(Debug)]
struct Private {
    _server: Server,
    _scratch: TempDir,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Supervised,
    port: u16,
}

/// What a server is started with.
#[derive(Debug)]
pub struct Settings {
    /// Its data.
    pub store: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
    /// For a test: the folder that is worth nothing once we are dead.
    pub trash: Option<PathBuf>,
}

/// A MongoDB for a test: the run's shared one, else one that lives as long as this process.
///
/// # Panics
/// Where no server can be had, saying why.
pub fn mongodb() -> Mongo {
    static PRIVATE: OnceLock<Mongo> = OnceLock::new();
    let start = || Mongo::private().unwrap_or_else(|cause| panic!("no private MongoDB: {cause:#}"));
    let server = match shared(SHARED_MONGODB) {
        Some(url) => Mongo { url, database: String::new(), _server: None },
        None => PRIVATE.get_or_init(start).clone(),
    };
    Mongo { database: format!("test_{}", random_secret()), ..server }
}

impl Mongo {
    /// The server's address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A database of this handle's own.
    pub fn database_name(&self) -> String {
        self.database.clone()
    }

    /// A server that lives as long as somebody holds this handle.
    pub(super) fn private() -> Result<Self> {
        let scratch = super::scratch("mongodb-")?;
        let (store, log) = (scratch.path().join("store"), scratch.path().join("log"));
        let server = Server::launch(&Settings { store, log, trash: Some(scratch.path().to_owned()) })?;
        let (url, database) = (server.url(), format!("test_{}", random_secret()));
        Ok(Self { url, database, _server: Some(Arc::new(Private { _server: server, _scratch: scratch })) })
    }
}

impl Server {
    /// Starts a server on a free port.
    pub fn launch(settings: &Settings) -> Result<Self> {
        let program = tools::mongodb::provide(tools::mongodb::maker(&settings.store))?;
        fs::create_dir_all(&settings.store)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let port = free_port()?;
            let command = program.command(&settings.store, port, settings.trash.is_none());
            let process = Supervised::spawn(&command, settings.spawn())?;
            match await_ready(process, port) {
                Ok(process) => return Ok(Self { process, port }),
                // Somebody may have taken the port since we asked for it.
                Err(cause) if tries == 3 => return Err(cause),
                Err(_) => {}
            }
        }
    }

    /// Its address, with which drivers talk to this server alone.
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Hands over the process, for whoever stops all of them in order.
    pub fn into_process(self) -> Supervised {
        self.process
    }
}

impl Settings {
    fn spawn(&self) -> Spawn {
        Spawn {
            name: "MongoDB".into(),
            log: self.log.clone(),
            stop: if self.trash.is_some() { StopSignal::Kill } else { StopSignal::Terminate },
            trash: self.trash.clone(),
        }
    }
}

fn await_ready(mut process: Supervised, port: u16) -> Result<Supervised> {
    let until = Instant::now() + START_LIMIT;
    while Instant::now() < until {
        if let Some(status) = process.exited() {
            bail!("MongoDB ended at start ({status}):\n{}", process.last_words());
        }
        if accepts(port) {
            return Ok(process);
        }
        thread::sleep(Duration::from_millis(20));
    }
    bail!("MongoDB isn't ready after {START_LIMIT:?}:\n{}", process.last_words())
}
