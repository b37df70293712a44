//! `cargo xtask bench`: measurements, by a program of its own that is built for release like what it measures.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::{Programs, cargo};

/// What is handed to that program.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Options {
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
    let status = std::process::Command::new(&bench).args(&options.arguments).status();
    let status = status.with_context(|| bench.display().to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
