//! The gateways of npm, which `npm ci` installs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xtask::{tools, web, workspace};

use crate::running::Running;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// `@graphql-hive/gateway`, which plans by `@graphql-hive/router-runtime`.
    Hive,
    /// `@apollo/gateway`.
    Apollo,
}

impl Which {
    /// All.
    pub const ALL: [Self; 2] = [Self::Hive, Self::Apollo];

    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hive => "hive gateway (npm)",
            Self::Apollo => "apollo gateway (npm)",
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::Hive => "hive.mjs",
            Self::Apollo => "apollo.mjs",
        }
    }
}

/// Installs what they are made of, unless it is there.
pub fn install() -> Result<()> {
    let npm = tools::node::npm().map_err(anyhow::Error::msg)?;
    for mut command in web::install_in(&npm, &folder()) {
        let done = command.output().context("npm")?;
        ensure!(
            done.status.success(),
            "npm can't install the other gateways (--without-npm leaves them out): {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok(())
}

/// Starts one; where it answers.
pub fn start(which: Which, supergraph: &Path, logs: &Path) -> Result<(Running, String)> {
    let mut command = Command::new("node");
    command.arg(folder().join(which.script())).arg(supergraph).env("NODE_ENV", "production");
    let mut running = Running::start(which.script(), &command, logs)?;
    let url = running.until("doesn't say where it listens", |log| {
        log.lines().find_map(|line| line.strip_prefix("ready at ").map(str::to_owned))
    })?;
    Ok((running, url))
}

fn folder() -> PathBuf {
    workspace::root().join("gateway/bench/npm")
}
