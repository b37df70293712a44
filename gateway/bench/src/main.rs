//! `cargo xtask bench`: measures a gateway that was built in release, with everything that it needs beside it on one
//! machine.
//!
//! ```text
//! stage      nats-server, a stream of events, a subgraph, and the gateway as a process of its own
//! usage      what processes have used of processor and memory
//! live       many clients that have subscribed: what each costs, how soon and how much they hear
//!   └ crowd  the clients: WebSockets, read by one thread
//! ```

mod crowd;
mod live;
mod stage;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Measures a gateway, with everything that it needs beside it.
#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
struct Arguments {
    /// The gateway's program [default: the one beside this]
    #[arg(long, global = true)]
    gateway: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Many clients that have subscribed
    Live(live::Options),
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let beside = || Ok(std::env::current_exe()?.with_file_name("tributary"));
    let gateway = arguments.gateway.clone().map_or_else(beside, Ok::<_, std::io::Error>)?;
    let gateway = gateway.canonicalize().with_context(|| {
        format!(
            "no gateway at {}: build it (`cargo build --release -p tributary`) or name it with --gateway",
            gateway.display()
        )
    })?;
    match &arguments.what {
        What::Live(options) => live::run(&gateway, options),
    }
}
