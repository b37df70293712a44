//! The supergraph of the benchmark's subgraphs over HTTP, for gateways that don't find them by themselves.

use anyhow::{Context, Result};
use clap::Args;
use tributary_federation::compose::{self, SubgraphSdl};

use crate::subgraphs;

/// Where the subgraphs will be.
#[derive(Args)]
pub struct Options {
    /// Their port over HTTP
    #[arg(long, value_name = "PORT")]
    port: u16,
}

/// Prints it.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub fn run(options: &Options) -> Result<()> {
    println!("{}", compose(&format!("http://127.0.0.1:{}", options.port))?);
    Ok(())
}

/// Composes it; the subgraphs answer below that address.
///
/// # Errors
/// Where they don't compose.
pub fn compose(address: &str) -> Result<String> {
    let all = subgraphs::sdls().map(|(name, sdl)| (name, format!("{address}/{name}"), sdl));
    let inputs: Vec<_> =
        all.iter().map(|(name, url, sdl)| SubgraphSdl { name, url: Some(url), sdl }).collect();
    let composed = compose::compose(&inputs);
    let why = composed.errors().map(|error| error.message.clone()).collect::<Vec<_>>().join("; ");
    composed.supergraph.with_context(|| format!("the subgraphs don't compose: {why}"))
}
