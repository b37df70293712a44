//! `cargo xtask`: see the library.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, commands, down, test, up};

/// Tributary's developer tools.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Starts the whole shop on this machine, filled with examples
    Up(up::Options),
    /// Stops the shop
    Down,
    /// Formats, lints, builds, and runs every test on private servers
    Test,
    /// Builds for release and measures: `cargo xtask bench live`; `cargo xtask bench --help` says what there is
    Bench(bench::Options),
    /// Starts private test servers and prints the variables that make every test use them; stays in the foreground
    Servers,
    /// Prints the shop's NATS configuration, with passwords taken from the server's environment
    NatsConfig,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Task::Up(options) => up::run(&options),
        Task::Down => down::run(),
        Task::Test => test::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Servers => commands::servers(),
        Task::NatsConfig => commands::nats_config(),
    };
    match outcome {
        Ok(code) => code,
        Err(cause) => {
            eprintln!("error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}
