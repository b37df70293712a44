//! `cargo xtask up`: the whole shop on one machine.

mod address;
mod apps;
mod backing;
mod detach;
mod example;
mod family;
mod foreign;
mod lock;
mod plan;
mod preflight;
mod prepare;
mod progress;

use std::fs;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::Programs;
use crate::interrupt::Interrupt;
use crate::run_file::{self, RunFile, User};
use crate::seed::{self, Seed};
use crate::servers::can_listen;
use crate::{shop, workspace};

use backing::Backing;
use family::Family;
use foreign::Foreign;
use lock::RunLock;

pub use address::Address;
pub use family::Leftovers;
pub use lock::Running;
pub use progress::Progress;

/// How the shop is to run.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Return once the shop answers; `cargo xtask down` stops it
    #[arg(long)]
    pub detach: bool,
    /// Forget the data of earlier runs first (`.tributary/data`, nothing else)
    #[arg(long)]
    pub fresh: bool,
    /// The gateway's port
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Fill the shop even where its data is on servers named by TRIBUTARY_*_URL
    #[arg(long)]
    pub seed: bool,
    /// The cargo profile of the programs
    #[arg(long, default_value = "dev")]
    pub profile: String,
    /// The process that `--detach` leaves behind
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// Starts the shop and, unless it is to be detached, keeps it until it is interrupted.
pub fn run(options: &Options) -> Result<ExitCode> {
    if let Some(running) = Running::find() {
        bail!("{}; `cargo xtask down` stops it", running.describe());
    }
    if options.detach {
        return detach::run(options);
    }
    if options.detached {
        detach::leave_terminal()?;
    }
    let Some(lock) = RunLock::take()? else { bail!("another `cargo xtask up` is starting") };
    let interrupt = Interrupt::install()?;
    let mut family = Family::default();
    let outcome = start(options, &interrupt, &mut family).and_then(|ready| {
        let Some(run) = ready else { return Ok(()) };
        announce(&run, options);
        // Last, since whoever waits for the shop looks for it.
        run.write().context("can't write .tributary/run.json")?;
        watch(&interrupt, &mut family);
        Ok(())
    });
    RunFile::remove();
    family.stop();
    drop(lock);
    match outcome {
        Err(_) if interrupt.heard() => Ok(ExitCode::from(130)),
        outcome => outcome.map(|()| ExitCode::SUCCESS),
    }
}

/// Everything until the shop answers; nothing when it was interrupted on the way.
fn start(options: &Options, interrupt: &Interrupt, family: &mut Family) -> Result<Option<RunFile>> {
    let began = Instant::now();
    let foreign = Foreign::from_environment();
    clear_the_ground(options, &foreign)?;
    let progress = Progress::default();
    let plan = plan::Plan::make(&foreign, Programs::new(&options.profile));
    preflight::check(&plan, &foreign)?;
    plan.announce();
    prepare::run(&plan, &progress, interrupt)?;
    if interrupt.heard() {
        return Ok(None);
    }
    let backing = Backing::start(&foreign, &progress, family)?;
    let address = Address::new(options.port);
    apps::start(&plan.programs, &backing, &address, &progress, interrupt, family)?;
    if interrupt.heard() {
        return Ok(None);
    }
    let users = if foreign.any() && !options.seed {
        Vec::new()
    } else {
        let (program, environment) = (plan.programs.path("auth"), backing.auth_environment());
        seed::run(Seed::open(foreign.any())?, &address, &seed::Auth { program, environment }, &progress)?
    };
    example::check(&address, &users, interrupt)?;
    let run = describe(&address, &backing, family, users);
    eprintln!("ready after {:.1} s", began.elapsed().as_secs_f32());
    Ok(Some(run))
}

/// What an earlier run left, and what stands in the way of this one.
fn clear_the_ground(options: &Options, foreign: &Foreign) -> Result<()> {
    // Whoever wrote it is gone, or the lock wouldn't be ours.
    RunFile::remove();
    Leftovers::of_last_run().end()?;
    if options.fresh {
        ensure!(
            !foreign.any(),
            "--fresh forgets only data of its own: unset {} first",
            foreign.names().join(", ")
        );
    }
    if let Err(cause) = can_listen(options.port) {
        let (port, other) = (options.port, options.port.saturating_add(1).max(1024));
        let reason = match cause.kind() {
            ErrorKind::AddrInUse => format!("port {port} is taken"),
            _ => format!("can't listen on port {port} ({cause})"),
        };
        bail!("{reason}; take another one: cargo xtask up --port {other}");
    }
    if options.fresh {
        forget_data()?;
    }
    forget_logs();
    Ok(())
}

fn describe(address: &Address, backing: &Backing, family: &Family, users: Vec<User>) -> RunFile {
    let (user, password) = backing.nats.credential.clone().unzip();
    let service = |name: &str| (name.to_owned(), run_file::Service { pid: family.pid(name) });
    RunFile {
        gateway: run_file::Server { url: address.url(), pid: family.pid(shop::GATEWAY) },
        nats: run_file::Nats {
            url: backing.nats.url.clone(),
            pid: family.pid("nats-server"),
            user,
            password,
        },
        postgres: run_file::Server { url: backing.postgres_url.clone(), pid: family.pid("PostgreSQL") },
        mongodb: run_file::Server { url: backing.mongodb_url.clone(), pid: family.pid("MongoDB") },
        subgraphs: shop::SUBGRAPHS.map(service).into(),
        users,
    }
}

fn forget_data() -> Result<()> {
    let data = workspace::data();
    match fs::remove_dir_all(&data) {
        Err(cause) if data.exists() => Err(cause).context("can't remove .tributary/data"),
        _ => Ok(()),
    }
}

/// Logs of earlier runs, which would grow for ever. `up.log` is the one that is being written.
fn forget_logs() {
    let entries = fs::read_dir(workspace::logs()).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_name() != "up.log") {
        // What can't be removed is appended to.
        let _ = fs::remove_file(entry.path());
    }
}

fn announce(run: &RunFile, options: &Options) {
    eprintln!();
    for line in run.lines() {
        eprintln!("  {line}");
    }
    let how = if options.detached { "`cargo xtask down` stops it" } else { "Ctrl-C stops it" };
    eprintln!("\n  Logs are in .tributary/log. {how}; the data stays.");
}

/// Waits for the end, and tells of children that end before it: they stay ended, as their owner may have wanted.
fn watch(interrupt: &Interrupt, family: &mut Family) {
    while !interrupt.within(Duration::from_millis(250)) {
        family.report_ended();
        if family.is_empty() {
            eprintln!("nothing runs any more");
            return;
        }
    }
    eprintln!("\nstopping");
}
