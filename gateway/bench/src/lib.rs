//! `cargo xtask bench`: measures a gateway that was built in release, with everything that it needs beside it on one
//! machine.
//!
//! ```text
//! queries    requests and their answers, beside other gateways
//! floor      what the same bytes cost without any gateway, over NATS and over HTTP
//! live       many clients that have subscribed: what each costs, how soon and how much they hear
//!   ├ crowd  the clients: WebSockets, read by one thread
//!   └ stage  nats-server, a stream of events, a subgraph, and the gateway
//!
//! subgraphs  those of the public benchmark, as a process of its own
//! supergraph of these, for gateways that need one
//! gateway    ours, as a process of its own
//! running    a process and its log
//! table      what requests cost, with a gateway and without
//! usage      what processes have used of processor and memory
//! ```

mod crowd;
mod floor;
mod gateway;
mod live;
mod queries;
mod running;
mod stage;
pub mod subgraphs;
pub mod supergraph;
mod table;
mod usage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde_json::{Map, Value};
use table::Table;

/// Measures a gateway, with everything that it needs beside it.
#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
struct Arguments {
    /// The gateway's program [default: the one beside this]
    #[arg(long, global = true, value_name = "PROGRAM")]
    gateway: Option<PathBuf>,
    /// Where the figures are written as JSON
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What is measured [default: everything]
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// The same bytes without any gateway
    Floor(floor::Options),
    /// Requests and their answers, beside other gateways
    Queries(queries::Options),
    /// Many clients that have subscribed
    Live(live::Options),
    /// Prints the supergraph of the subgraphs, for gateways that are to be measured beside ours
    Supergraph(supergraph::Options),
    #[command(hide = true)]
    Subgraphs(subgraphs::Options),
    #[command(hide = true)]
    FloorEcho(floor::EchoOptions),
}

/// The program.
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let Arguments { gateway, json, what } = arguments;
    let beside = || Ok(std::env::current_exe()?.with_file_name("tributary"));
    let gateway = gateway.map_or_else(beside, Ok::<_, std::io::Error>)?;
    let gateway = gateway.canonicalize().with_context(|| {
        format!(
            "no gateway at {}: build it (`cargo build --release -p tributary`) or name it with --gateway",
            gateway.display()
        )
    })?;
    let all = match what {
        Some(what) => vec![what],
        None => ["floor", "queries", "live"].iter().filter_map(|name| by_default(name)).collect(),
    };
    let (mut table, mut figures) = (Table::default(), Map::new());
    for what in all {
        let measured = measure(&gateway, what, &mut table);
        if let Some((name, found)) = measured.inspect_err(|_| table.print())? {
            figures.insert(name.to_owned(), found);
        }
    }
    table.print();
    if let Some(file) = json {
        fs::write(&file, serde_json::to_vec_pretty(&figures)?).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Does one of these. Returns its name and figures, if it is a measurement.
fn measure(gateway: &Path, what: What, table: &mut Table) -> Result<Option<(&'static str, Value)>> {
    let (name, found) = match what {
        What::Floor(options) => ("floor", serde_json::to_value(floor::run(&options, table)?)?),
        What::Queries(options) => ("queries", serde_json::to_value(queries::run(gateway, &options, table)?)?),
        What::Live(options) => {
            table.print();
            ("live", serde_json::to_value(live::run(gateway, &options)?)?)
        }
        What::Supergraph(options) => return supergraph::run(&options).map(|()| None),
        What::Subgraphs(options) => return subgraphs::run(&options).map(|()| None),
        What::FloorEcho(options) => return floor::echo(&options).map(|()| None),
    };
    Ok(Some((name, found)))
}

/// What is measured under that name if nothing more is said.
fn by_default(name: &str) -> Option<What> {
    Arguments::try_parse_from(["bench", name]).ok()?.what
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_measured_without_saying_how() {
        assert!(["floor", "queries", "live"].iter().all(|name| by_default(name).is_some()));
    }
}
