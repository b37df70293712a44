//! All children of one `up`, in the order in which they stop: gateway, services, servers.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::process::{Identity, Supervised};
use crate::workspace;

/// When a child stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// First: it still answers what it has begun.
    Gateway,
    /// Then those that it asked.
    Service,
    /// Last what these need.
    Server,
}

impl Generation {
    /// How long a child may take to stop, which is longer than what it gives itself.
    fn grace(self) -> Duration {
        match self {
            Self::Gateway => Duration::from_secs(35),
            Self::Service | Self::Server => Duration::from_secs(20),
        }
    }
}

/// The children.
#[derive(Debug, Default)]
pub struct Family {
    children: Vec<(Generation, Supervised)>,
}

impl Family {
    /// Adds a child, and writes down who it is for whoever comes after a crash.
    pub fn add(&mut self, generation: Generation, child: Supervised) -> Result<()> {
        self.children.push((generation, child));
        let identities = self.children.iter().filter_map(|(_, child)| Identity::of(child.pid())).collect();
        Leftovers(identities).write()
    }

    /// A child's process.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.children.iter().find(|(_, child)| child.name() == name).map(|(_, child)| child.pid())
    }

    /// Fails when a child has ended, with its last words.
    pub fn ensure_all_run(&mut self) -> Result<()> {
        for (_, child) in &mut self.children {
            if let Some(status) = child.exited() {
                let log = workspace::shown(child.log());
                bail!(
                    "{} ended at start ({status}); its log is {log}:\n{}",
                    child.name(),
                    child.last_words()
                );
            }
        }
        Ok(())
    }

    /// Tells of children that have ended, once.
    pub fn report_ended(&mut self) {
        self.children.retain_mut(|(_, child)| match child.exited() {
            None => true,
            Some(status) => {
                let log = workspace::shown(child.log());
                eprintln!("{} ended ({status}); its log is {log}", child.name());
                false
            }
        });
    }

    /// Whether no child is left.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Stops everybody.
    pub fn stop(&mut self) {
        for generation in [Generation::Gateway, Generation::Service, Generation::Server] {
            // Those of one generation at once.
            thread::scope(|scope| {
                let children = self.children.iter_mut().filter(|(of, _)| *of == generation);
                for (_, child) in children {
                    scope.spawn(move || child.stop(generation.grace()));
                }
            });
        }
        self.children.clear();
        Leftovers::forget();
    }
}

/// Children of an `up` that was killed: they are about to end by themselves, or are something else by now.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Leftovers(Vec<Identity>);

impl Leftovers {
    /// Those that the last run wrote down and that still run.
    pub fn of_last_run() -> Self {
        let text = fs::read(path()).unwrap_or_default();
        let Self(all) = serde_json::from_slice(&text).unwrap_or_default();
        Self(all.into_iter().filter(Identity::is_alive).collect())
    }

    /// Waits for their end, and helps where it doesn't come. Returns how many there were.
    pub fn end(self) -> Result<usize> {
        let before = self.0.len();
        let until = Instant::now() + Duration::from_secs(12);
        while Instant::now() < until && self.0.iter().any(Identity::is_alive) {
            thread::sleep(Duration::from_millis(50));
        }
        for child in self.0.iter().filter(|child| child.is_alive()) {
            if let Some(pid) = Pid::from_raw(child.pid.cast_signed()) {
                let killed =
                    kill_process_group(pid, Signal::KILL).or_else(|_| kill_process(pid, Signal::KILL));
                killed.with_context(|| format!("can't end process {} of an earlier run", child.pid))?;
            }
        }
        Self::forget();
        Ok(before)
    }

    fn write(&self) -> Result<()> {
        Ok(workspace::write_private(&path(), &serde_json::to_string(self)?)?)
    }

    fn forget() {
        // Without the file there is nothing to forget.
        let _ = fs::remove_file(path());
    }
}

fn path() -> PathBuf {
    workspace::private().join("processes.json")
}
