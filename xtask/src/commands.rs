//! The small commands.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;

use crate::interrupt::Interrupt;
use crate::servers::rights::{Rights, configuration};
use crate::servers::{SHARED_MONGODB, SHARED_POSTGRES, TestServers};
use crate::shop;

/// Starts the servers that a test run shares, for whoever runs tests by hand, and waits to be stopped.
pub fn servers() -> Result<ExitCode> {
    let interrupt = Interrupt::install()?;
    let servers = TestServers::start()?;
    let mut out = stdout().lock();
    writeln!(out, "export {SHARED_POSTGRES}='{}'", servers.postgres_url())?;
    writeln!(out, "export {SHARED_MONGODB}='{}'", servers.mongodb_url())?;
    writeln!(out, "# ready; Ctrl-C stops both")?;
    out.flush()?;
    interrupt.wait();
    Ok(ExitCode::SUCCESS)
}

/// Prints the shop's NATS configuration for a deployment.
pub fn nats_config() -> Result<ExitCode> {
    let rights = shop::SUBGRAPHS.iter().try_fold(Rights::new(), |rights, name| rights.subgraph(name))?;
    let rights = rights.gateway(shop::GATEWAY, shop::GATEWAY_ID)?;
    let rights = rights.with_passwords(|user| format!("$NATS_{}_PASSWORD", user.to_uppercase()));
    stdout().write_all(configuration("0.0.0.0:4222", "/data/jetstream", Some(&rights)).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
