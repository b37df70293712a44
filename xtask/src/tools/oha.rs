//! oha, which makes load over HTTP.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::search::{on_path, version};
use crate::workspace;

const VERSION: &str = "1.16.0";
/// `-Z`, and JSON by `--output-format`.
const OLDEST: [u32; 2] = [1, 8];

/// The one on PATH if it serves; else one that cargo builds into `.tributary/tools`, which takes minutes.
pub fn provide() -> Result<PathBuf> {
    if let Some(program) = on_path("oha")
        && version(&program, &["--version"]).is_some_and(|found| found.as_slice() >= OLDEST.as_slice())
    {
        return Ok(program);
    }
    let folder = workspace::tools().join(format!("oha-{VERSION}"));
    let program = folder.join("bin/oha");
    if !program.exists() {
        eprintln!("no oha on PATH: cargo builds it, once");
        fs::create_dir_all(&folder)?;
        let mut cargo = Command::new("cargo");
        cargo.args(["install", "oha", "--locked", "--version", VERSION, "--root"]).arg(&folder);
        // What was built when it was interrupted needn't be built again.
        let build = folder.join("build");
        let status = cargo.arg("--target-dir").arg(&build).status();
        let status = status.context("there is no oha on PATH, and no cargo to build it: put one there")?;
        ensure!(status.success(), "`cargo install oha --version {VERSION}` failed: put an oha on PATH");
        fs::remove_dir_all(&build)?;
    }
    Ok(program)
}
