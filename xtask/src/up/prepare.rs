//! Installing servers, building the page and building the programs, all at once.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Error, Result, bail};

use super::plan::Plan;
use super::progress::{Line, Progress};
use crate::interrupt::Interrupt;
use crate::process::{Spawn, StopSignal, Supervised};
use crate::tools::Package;
use crate::workspace;

/// What all jobs share.
struct Jobs<'a> {
    plan: &'a Plan,
    progress: &'a Progress,
    stopping: AtomicBool,
    /// The first job's that failed: the others fail because they are stopped then.
    failure: OnceLock<Error>,
}

/// Does what the plan says. Only the page may fail: the gateway says at `/` how to build it.
pub fn run(plan: &Plan, progress: &Progress, interrupt: &Interrupt) -> Result<()> {
    let jobs = Jobs { plan, progress, stopping: AtomicBool::new(false), failure: OnceLock::new() };
    thread::scope(|scope| {
        let jobs = &jobs;
        let mut running: Vec<_> =
            plan.packages.iter().map(|package| scope.spawn(move || jobs.install(package))).collect();
        running.push(scope.spawn(|| jobs.build_page()));
        running.push(scope.spawn(|| jobs.build_programs()));
        while !running.iter().all(|job| job.is_finished()) {
            if interrupt.within(Duration::from_millis(50)) || jobs.failure.get().is_some() {
                jobs.stopping.store(true, Ordering::Relaxed);
            }
        }
    });
    jobs.failure.into_inner().map_or(Ok(()), Err)
}

impl Jobs<'_> {
    fn install(&self, package: &Package) {
        let line = self.progress.begin(package.name);
        let outcome = package.install_by(|command| self.finish(package.name, command, &line));
        self.end(line, outcome.map(|_| "installed"), "not installed");
    }

    fn build_page(&self) {
        let Some(commands) = self.plan.page.as_ref().ok().filter(|commands| !commands.is_empty()) else {
            return;
        };
        let line = self.progress.begin("page");
        let outcome = commands.iter().try_for_each(|command| self.finish("page", command, &line));
        match outcome {
            Ok(()) => line.end("built"),
            Err(cause) => line.give_up(&format!("not built, the rest goes on: {cause:#}")),
        }
    }

    fn build_programs(&self) {
        let line = self.progress.begin("programs");
        let outcome = self.finish("build", &self.plan.programs.build(), &line);
        self.end(line, outcome.map(|()| "built"), "not built");
    }

    fn end(&self, line: Line, outcome: Result<&str>, otherwise: &str) {
        match outcome {
            Ok(text) => line.end(text),
            Err(cause) => {
                line.give_up(otherwise);
                // Only the first counts.
                let _ = self.failure.set(cause);
            }
        }
    }

    /// Runs one command to its end, its last line of output in sight.
    fn finish(&self, name: &str, command: &Command, line: &Line) -> Result<()> {
        let log = workspace::logs().join(format!("{name}.log"));
        // Only this command's output is of use.
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
            if self.stopping.load(Ordering::Relaxed) {
                child.stop(Duration::from_secs(5));
                bail!("interrupted");
            }
            line.say(child.last_words().lines().last().unwrap_or_default().trim());
        }
    }
}
