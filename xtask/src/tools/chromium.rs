//! A Chromium for the browser tests.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::search::on_path;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const REMEDY: &str = "put a Chromium on PATH (on Debian: apt-get install chromium)";

/// The one on PATH; where there is none and we are root, Debian's.
pub fn provide() -> Result<PathBuf> {
    if let Some(program) = locate() {
        return Ok(program);
    }
    let is_root = rustix::process::geteuid().is_root();
    if !is_root || on_path("apt-get").is_none() {
        bail!("the browser tests need a Chromium: {REMEDY}");
    }
    eprintln!("no Chromium on PATH: installing Debian's package `chromium`");
    let installed = apt(&["update"]) && apt(&["install", "--yes", "--no-install-recommends", "chromium"]);
    match locate() {
        Some(program) if installed => Ok(program),
        _ => bail!("`apt-get install chromium` failed: {REMEDY}"),
    }
}

fn locate() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| on_path(name))
}

fn apt(args: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command
        .args(["--quiet", "--quiet"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
