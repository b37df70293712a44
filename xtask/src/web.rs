//! The page: `web-playground`, built by npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::{tools, workspace};

/// Folders of the page's that tools fill.
const GENERATED: [&str; 3] = ["node_modules", "dist", "test-results"];

/// The page's folder.
pub fn folder() -> PathBuf {
    workspace::root().join("web-playground")
}

/// A command of npm's in the page's folder.
pub fn npm(program: &Path, args: &[&str]) -> Command {
    npm_in(program, &folder(), args)
}

fn npm_in(program: &Path, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env("NO_UPDATE_NOTIFIER", "1");
    command
}

/// Which of npm's commands bring the page up to date; empty when it is.
pub fn outdated() -> Result<Vec<Command>, String> {
    let program = tools::node::npm()?;
    if modified(&folder().join("dist/index.html")) >= newest(&folder()) {
        return Ok(Vec::new());
    }
    let mut commands = install(&program);
    commands.push(npm(&program, &["run", "build"]));
    Ok(commands)
}

/// `npm ci` for the page, unless what it installs is there.
pub fn install(program: &Path) -> Vec<Command> {
    install_in(program, &folder())
}

/// `npm ci` in that folder, unless what it installs is there.
pub fn install_in(program: &Path, folder: &Path) -> Vec<Command> {
    let wanted = modified(&folder.join("package-lock.json"));
    let is_there = modified(&folder.join("node_modules/.package-lock.json")) >= wanted && wanted.is_some();
    if is_there { Vec::new() } else { vec![npm_in(program, folder, &["ci", "--no-audit", "--no-fund"])] }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
}

/// When the latest change was made to what the page is built from.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let sources = entries.filter(|entry| !GENERATED.iter().any(|name| entry.file_name() == *name));
    let times = sources.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        _ => modified(&entry.path()),
    });
    times.max().flatten()
}
