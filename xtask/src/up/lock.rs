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
    owner: Option<Identity>,
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
    pub fn find() -> Result<Option<Self>> {
        if !path().exists() {
            return Ok(None);
        }
        match open()?.try_lock() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                // Empty for a moment after it was taken.
                let owner = serde_json::from_slice(&fs::read(path())?).ok();
                Ok(Some(Self { owner }))
            }
            Err(TryLockError::Error(cause)) => Err(cause).context("can't ask for .tributary/up.lock"),
        }
    }

    /// One line for a person.
    pub fn describe(&self) -> String {
        let pid = self.owner.as_ref().map(|owner| format!(" (process {})", owner.pid)).unwrap_or_default();
        match RunFile::read() {
            Some(run) => format!("the shop already runs at {}{pid}", run.gateway_url()),
            None => format!("the shop is already starting{pid}"),
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&self) -> Result<()> {
        let owner = self.owner.as_ref().filter(|owner| owner.is_alive());
        let pid = owner.and_then(|owner| Pid::from_raw(owner.pid.cast_signed()));
        let pid = pid.context("the shop is just starting; try again in a second")?;
        kill_process(pid, Signal::TERM)
            .with_context(|| format!("can't stop process {}", pid.as_raw_pid()))?;
        let until = Instant::now() + Duration::from_secs(90);
        while Self::find()?.is_some() {
            ensure!(Instant::now() < until, "process {} doesn't stop", pid.as_raw_pid());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn open() -> Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path());
    file.context("can't open .tributary/up.lock")
}
