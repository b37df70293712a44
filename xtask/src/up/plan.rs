//! What there is to do before anything can start, told before it is done.

use std::process::Command;
use std::thread;

use crate::cargo::Programs;
use crate::tools::{self, Origin, Package};
use crate::{web, workspace};

use super::foreign::Foreign;

/// Minutes of one core that building the programs takes from nothing, what is downloaded for it, and the disk that it
/// fills.
const BUILD_CORE_MINUTES: u32 = 10;
const BUILD_DOWNLOAD_MB: u32 = 80;
const BUILD_DISK_MB: u32 = 3_000;

/// The same for the page.
const PAGE_MINUTES: u32 = 2;
const PAGE_DOWNLOAD_MB: u32 = 120;
const PAGE_DISK_MB: u32 = 300;

/// The work.
#[derive(Debug)]
pub struct Plan {
    /// Packages to install.
    pub packages: Vec<Package>,
    /// What brings the page up to date, or why nothing can.
    pub page: Result<Vec<Command>, String>,
    /// Where the servers come from, a line each.
    origins: Vec<String>,
    /// The programs to build.
    pub programs: Programs,
}

impl Plan {
    /// Looks around.
    pub fn make(foreign: &Foreign, programs: Programs) -> Self {
        let mut plan = Self { packages: Vec::new(), page: web::outdated(), origins: Vec::new(), programs };
        let store = crate::servers::postgres::major_of(&workspace::data().join("postgres"));
        plan.server("NATS", foreign.nats.is_some(), || named(tools::nats::locate(), |server| server.origin));
        // Even with somebody else's PostgreSQL we need a `psql` to make our databases.
        let postgres = || named(tools::postgres::locate(store), |programs| programs.origin);
        match &foreign.postgres {
            None => plan.server("PostgreSQL", false, postgres),
            Some(_) => {
                plan.server("PostgreSQL", true, postgres);
                plan.packages.extend(postgres().err());
            }
        }
        plan.server("MongoDB", foreign.mongodb.is_some(), || {
            let store = workspace::data().join("mongodb");
            named(tools::mongodb::locate(tools::mongodb::maker(&store)), |server| server.origin)
        });
        plan.packages.retain(|package| !package.is_installed());
        plan
    }

    /// Tells a person.
    pub fn announce(&self) {
        for origin in &self.origins {
            eprintln!("  {origin}");
        }
        let cores =
            thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
        let mut work: Vec<String> = Vec::new();
        let (mut minutes, mut disk) = (0, 0);
        for package in &self.packages {
            let Package { name, version, download_mb, disk_mb, .. } = package;
            work.push(format!("download {name} {version} ({download_mb} MB)"));
            (minutes, disk) = (minutes.max(1), disk + disk_mb);
        }
        if !self.programs.exist() {
            work.push(format!("download the Rust crates ({BUILD_DOWNLOAD_MB} MB, if cargo doesn't have them) and build the programs"));
            (minutes, disk) = (minutes.max(BUILD_CORE_MINUTES.div_ceil(cores)), disk + BUILD_DISK_MB);
        }
        match &self.page {
            Ok(commands) if commands.is_empty() => {}
            Ok(_) => {
                work.push(format!("download the page's packages ({PAGE_DOWNLOAD_MB} MB) and build it"));
                (minutes, disk) = (minutes.max(PAGE_MINUTES), disk + PAGE_DISK_MB);
            }
            Err(reason) => eprintln!("  the page at / is left out: {reason}"),
        }
        if !work.is_empty() {
            eprintln!("  To do, at once: {}.", work.join("; "));
            eprintln!("  About {minutes} min on {cores} cores, and {disk} MB of disk below this folder.\n");
        }
    }

    fn server(&mut self, name: &str, is_foreign: bool, origin: impl Fn() -> Result<String, Package>) {
        let text = match (is_foreign, origin()) {
            (true, _) => "the one that the environment names".into(),
            (false, Ok(origin)) => origin,
            (false, Err(package)) => {
                let text = format!("the package {} {}", package.name, package.version);
                self.packages.push(package);
                text
            }
        };
        self.origins.push(format!("{name:<11} {text}"));
    }
}

fn named<P>(origin: Origin<P>, name: impl Fn(P) -> String) -> Result<String, Package> {
    match origin {
        Origin::Present(program) => Ok(name(program)),
        Origin::Packaged(package) => Err(package),
    }
}
