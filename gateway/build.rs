//! Makes the folder of the embedded pages, and tells cargo when they change: a release build holds what was built before
//! it. A debug build reads them when they are asked for, but only from a folder that was there when it was made: the first
//! `cargo xtask up` builds the pages at the same time as the gateway.

use std::{fs, path::Path};

const PAGES: &str = "../web-playground/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let made = Path::new(PAGES).parent().is_some_and(Path::exists).then(|| fs::create_dir_all(PAGES));
    match made {
        Some(Ok(())) => println!("cargo::rerun-if-changed={PAGES}"),
        Some(Err(error)) => {
            println!("cargo::warning=the folder of the pages, {PAGES}, can't be made: {error}")
        }
        // The gateway is built without its pages.
        None => {}
    }
}
