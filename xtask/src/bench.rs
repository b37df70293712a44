//! `cargo xtask bench`: measurements, by a program of its own that is built for release like what it measures.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::{Programs, cargo};
use crate::workspace;

/// What is handed to that program.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// Measures the gateway of this revision, too, beside the one that is here
    #[arg(long, value_name = "REV")]
    compare: Option<String>,
    /// What is measured, and how
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the gateway and the program that measures it, and runs that.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut build =
        cargo(&["build", "--release", "--package", "tributary", "--package", "tributary-bench", "--bins"]);
    ensure!(build.status().context("cargo")?.success(), "the build for release failed");
    let bench = Programs::new("release").path("bench");
    let mut command = Command::new(&bench);
    match &options.compare {
        None => command.args(&options.arguments),
        Some(revision) => {
            let other = other(revision)?;
            // Only requests are compared.
            let rest = options.arguments.strip_prefix(&["queries".to_owned()]).unwrap_or(&options.arguments);
            command.arg("queries").arg("--other").arg(format!("{revision}={}", other.display())).args(rest)
        }
    };
    let status = command.status().with_context(|| bench.display().to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The gateway of another revision, which is built beside ours.
fn other(revision: &str) -> Result<PathBuf> {
    let folder = workspace::root().join("target/compare");
    let tree = folder.join("tree");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(workspace::root()).args(arguments);
        git.status().context("git").map(|status| status.success())
    };
    let path = tree.to_str().context("the folder's name isn't UTF-8")?;
    // One that an earlier comparison left is moved, so that only what differs is built.
    let is_there = if tree.join(".git").exists() {
        git(&["-C", path, "checkout", "--quiet", "--detach", revision])?
    } else {
        git(&["worktree", "prune"])? && git(&["worktree", "add", "--quiet", "--detach", path, revision])?
    };
    ensure!(is_there, "--compare: git has no revision {revision}");
    let mut build = cargo(&["build", "--release", "--package", "tributary", "--bins", "--target-dir"]);
    build.arg(folder.join("target")).current_dir(&tree);
    ensure!(build.status().context("cargo")?.success(), "the build of {revision} for release failed");
    Ok(folder.join("target/release/tributary"))
}
