//! What tests read that isn't in this checkout: without it they pass and prove less.

use std::env;
use std::path::{Path, PathBuf};

use crate::workspace;

/// What lies there, and what isn't proved where it doesn't.
const PARTS: [(&str, &str); 3] = [
    ("audit", "the federation audit's suites and operations"),
    ("bench", "the benchmark's deep query"),
    ("design/bridge.mjs", "subgraphs that are bridged from HTTP"),
];

/// `$TRIBUTARY_SHARED`, or `../shared` beside the checkout.
pub fn folder() -> PathBuf {
    env::var_os("TRIBUTARY_SHARED").map_or_else(|| workspace::root().join("../shared"), PathBuf::from)
}

/// What tests will leave out.
pub fn missing(folder: &Path) -> Vec<String> {
    let missing = PARTS.iter().filter(|(part, _)| !folder.join(part).exists());
    missing
        .map(|(part, what)| {
            let place = folder.join(part);
            format!("{what}: there is no {} (set TRIBUTARY_SHARED)", place.display())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::missing;

    #[test]
    fn each_part_that_isnt_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let all = missing(folder.path());
        assert_eq!(all.len(), 3, "{all:#?}");
        assert!(all[0].contains("audit's suites"), "{all:#?}");
        fs::create_dir_all(folder.path().join("audit")).unwrap();
        assert_eq!(missing(folder.path()), all[1..]);
        fs::create_dir_all(folder.path().join("bench")).unwrap();
        fs::create_dir_all(folder.path().join("design")).unwrap();
        fs::write(folder.path().join("design/bridge.mjs"), "").unwrap();
        assert_eq!(missing(folder.path()), Vec::<String>::new());
    }
}
