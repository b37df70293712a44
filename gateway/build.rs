//! Tells cargo when the embedded pages change: a release build holds what was built before it.

use std::path::Path;

fn main() {
    // A path that doesn't exist would make cargo build the crate anew each time.
    let watched = ["build.rs", "../web-playground/dist", "../web-playground"];
    let pages = watched[1..].iter().find(|path| Path::new(path).exists());
    for path in watched[..1].iter().chain(pages) {
        println!("cargo::rerun-if-changed={path}");
    }
}
