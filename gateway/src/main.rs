//! `tributary`: see `tributary --help`.

use std::process::ExitCode;

use clap::Parser;

/// Replies and answers of tens of kilobytes come and go all the time, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tributary::cli::run(tributary::cli::Cli::parse())
}
