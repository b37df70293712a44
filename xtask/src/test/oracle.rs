//! What composition is compared with: an npm package, installed before the Rust tests look for it.

use std::path::Path;
use std::process::Command;

use super::report::{Report, all};
use crate::{tools, workspace};

/// Installs the package, unless it is there. A test that misses it fails with the remedy.
pub fn install(report: &mut Report) {
    let folder = workspace::root().join("gateway/federation/tests/oracle");
    if folder.join("node_modules/.package-lock.json").exists() {
        return;
    }
    report.attempt("composition oracle: packages", || {
        let npm = tools::node::npm().map_err(anyhow::Error::msg)?;
        all(vec![ci(&npm, &folder)])
    });
}

fn ci(npm: &Path, folder: &Path) -> Command {
    let mut command = Command::new(npm);
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder).env("NO_UPDATE_NOTIFIER", "1");
    command
}
