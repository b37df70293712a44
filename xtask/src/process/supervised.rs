//! Spawning, stopping and killing a supervised child.

use std::fs::{self, File};
use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

const LIFELINE: &str = include_str!("lifeline.sh");

/// The polite way to end a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Most programs.
    Terminate,
    /// PostgreSQL, whose answer to `Terminate` is to wait for its clients to leave.
    Interrupt,
    /// Servers of tests: nothing of theirs is worth waiting for.
    Kill,
}

impl StopSignal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Kill => "KILL",
        }
    }

    fn number(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Kill => Signal::KILL,
        }
    }
}

/// How a child is to be spawned.
#[derive(Debug)]
pub struct Spawn {
    /// What people know it by.
    pub name: String,
    /// Where its output is appended.
    pub log: PathBuf,
    /// How it is asked to stop.
    pub stop: StopSignal,
    /// A folder that is worth nothing once we are dead.
    pub trash: Option<PathBuf>,
}

/// A running child.
#[derive(Debug)]
pub struct Supervised {
    name: String,
    log: PathBuf,
    stop: StopSignal,
    child: Child,
    lifeline: Option<PipeWriter>,
    ended: Option<ExitStatus>,
}

impl Supervised {
    /// Starts `command` (its program, arguments, environment and folder) in a process group of its own.
    pub fn spawn(command: &Command, how: Spawn) -> Result<Self> {
        let (reader, writer) = io::pipe().context("a pipe")?;
        let log = open_log(&how.log)?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", LIFELINE, "lifeline", how.stop.name()]);
        shell.arg(how.trash.as_deref().unwrap_or(Path::new("")));
        shell.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.stdin(Stdio::from(reader)).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = shell.spawn().with_context(|| format!("can't start {}", how.name))?;
        Ok(Self { name: how.name, log: how.log, stop: how.stop, child, lifeline: Some(writer), ended: None })
    }

    /// What people know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is its process group's too.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// Waits for its end, or for `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.exited() {
                return Some(status);
            }
            if Instant::now() >= until {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to stop, and kills it when it hasn't after `grace`.
    pub fn stop(&mut self, grace: Duration) {
        self.signal(self.stop.number());
        if self.wait(grace).is_none() {
            self.signal(Signal::KILL);
        }
        self.finish();
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.finish();
    }

    /// The end of its log, for a message.
    pub fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn signal(&mut self, signal: Signal) {
        if self.exited().is_none()
            && let Some(pid) = Pid::from_raw(self.child.id().cast_signed())
        {
            // It may have ended since we looked; it is still ours to collect, so the pid means nothing else.
            let _ = kill_process(pid, signal);
        }
    }

    /// Collects it, and lets the watcher end what it left in its group.
    fn finish(&mut self) {
        if self.ended.is_none() {
            self.ended = self.child.wait().ok();
        }
        if let Some(mut lifeline) = self.lifeline.take() {
            // A watcher that is gone already has nothing left to be told.
            let _ = lifeline.write_all(b"keep\n");
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.kill();
    }
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("can't write {}", path.display()))
}
