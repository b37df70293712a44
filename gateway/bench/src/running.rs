//! A program that runs beside us, and what its log says.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use xtask::process::{Spawn, StopSignal, Supervised};

/// The program, until it is dropped.
pub struct Running {
    process: Supervised,
}

/// What takes longer to be there has a fault.
const PATIENCE: Duration = Duration::from_secs(60);

impl Running {
    /// Starts it; its log is a file in that folder.
    pub fn start(name: &str, command: &Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        // Of one of that name that ran before.
        let _ = fs::remove_file(&log);
        let how = Spawn { name: name.to_owned(), log, stop: StopSignal::Terminate, trash: None };
        Ok(Self { process: Supervised::spawn(command, how)? })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Looks at its log again and again until there is something to be found; nothing tells us.
    pub fn until<T>(&mut self, why_not: &str, mut found: impl FnMut(&str) -> Option<T>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = found(&fs::read_to_string(self.process.log()).unwrap_or_default()) {
                return Ok(found);
            }
            if let Some(status) = self.process.exited() {
                bail!("{} ended ({status}): {}", self.process.name(), self.process.last_words());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} {why_not}: {}", self.process.name(), self.process.last_words());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something answers there.
    pub fn until_answers(&mut self, url: &str) -> Result<()> {
        self.until("isn't ready", |_| ureq::get(url).call().is_ok().then_some(()))
    }
}
