//! One `up` at a time. The lock is the kernel's, so it goes with its owner whatever ends that; the file's text only
//! says who it is.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::Identity;
use crate::run_file::RunFile;
use crate::workspace;

/// Held while the shop runs.
#[derive(Debug)]
pub struct RunLock(#[expect(dead_code, reason = "the lock is the open file")] File);

/// The `up` that runs now.
#[derive(Debug)]
pub struct Running {
    owner: Identity,
}

fn path() -> PathBuf {
    workspace::private().join("up.lock")
}

impl RunLock {
    /// Takes the lock, unless somebody has it.
    pub fn take() -> Result<Option<Self>> {
        fs::create_dir_all(workspace::private())?;
        let mut file = open()?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(cause)) => return Err(cause).context("can't lock .tributary/up.lock"),
        }
        file.set_len(0)?;
        let me =
            Identity::of(std::process::id()).context("this platform has no /proc: see the supported ones")?;
        file.write_all(&serde_json::to_vec(&me)?)?;
        Ok(Some(Self(file)))
    }
}

impl Running {
    /// The one that runs now, if any.
    pub fn find() -> Option<Self> {
        // Not by trying the lock, which would be in the way of whoever takes it at this moment.
        let owner: Identity = serde_json::from_slice(&fs::read(path()).ok()?).ok()?;
        owner.is_alive().then_some(Self { owner })
    }

    /// One line for a person.
    pub fn describe(&self) -> String {
        let pid = self.owner.pid;
        match RunFile::read() {
            Some(run) => format!("the shop already runs at {} (process {pid})", run.gateway_url()),
            None => format!("the shop is already starting (process {pid})"),
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&self) -> Result<()> {
        let pid = Pid::from_raw(self.owner.pid.cast_signed()).context("no process has the number 0")?;
        kill_process(pid, Signal::TERM).with_context(|| format!("can't stop process {}", self.owner.pid))?;
        let until = Instant::now() + Duration::from_secs(90);
        while self.owner.is_alive() {
            ensure!(Instant::now() < until, "process {} doesn't stop", self.owner.pid);
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn open() -> Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path());
    file.context("can't open .tributary/up.lock")
}
