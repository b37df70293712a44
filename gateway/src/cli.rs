//! The command line. Standard output is for results only; everything else goes to standard error.

use std::{process::ExitCode, time::Duration};

use anyhow::bail;
use clap::{Parser, Subcommand};
use tokio::time::timeout;
use tributary_protocol::GatewayId;

mod check;
mod compose;
mod diagnostics;
mod forget;
mod inputs;
mod nats;
mod plan;
mod serve;

use crate::{
    config::{LogConfig, LogFormat, ServeFlags},
    telemetry,
    transport::{Link, Transport, TransportLimits, random_gateway_id},
};

/// How long a command tries to reach NATS.
const PATIENCE: Duration = Duration::from_secs(5);

/// GraphQL federation over NATS
#[derive(Debug, Parser)]
#[command(name = "tributary", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the graph
    Serve(Box<ServeFlags>),
    /// Composes subgraphs and prints the supergraph SDL
    Compose(compose::Flags),
    /// Tells what a new SDL of a subgraph would break
    Check(Box<check::Flags>),
    /// Prints how an operation would be answered
    Plan(plan::Flags),
    /// Takes a subgraph that is gone for good out of the graph
    Forget(forget::Flags),
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> ExitCode {
    /// Of commands whose 1 says that something doesn't fit, as is clap's for flags.
    const NOT_TRIED: u8 = 2;
    let done = |()| ExitCode::SUCCESS;
    let (outcome, failure) = match cli.command {
        Command::Serve(flags) => (serve::run(&flags).map(done), ExitCode::FAILURE),
        Command::Compose(flags) => (compose::run(&flags), ExitCode::from(NOT_TRIED)),
        Command::Check(flags) => (check::run(&flags), ExitCode::from(NOT_TRIED)),
        Command::Plan(flags) => (plan::run(&flags), ExitCode::from(NOT_TRIED)),
        Command::Forget(flags) => (forget::run(&flags).map(done), ExitCode::FAILURE),
    };
    outcome.unwrap_or_else(|error| {
        complain(format_args!("error: {error:#}"));
        failure
    })
}

/// Tells the user something that isn't the result.
fn complain(what: impl std::fmt::Display) {
    use std::io::Write;
    // Nobody is there to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Prints the result.
fn print(result: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(result.as_bytes())?;
    if !result.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Does something on NATS and ends. Unlike a gateway, a command doesn't wait for servers that aren't there.
fn on_nats<T>(
    url: &str,
    gateway_id: Option<&str>,
    work: impl AsyncFnOnce(Transport) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let gateway = gateway_id.map_or_else(|| Ok(random_gateway_id()), GatewayId::new)?;
    // Why there is no connection, for instance.
    telemetry::start_logging(&LogConfig {
        format: LogFormat::Text,
        filter: "warn,async_nats=off".to_owned(),
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let link = Link::connect(url, &gateway).await?;
        let mut state = link.state();
        let connected = state.wait_for(|state| state.connects > 0);
        match timeout(PATIENCE, connected).await {
            Ok(connected) => drop(connected?),
            Err(_) => bail!("no connection to NATS within {PATIENCE:?}; --nats says where it is"),
        }
        work(Transport::new(link, TransportLimits::default()).await?).await
    })
}
