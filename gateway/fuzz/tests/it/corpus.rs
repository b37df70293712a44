//! What is kept of earlier runs.

use std::path::Path;

/// The inputs of a target, by their files' names.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut inputs: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    inputs.sort();
    assert!(inputs.len() > 2, "{target} has no corpus");
    inputs
}

/// The inputs of a target that takes text.
pub fn texts(target: &str) -> Vec<String> {
    of(target).into_iter().map(|(name, input)| String::from_utf8(input).expect(&name)).collect()
}

#[test]
fn every_input_that_was_kept_is_taken() {
    for (name, input) in of("compose") {
        println!("compose {name}");
        tributary_fuzz::compose(std::str::from_utf8(&input).unwrap());
    }
    for (name, input) in of("plan") {
        println!("plan {name}");
        tributary_fuzz::plan(std::str::from_utf8(&input).unwrap());
    }
    for (name, input) in of("execute") {
        println!("execute {name}");
        tributary_fuzz::execute(&input);
    }
}
