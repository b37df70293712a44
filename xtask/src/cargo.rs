//! Cargo, and what it builds.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::{shop, workspace};

/// A command of the cargo that runs us, in the checkout.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace::root());
    // Cargo tells its children about the crate that it runs: us. It's not true of theirs.
    for (key, _) in env::vars_os() {
        if key.to_str().is_some_and(|key| key.starts_with("CARGO_PKG_") || key == "CARGO_MANIFEST_DIR") {
            command.env_remove(key);
        }
    }
    command
}

/// The shop's programs, as one profile builds them.
#[derive(Debug, Clone)]
pub struct Programs {
    profile: String,
}

impl Programs {
    /// Of this profile.
    pub fn new(profile: &str) -> Self {
        Self { profile: profile.into() }
    }

    /// Where cargo puts this one.
    pub fn path(&self, name: &str) -> PathBuf {
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        // Cargo's own profile for development is older than profiles' names.
        let folder = if self.profile == "dev" { "debug" } else { &self.profile };
        workspace::root().join(target).join(folder).join(name)
    }

    /// Whether all have been built, perhaps from older sources.
    pub fn exist(&self) -> bool {
        shop::programs().all(|name| self.path(name).exists())
    }

    /// Brings all up to date.
    pub fn build(&self) -> Command {
        let mut command = cargo(&["build", "--profile", &self.profile, "--bins"]);
        command.args(shop::PACKAGES.iter().flat_map(|package| ["--package", package]));
        command
    }
}
