//! One pinned Python package in a virtual environment of its own.

use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::search::{on_path, version};
use crate::workspace;

/// A package at one version, and what installing it costs.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name in the registry.
    pub name: &'static str,
    /// The version that we know to work.
    pub version: &'static str,
    /// The minor versions of Python 3 that it is made for.
    pub pythons: RangeInclusive<u32>,
    /// Whether the program needs the packages that this one asks for.
    pub with_dependencies: bool,
    /// What is downloaded.
    pub download_mb: u32,
    /// What it takes on disk, its virtual environment included.
    pub disk_mb: u32,
}

/// Where the usual Python is too old or too new for a package, another one may stand beside it.
const PYTHONS: [&str; 5] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10"];

impl Package {
    /// Its virtual environment.
    pub fn folder(&self) -> PathBuf {
        workspace::tools().join(format!("{}-{}", self.name, self.version))
    }

    /// Whether nothing is left to do.
    pub fn is_installed(&self) -> bool {
        self.marker().exists()
    }

    /// Whether it can be installed here; else what is missing, in one line with the remedy.
    pub fn check(&self) -> Result<()> {
        check_venv(&self.python()?)
    }

    /// Installs it where it isn't yet. Several processes may ask at once: one works, the others wait.
    pub fn install(&self) -> Result<PathBuf> {
        self.install_by(run)
    }

    /// The same by somebody else's way to run a command to its end.
    pub fn install_by(&self, run: impl Fn(&mut Command) -> Result<()>) -> Result<PathBuf> {
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
            self.install_into(&folder, run)?;
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

    fn python(&self) -> Result<PathBuf> {
        let found: Vec<(PathBuf, u32)> = PYTHONS
            .into_iter()
            .filter_map(|name| {
                let python = on_path(name)?;
                let version = version(&python, &["--version"])?;
                if let [3, minor, ..] = version[..] { Some((python, minor)) } else { None }
            })
            .collect();
        let Some((_, usual)) = found.first() else {
            bail!("python3 is missing; on Debian: apt-get install python3 python3-venv");
        };
        let usable = found.iter().find(|(_, minor)| self.pythons.contains(minor));
        let (python, _) = usable.with_context(|| {
            let (oldest, newest) = self.pythons.clone().into_inner();
            let upper = if newest == u32::MAX { "or later".to_owned() } else { format!("to 3.{newest}") };
            format!(
                "the package {} needs Python 3.{oldest} {upper}, and here is 3.{usual}: put such a one on PATH",
                self.name
            )
        })?;
        Ok(python.clone())
    }

    fn marker(&self) -> PathBuf {
        self.folder().join("installed")
    }

    fn install_into(&self, folder: &Path, run: impl Fn(&mut Command) -> Result<()>) -> Result<()> {
        self.check()?;
        run(Command::new(self.python()?).args(["-m", "venv"]).arg(folder))
            .context("python3 can't make a virtual environment")?;
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

/// Debian has `venv` without what it puts into an environment, in a package of its own.
fn check_venv(python: &Path) -> Result<()> {
    let program = "import venv, ensurepip; ensurepip.version()";
    let able = Command::new(python).args(["-c", program]).output()?.status.success();
    ensure!(able, "python3 can't make virtual environments; on Debian: apt-get install python3-venv");
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_without_venv_is_told_what_to_install() {
        let fails = check_venv(Path::new("/bin/false")).unwrap_err().to_string();
        assert!(fails.contains("apt-get install python3-venv") && fails.lines().count() == 1, "{fails}");
        package(0..=u32::MAX).check().unwrap();
    }

    #[test]
    fn a_python_that_the_package_is_not_made_for_is_named() {
        let text = package(1..=2).check().unwrap_err().to_string();
        assert!(
            text.contains("it needs Python 3.1 to 3.2, and here is 3.") && text.lines().count() == 1,
            "{text}"
        );
    }

    fn package(pythons: RangeInclusive<u32>) -> Package {
        Package { name: "it", version: "1", pythons, with_dependencies: false, download_mb: 1, disk_mb: 1 }
    }
}
