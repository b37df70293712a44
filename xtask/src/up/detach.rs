//! `--detach`: the same `up` in a session of its own, watched until the shop answers.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write, stderr};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::Options;
use crate::interrupt::Interrupt;
use crate::run_file::RunFile;
use crate::workspace;

/// Starts it, shows what it prints, and returns when the shop answers.
pub fn run(options: &Options) -> Result<ExitCode> {
    fs::create_dir_all(workspace::logs())?;
    // What it says was true of a run that is over.
    RunFile::remove();
    let path = workspace::logs().join("up.log");
    let log = File::create(&path).context("can't write .tributary/log/up.log")?;
    let mut shown = File::open(&path)?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["up", "--detached", "--profile", &options.profile, "--port", &options.port.to_string()]);
    command.args(options.fresh.then_some("--fresh")).args(options.seed.then_some("--seed"));
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).current_dir(workspace::root());
    let interrupt = Interrupt::install()?;
    let mut child = command.spawn().context("can't start another xtask")?;
    loop {
        let is_ready = RunFile::read().is_some();
        let ended = child.try_wait()?;
        // After these two, so that nothing said before them is missed.
        show(&mut shown)?;
        match ended {
            Some(_) if interrupt.heard() => return Ok(ExitCode::from(130)),
            Some(_) => return Ok(ExitCode::FAILURE),
            None if is_ready => return Ok(ExitCode::SUCCESS),
            None => {}
        }
        if interrupt.within(Duration::from_millis(50)) {
            stop(&mut child)?;
        }
    }
}

/// Whoever loses patience before the shop answers doesn't want to have it.
fn stop(child: &mut Child) -> Result<()> {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // It may have ended since we looked; it is still ours to collect, so the pid means nothing else.
        let _ = kill_process(pid, Signal::TERM);
    }
    child.wait()?;
    Ok(())
}

/// The detached process's own first step: a closed terminal and its Ctrl-C are no longer ours.
pub fn leave_terminal() -> Result<()> {
    rustix::process::setsid().context("can't leave the terminal's session")?;
    Ok(())
}

fn show(log: &mut File) -> Result<()> {
    let place = log.stream_position()?;
    let mut text = Vec::new();
    log.seek(SeekFrom::Start(place))?;
    log.read_to_end(&mut text)?;
    Ok(stderr().write_all(&text)?)
}
