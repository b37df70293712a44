//! `--detach`: the same `up` in a session of its own, watched until the shop answers.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write, stderr};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Options;
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
    let mut child = command.spawn().context("can't start another xtask")?;
    loop {
        let ended = child.try_wait()?;
        show(&mut shown)?;
        if ended.is_some() {
            // Its own words have just been shown.
            return Ok(ExitCode::FAILURE);
        }
        if RunFile::read().is_some() {
            return settle(&mut child, &mut shown);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The detached process's own first step: a closed terminal and its Ctrl-C are no longer ours.
pub fn leave_terminal() -> Result<()> {
    rustix::process::setsid().context("can't leave the terminal's session")?;
    Ok(())
}

/// The URLs are printed just after the file is written.
fn settle(child: &mut Child, shown: &mut File) -> Result<ExitCode> {
    thread::sleep(Duration::from_millis(100));
    show(shown)?;
    if child.try_wait()?.is_some() {
        bail!("the shop ended as soon as it had started");
    }
    Ok(ExitCode::SUCCESS)
}

fn show(log: &mut File) -> Result<()> {
    let place = log.stream_position()?;
    let mut text = Vec::new();
    log.seek(SeekFrom::Start(place))?;
    log.read_to_end(&mut text)?;
    Ok(stderr().write_all(&text)?)
}
