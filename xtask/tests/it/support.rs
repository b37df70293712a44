//! What several tests need.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use xtask::process::Identity;

/// The processes that this one started and that still run.
pub fn children(parent: u32) -> Vec<Identity> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{parent}/task")).unwrap() {
        let list = fs::read_to_string(task.unwrap().path().join("children")).unwrap();
        children.extend(list.split_whitespace().filter_map(|pid| Identity::of(pid.parse().unwrap())));
    }
    children
}

/// Waits for something that is about to be true.
pub fn soon(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}
