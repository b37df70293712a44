//! Making a cluster and serving it.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{Spawn, StopSignal, Supervised};
use crate::servers::{free_port, random_secret};
use crate::tools::postgres::Programs;
use crate::workspace;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Without these, a test's cluster would wait for the disk at each commit.
const CARELESS: [&str; 4] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400"];

/// A served cluster.
#[derive(Debug)]
pub struct Cluster {
    process: Supervised,
    port: u16,
    password: String,
}

/// What a cluster is served with.
#[derive(Debug)]
pub struct Settings {
    /// Its data.
    pub store: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
    /// The password of its admin, `postgres`.
    pub password: String,
    /// For a test: the folder that is worth nothing once we are dead.
    pub trash: Option<PathBuf>,
}

impl Cluster {
    /// Serves a cluster on a free port, making it first where there is none.
    pub fn launch(programs: &Programs, settings: &Settings) -> Result<Self> {
        if !settings.store.exists() {
            make(programs, &settings.store, &settings.password)?;
        }
        forget_dead_postmaster(&settings.store);
        let mut tries = 0;
        loop {
            tries += 1;
            let port = free_port()?;
            match serve(programs, settings, port) {
                Ok(process) => return Ok(Self { process, port, password: settings.password.clone() }),
                // Somebody may have taken the port since we asked for it.
                Err(cause) if tries == 3 => return Err(cause),
                Err(_) => {}
            }
        }
    }

    /// The admin's URL.
    pub fn url(&self) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", self.password, self.port)
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

/// The version that made this data directory, if it is one.
pub fn major_of(store: &Path) -> Option<u32> {
    fs::read_to_string(store.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Copies a cluster that is made once for each installation: `initdb` takes seconds, and each test's process needs one.
/// Returns the admin's password.
pub(super) fn copy_template(programs: &Programs, store: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (&programs.bin, &programs.origin).hash(&mut hasher);
    let template = workspace::tools().join(format!("postgres-template-{:016x}", hasher.finish()));
    let password = template.with_extension("password");
    fs::create_dir_all(workspace::tools())?;
    let guard = File::create(template.with_extension("lock"))?;
    guard.lock()?;
    if !template.exists() {
        let secret = random_secret();
        workspace::write_private(&password, &secret)?;
        make(programs, &template, &secret)?;
    }
    guard.unlock()?;
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).arg(&template).arg(store).status()?;
    ensure!(copied.success(), "can't copy {}", workspace::shown(&template));
    Ok(fs::read_to_string(password)?)
}

/// `initdb`, beside the final place, so that an interrupted one is never taken for a cluster.
fn make(programs: &Programs, store: &Path, password: &str) -> Result<()> {
    let unfinished = store.with_extension("unfinished");
    let secret = store.with_extension("initial-password");
    let _ = fs::remove_dir_all(&unfinished);
    if let Some(folder) = store.parent() {
        fs::create_dir_all(folder)?;
    }
    workspace::write_private(&secret, password)?;
    let mut command = unprivileged(&programs.program("initdb"));
    command.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
    command.arg("--pwfile").arg(&secret).arg("--pgdata").arg(&unfinished);
    let output = command.output().context("can't start initdb")?;
    fs::remove_file(&secret)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "initdb failed: {}", said.trim());
    fs::rename(&unfinished, store)?;
    Ok(())
}

fn serve(programs: &Programs, settings: &Settings, port: u16) -> Result<Supervised> {
    let mut command = unprivileged(&programs.program("postgres"));
    command.arg("-D").arg(&settings.store).args(["-p", &port.to_string()]);
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    if settings.trash.is_some() {
        command.args(CARELESS.iter().flat_map(|setting| ["-c", setting]));
    }
    let spawn = Spawn {
        name: "PostgreSQL".into(),
        log: settings.log.clone(),
        stop: if settings.trash.is_some() { StopSignal::Kill } else { StopSignal::Interrupt },
        trash: settings.trash.clone(),
    };
    let mut process = Supervised::spawn(&command, spawn)?;
    let until = Instant::now() + START_LIMIT;
    while Instant::now() < until {
        if let Some(status) = process.exited() {
            bail!("PostgreSQL ended at start ({status}):\n{}", process.last_words());
        }
        if is_ready(&settings.store, process.pid()) {
            return Ok(process);
        }
        thread::sleep(Duration::from_millis(10));
    }
    bail!("PostgreSQL isn't ready after {START_LIMIT:?}:\n{}", process.last_words())
}

/// PostgreSQL refuses to run as root, and another user can't reach a checkout below root's home. In a user namespace
/// of its own it runs as somebody else in name, with root's access to its files.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=1000", "--map-group=1000"]).arg(program);
    command
}

/// Whether a cluster can be served at all; else why not, in one line with the remedy.
pub fn check_privileges() -> Result<()> {
    let tried = unprivileged(Path::new("true")).output();
    let able = tried.is_ok_and(|output| output.status.success());
    ensure!(
        able,
        "PostgreSQL can't be started by root here, without user namespaces: do this as another user"
    );
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The postmaster writes its state into a file, as `pg_ctl` reads it.
fn is_ready(store: &Path, pid: u32) -> bool {
    let text = fs::read_to_string(store.join("postmaster.pid")).unwrap_or_default();
    let mut lines = text.lines();
    let owner = lines.next().and_then(|line| line.trim().parse().ok());
    owner == Some(pid) && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

/// After a kill the file remains, and PostgreSQL takes any process of ours that has the same pid by now for its owner.
/// A real one's folder is the store.
fn forget_dead_postmaster(store: &Path) {
    let file = store.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&file) else { return };
    let pid = text.lines().next().unwrap_or_default().trim();
    let lives = fs::read_link(format!("/proc/{pid}/cwd")).ok() == fs::canonicalize(store).ok();
    if !lives {
        // If it can't be removed, PostgreSQL itself says what is wrong.
        let _ = fs::remove_file(file);
    }
}
