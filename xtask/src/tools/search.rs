//! Finding programs and asking them for their version.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that a shell would start, its links resolved.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether the file is there and may be executed.
pub fn is_program(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file()
}

/// The first numbers with dots in what `program args…` prints: `[2, 11, 4]` of `nats-server: v2.11.4`.
pub fn version(program: &Path, args: &[&str]) -> Option<Vec<u32>> {
    let output = Command::new(program).args(args.iter().map(OsStr::new)).output().ok()?;
    if !output.status.success() {
        return None;
    }
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// A version as people write it.
pub fn dotted(version: &[u32]) -> String {
    version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

fn parse_version(text: &str) -> Option<Vec<u32>> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let numbers = text[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    Some(numbers.split('.').map_while(|number| number.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        assert_eq!(parse_version("nats-server: v2.11.4"), Some(vec![2, 11, 4]));
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"), Some(vec![15, 18]));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some(vec![19]));
        assert_eq!(parse_version("v20.20.2\n"), Some(vec![20, 20, 2]));
        assert_eq!(parse_version("none"), None);
    }
}
