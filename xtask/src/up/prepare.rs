//! Installing servers, building the page and building the programs, all at once.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use super::plan::Plan;
use super::progress::{Line, Progress};
use crate::interrupt::Interrupt;
use crate::process::{Spawn, StopSignal, Supervised};
use crate::workspace;

/// Does what the plan says. Only the page may fail: the gateway says at `/` how to build it.
pub fn run(plan: &Plan, progress: &Progress, interrupt: &Interrupt) -> Result<()> {
    let stopping = AtomicBool::new(false);
    thread::scope(|scope| {
        let installs: Vec<_> = plan
            .packages
            .iter()
            .map(|package| {
                let line = progress.begin(package.name);
                scope.spawn(move || match package.install() {
                    Ok(_) => {
                        line.end("installed");
                        Ok(())
                    }
                    Err(cause) => {
                        line.give_up("not installed");
                        Err(cause)
                    }
                })
            })
            .collect();
        let page = scope.spawn(|| page(plan, progress, &stopping));
        let programs = scope.spawn(|| programs(plan, progress, &stopping));
        while !(programs.is_finished()
            && page.is_finished()
            && installs.iter().all(|install| install.is_finished()))
        {
            if interrupt.within(Duration::from_millis(50)) {
                stopping.store(true, Ordering::Relaxed);
            }
        }
        for install in installs.into_iter().chain([page, programs]) {
            install.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

fn page(plan: &Plan, progress: &Progress, stopping: &AtomicBool) -> Result<()> {
    let Some(commands) = plan.page.as_ref().ok().filter(|commands| !commands.is_empty()) else {
        return Ok(());
    };
    let line = progress.begin("page");
    for command in commands {
        if let Err(cause) = build("page", command, &line, stopping) {
            line.give_up(&format!("not built, the rest goes on: {cause:#}"));
            return Ok(());
        }
    }
    line.end("built");
    Ok(())
}

fn programs(plan: &Plan, progress: &Progress, stopping: &AtomicBool) -> Result<()> {
    let line = progress.begin("programs");
    match build("build", &plan.programs.build(), &line, stopping) {
        Ok(()) => {
            line.end("built");
            Ok(())
        }
        Err(cause) => {
            line.give_up("not built");
            Err(cause)
        }
    }
}

/// Runs one command, its last line of output in sight.
fn build(name: &str, command: &Command, line: &Line, stopping: &AtomicBool) -> Result<()> {
    let log = workspace::logs().join(format!("{name}.log"));
    // Only this run's output is of use.
    let _ = fs::remove_file(&log);
    let how = Spawn { name: name.into(), log: log.clone(), stop: StopSignal::Interrupt, trash: None };
    let mut child = Supervised::spawn(command, how)?;
    loop {
        if let Some(status) = child.wait(Duration::from_millis(100)) {
            if status.success() {
                return Ok(());
            }
            bail!("see {}:\n{}", workspace::shown(&log), child.last_words());
        }
        if stopping.load(Ordering::Relaxed) {
            child.stop(Duration::from_secs(5));
            bail!("interrupted");
        }
        line.say(child.last_words().lines().last().unwrap_or_default().trim());
    }
}
