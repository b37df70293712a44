//! Where things lie: the checkout's root and its private folder `.tributary`.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The checkout that this crate was built in.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace's root")
}

/// `.tributary`, ignored by git: everything that the tools here write, apart from cargo's and npm's own folders.
/// `TRIBUTARY_DIR` puts what a running shop writes elsewhere, so that a test's shop and a person's don't meet.
pub fn private() -> PathBuf {
    env::var_os("TRIBUTARY_DIR").map_or_else(own, PathBuf::from)
}

fn own() -> PathBuf {
    root().join(".tributary")
}

/// What `up` keeps between two runs; `up --fresh` removes this folder and nothing else.
pub fn data() -> PathBuf {
    private().join("data")
}

/// Installed server programs.
pub fn tools() -> PathBuf {
    own().join("tools")
}

/// Stores of servers that live only as long as a test.
pub fn scratch() -> PathBuf {
    own().join("tmp")
}

/// What servers, services and builds print.
pub fn logs() -> PathBuf {
    private().join("log")
}

/// A path as a person would type it from the checkout's root.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Writes a file that nobody else may read, as a whole or not at all.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    // An old one could have been opened by somebody else, or have other rights.
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    fs::rename(beside, path)
}
