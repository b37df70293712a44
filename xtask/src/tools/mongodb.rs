//! `mongod`, or a stand-in for development and tests that speaks MongoDB's wire protocol over WiredTiger.
//!
//! The stand-in is under the GPL: it is only ever a separate process, and no part of what we ship.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::search::{dotted, on_path, version};
use super::{Origin, Package};

/// A server program, of one of two kinds.
#[derive(Debug, Clone)]
pub struct MongoServer {
    program: PathBuf,
    kind: Kind,
    /// Version and place, for a person.
    pub origin: String,
}

/// Whose program it is. Neither can open the other's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// MongoDB's own.
    Mongod,
    /// The stand-in.
    StandIn,
}

const OLDEST: [u32; 1] = [6];

const PACKAGE: Package = Package {
    name: "SecantusDB",
    version: "0.7.0b3",
    pythons: 10..=13,
    with_dependencies: true,
    download_mb: 25,
    disk_mb: 150,
};

/// Which kind made this store, if it is one.
pub fn maker(store: &Path) -> Option<Kind> {
    let files = [("storage.bson", Kind::Mongod), ("secantus_collections.wt", Kind::StandIn)];
    files.into_iter().find(|(file, _)| store.join(file).exists()).map(|(_, kind)| kind)
}

/// Looks for a `mongod` that serves, unless a store is to be opened that the stand-in made.
pub fn locate(wanted: Option<Kind>) -> Origin<MongoServer> {
    if wanted != Some(Kind::StandIn)
        && let Some(program) = on_path("mongod")
        && let Some(found) = version(&program, &["--version"])
        && found.as_slice() >= OLDEST.as_slice()
    {
        let origin = format!("mongod {} on PATH", dotted(&found));
        return Origin::Present(MongoServer { program, kind: Kind::Mongod, origin });
    }
    Origin::Packaged(PACKAGE)
}

/// A server program that serves, preferably of the `wanted` kind.
pub fn provide(wanted: Option<Kind>) -> Result<MongoServer> {
    match locate(wanted) {
        Origin::Present(server) => Ok(server),
        Origin::Packaged(package) => {
            let program = package.install()?.join("bin/secantusd-py");
            let origin = format!("MongoDB's stand-in from the package {} {}", package.name, package.version);
            Ok(MongoServer { program, kind: Kind::StandIn, origin })
        }
    }
}

impl MongoServer {
    /// The command that serves `store` at `port`. A `durable` one has every acknowledged write on disk, as the name
    /// says; the stand-in does that only when asked to, and a test that throws its data away doesn't ask.
    pub fn command(&self, store: &Path, port: u16, durable: bool) -> Command {
        let mut command = Command::new(&self.program);
        let port = OsString::from(port.to_string());
        match self.kind {
            Kind::Mongod => {
                command.args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--dbpath"]).arg(store);
                command.arg("--port").arg(port);
            }
            Kind::StandIn => {
                command.args(["--host", "127.0.0.1", "--storage-path"]).arg(store).arg("--port").arg(port);
                if durable {
                    command.arg("--sync-on-commit");
                }
                // It takes settings from a file in its folder; in the store's there is none of a stranger's.
                command.current_dir(store);
            }
        }
        command
    }
}
