//! The shop's own programs: four services and the gateway.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::address::Address;
use super::backing::Backing;
use super::family::{Family, Generation};
use super::progress::Progress;
use crate::cargo::Programs;
use crate::interrupt::Interrupt;
use crate::process::{Spawn, StopSignal, Supervised};
use crate::{http, shop, workspace};

const START_LIMIT: Duration = Duration::from_secs(60);

/// Starts all five at once, which find each other over NATS, and waits until the gateway has the whole graph.
pub fn start(
    programs: &Programs,
    backing: &Backing,
    address: &Address,
    progress: &Progress,
    interrupt: &Interrupt,
    family: &mut Family,
) -> Result<()> {
    let line = progress.begin("shop");
    for service in shop::SUBGRAPHS {
        let mut command = Command::new(programs.path(service));
        command.envs(backing.environment(service)).env_remove("HTTP_ADDR");
        family.add(Generation::Service, spawn(service, &mut command)?)?;
    }
    let mut gateway = Command::new(programs.path(shop::GATEWAY_PROGRAM));
    gateway.args(["serve", "--listen", &address.listen(), "--gateway-id", shop::GATEWAY_ID]);
    gateway.args(["--require", &shop::SUBGRAPHS.join(","), "--revoked-bucket", shop::REVOKED_BUCKET]);
    gateway.envs(backing.environment(shop::GATEWAY));
    family.add(Generation::Gateway, spawn(shop::GATEWAY, &mut gateway)?)?;
    await_ready(address, interrupt, family)?;
    line.end("runs");
    Ok(())
}

fn spawn(name: &str, command: &mut Command) -> Result<Supervised> {
    // Logs are files, and their readers no terminals.
    command.env("NO_COLOR", "1");
    let log = workspace::logs().join(format!("{name}.log"));
    Supervised::spawn(command, Spawn { name: name.into(), log, stop: StopSignal::Terminate, trash: None })
}

fn await_ready(address: &Address, interrupt: &Interrupt, family: &mut Family) -> Result<()> {
    let until = Instant::now() + START_LIMIT;
    loop {
        family.ensure_all_run()?;
        let answer = http::get(&address.ready());
        match answer {
            Ok((200, _)) => return Ok(()),
            _ if interrupt.heard() => return Ok(()),
            Ok((status, body)) if Instant::now() > until => {
                bail!("the gateway isn't ready ({status}): {body}")
            }
            Err(cause) if Instant::now() > until => bail!("the gateway doesn't answer: {cause:#}"),
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}
