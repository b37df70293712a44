//! `tributary`: see `tributary --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    tributary::cli::run(tributary::cli::Cli::parse())
}
