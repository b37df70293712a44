//! `cargo xtask down`.

use std::process::ExitCode;

use anyhow::Result;

use crate::run_file::RunFile;
use crate::up::{Leftovers, Running};

/// Stops the shop that runs, or tidies up after one that was killed.
pub fn run() -> Result<ExitCode> {
    if let Some(running) = Running::find() {
        running.stop()?;
        eprintln!("stopped; the data stays in .tributary/data");
        return Ok(ExitCode::SUCCESS);
    }
    let leftovers = Leftovers::of_last_run().end()?;
    let was_stale = RunFile::read().is_some();
    RunFile::remove();
    match (leftovers, was_stale) {
        (0, false) => eprintln!("nothing runs"),
        (0, true) => eprintln!("nothing runs; .tributary/run.json was left by a run that was killed"),
        (count, _) => eprintln!("ended {count} processes of a run that was killed"),
    }
    Ok(ExitCode::SUCCESS)
}
