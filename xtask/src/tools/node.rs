//! Node.js, for the page.

use std::path::PathBuf;

use super::search::{dotted, on_path, version};

/// `npm`, where a Node new enough for Vite is there too; else why not, in one line with the remedy.
pub fn npm() -> Result<PathBuf, String> {
    let remedy = "install Node.js 22.12 or later, with npm";
    let node = on_path("node").ok_or_else(|| format!("Node.js is missing: {remedy}"))?;
    let found = version(&node, &["--version"]).unwrap_or_default();
    if !serves_vite(&found) {
        return Err(format!("Node.js {} is too old for Vite: {remedy}", dotted(&found)));
    }
    on_path("npm").ok_or_else(|| format!("npm is missing: {remedy}"))
}

/// What Vite states: `^20.19.0 || >=22.12.0`.
fn serves_vite(version: &[u32]) -> bool {
    version >= [22, 12].as_slice() || (version.first() == Some(&20) && version >= [20, 19].as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_that_vite_takes() {
        for good in [&[20, 19, 0][..], &[20, 20, 2], &[22, 12], &[24, 0, 1]] {
            assert!(serves_vite(good), "{good:?}");
        }
        for bad in [&[][..], &[18, 20], &[20, 18, 9], &[21, 7], &[22, 11]] {
            assert!(!serves_vite(bad), "{bad:?}");
        }
    }
}
