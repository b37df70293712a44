//! A nats-server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tempfile::TempDir;

use super::port::accepts;
use super::rights::{Rights, configuration};
use crate::process::{Spawn, StopSignal, Supervised};
use crate::{tools, workspace};

/// The shop's subgraphs, and names for tests that bring their own.
const SUBGRAPHS: [&str; 10] =
    ["products", "orders", "details", "auth", "accounts", "inventory", "reviews", "alpha", "beta", "gamma"];

/// Among these, tests call each other as they like.
const CALLING: [&str; 3] = ["alpha", "beta", "gamma"];

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running nats-server with the rights of `deploy/nats/`.
#[derive(Debug)]
pub struct Nats {
    settings: Settings,
    process: Supervised,
    port: u16,
    /// Held so that the store goes when the server does.
    _scratch: Option<TempDir>,
}

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Holds configuration and store; nobody else may read it.
    pub folder: PathBuf,
    /// A port, or none for any.
    pub port: Option<u16>,
    /// None for a server that lets everybody do everything.
    pub rights: Option<Rights>,
    /// Where the server's output goes.
    pub log: PathBuf,
    /// For a test: the folder that is worth nothing once we are dead.
    pub trash: Option<PathBuf>,
}

impl Nats {
    /// A private server for a test, with users for the shop's subgraphs and some more.
    ///
    /// # Panics
    /// Where no server can be had, saying why.
    pub fn start() -> Self {
        let mut rights = rights_for(&SUBGRAPHS);
        for (caller, called) in CALLING.iter().flat_map(|caller| CALLING.map(|called| (*caller, called))) {
            rights = rights.call(caller, &format!("internal.{called}.*"));
        }
        Self::private(Some(rights))
    }

    /// A private server for a test, with a user for each of these subgraphs.
    ///
    /// # Panics
    /// Where no server can be had, saying why.
    pub fn start_with(subgraphs: &[&str]) -> Self {
        Self::private(Some(rights_for(subgraphs)))
    }

    /// A private server for a test that lets everybody do everything.
    ///
    /// # Panics
    /// Where no server can be had, saying why.
    pub fn start_open() -> Self {
        Self::private(None)
    }

    /// Starts a server.
    pub fn launch(settings: Settings) -> Result<Self> {
        let port = settings.port;
        let (process, port) = spawn(&settings, port)?;
        Ok(Self { settings, process, port, _scratch: None })
    }

    /// Its address, without a credential.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its address with this user's credential.
    ///
    /// # Panics
    /// When the server knows no such user.
    pub fn url_for(&self, user: &str) -> String {
        match self.settings.rights.as_ref().map(|rights| rights.password(user)) {
            None => self.url(),
            Some(Some(password)) => format!("nats://{user}:{password}@127.0.0.1:{}", self.port),
            Some(None) => panic!("this nats-server has no user `{user}`; name it in Nats::start_with"),
        }
    }

    /// A user's password.
    pub fn password(&self, user: &str) -> Option<&str> {
        self.settings.rights.as_ref()?.password(user)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again with the same port and store, after killing it if it still runs.
    ///
    /// # Panics
    /// When it doesn't start again, saying why.
    pub fn restart(&mut self) {
        self.process.kill();
        match spawn(&self.settings, Some(self.port)) {
            Ok((process, _)) => self.process = process,
            Err(cause) => panic!("nats-server doesn't start again: {cause:#}"),
        }
    }

    /// Hands over the process, for whoever stops all of them in order.
    pub fn into_process(self) -> Supervised {
        self.process
    }

    fn private(rights: Option<Rights>) -> Self {
        Self::try_private(rights).unwrap_or_else(|cause| panic!("no private nats-server: {cause:#}"))
    }

    fn try_private(rights: Option<Rights>) -> Result<Self> {
        let scratch = super::scratch("nats-")?;
        let folder = scratch.path().to_owned();
        let log = folder.join("log");
        let settings = Settings { folder: folder.clone(), port: None, rights, log, trash: Some(folder) };
        let mut server = Self::launch(settings)?;
        server._scratch = Some(scratch);
        Ok(server)
    }
}

fn rights_for(subgraphs: &[&str]) -> Rights {
    let gateways =
        Rights::new().gateway("gateway", "gw1").and_then(|rights| rights.gateway("gateway2", "gw2"));
    let all =
        gateways.and_then(|rights| subgraphs.iter().try_fold(rights, |rights, name| rights.subgraph(name)));
    all.unwrap_or_else(|cause| panic!("{cause:#}"))
}

fn spawn(settings: &Settings, port: Option<u16>) -> Result<(Supervised, u16)> {
    let server = tools::nats::provide()?;
    let folder = &settings.folder;
    fs::create_dir_all(folder).with_context(|| format!("can't make {}", workspace::shown(folder)))?;
    let listen = format!("127.0.0.1:{}", port.map_or(-1, i32::from));
    let store = folder.join("store").display().to_string();
    workspace::write_private(
        &folder.join("server.conf"),
        &configuration(&listen, &store, settings.rights.as_ref()),
    )?;

    let mut command = Command::new(&server.program);
    command.arg("--config").arg(folder.join("server.conf")).arg("--ports_file_dir").arg(folder);
    let process = Supervised::spawn(
        &command,
        Spawn {
            name: "nats-server".into(),
            log: settings.log.clone(),
            stop: if settings.trash.is_some() { StopSignal::Kill } else { StopSignal::Terminate },
            trash: settings.trash.clone(),
        },
    )?;
    await_port(process, folder)
}

/// The server writes the port that it took into a file, so that nobody else can take it in between.
fn await_port(mut process: Supervised, folder: &Path) -> Result<(Supervised, u16)> {
    let file = folder.join(format!("nats-server_{}.ports", process.pid()));
    let until = Instant::now() + START_LIMIT;
    while Instant::now() < until {
        if let Some(status) = process.exited() {
            bail!("nats-server ended at start ({status}):\n{}", process.last_words());
        }
        if let Some(port) = read_port(&file)
            && accepts(port)
        {
            return Ok((process, port));
        }
        thread::sleep(Duration::from_millis(10));
    }
    bail!("nats-server isn't ready after {START_LIMIT:?}:\n{}", process.last_words())
}

#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

fn read_port(file: &Path) -> Option<u16> {
    let ports: Ports = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    ports.nats.first()?.rsplit_once(':')?.1.parse().ok()
}
