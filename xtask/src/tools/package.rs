//! One pinned Python package in a virtual environment of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::search::{on_path, version};
use crate::workspace;

/// A package at one version, and what installing it costs.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name in the registry.
    pub name: &'static str,
    /// The version that we know to work.
    pub version: &'static str,
    /// Whether the program needs the packages that this one asks for.
    pub with_dependencies: bool,
    /// What is downloaded.
    pub download_mb: u32,
    /// What it takes on disk, its virtual environment included.
    pub disk_mb: u32,
}

const OLDEST_PYTHON: [u32; 2] = [3, 9];

impl Package {
    /// Its virtual environment.
    pub fn folder(&self) -> PathBuf {
        workspace::tools().join(format!("{}-{}", self.name, self.version))
    }

    /// Whether nothing is left to do.
    pub fn is_installed(&self) -> bool {
        self.marker().exists()
    }

    /// Installs it where it isn't yet. Several processes may ask at once: one works, the others wait.
    pub fn install(&self) -> Result<PathBuf> {
        let folder = self.folder();
        if self.is_installed() {
            return Ok(folder);
        }
        fs::create_dir_all(workspace::tools())?;
        let guard = File::create(workspace::tools().join(format!(".{}.lock", self.name)))?;
        guard.lock()?;
        if !self.is_installed() {
            // What an interrupted installation left can't be told from a good one.
            let _ = fs::remove_dir_all(&folder);
            self.install_into(&folder)?;
            fs::write(self.marker(), "")?;
        }
        Ok(folder)
    }

    /// A file of the installed package, by its path below the environment's `site-packages`.
    pub fn site_file(&self, path: &str) -> Result<PathBuf> {
        let folder = self.folder();
        let libraries =
            fs::read_dir(folder.join("lib")).with_context(|| format!("{} is broken", folder.display()))?;
        libraries
            .filter_map(|entry| Some(entry.ok()?.path().join("site-packages").join(path)))
            .find(|file| file.exists())
            .with_context(|| format!("{} has no {path}", folder.display()))
    }

    fn marker(&self) -> PathBuf {
        self.folder().join("installed")
    }

    fn install_into(&self, folder: &Path) -> Result<()> {
        let python = python()?;
        let made = run(Command::new(python).args(["-m", "venv"]).arg(folder));
        if let Err(cause) = made {
            bail!(
                "python3 can't make a virtual environment; on Debian: apt-get install python3-venv ({cause:#})"
            );
        }
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
        if !self.with_dependencies {
            pip.arg("--no-deps");
        }
        pip.arg(format!("{}=={}", self.name, self.version));
        run(&mut pip)
            .with_context(|| format!("can't install the Python package {}=={}", self.name, self.version))
    }
}

fn python() -> Result<PathBuf> {
    let remedy = "on Debian: apt-get install python3 python3-venv";
    let Some(python) = on_path("python3") else {
        bail!("python3 is missing; {remedy}");
    };
    match version(&python, &["--version"]) {
        Some(found) if found.as_slice() >= OLDEST_PYTHON.as_slice() => Ok(python),
        _ => bail!("python3 is older than 3.9; install a newer one ({remedy})"),
    }
}

/// Runs a command to its end; its failure carries the last lines that it printed.
fn run(command: &mut Command) -> Result<()> {
    let output =
        command.output().with_context(|| format!("can't start {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
    bail!("{}", last.into_iter().rev().collect::<Vec<_>>().join("; "))
}
