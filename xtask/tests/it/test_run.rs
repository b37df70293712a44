//! `cargo xtask test`: which commands it runs, where, and what it makes of them. The commands are stand-ins that write
//! down how they were called; the servers are real.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const CARGO: &str = r#"#!/bin/sh
echo "cargo $*" >> "$CALLS"
case "$1 $2" in
  "nextest --version") exit "$WITHOUT_NEXTEST" ;;
  "nextest run") echo "     Summary [   0.1s] 5 tests run: 5 passed, 0 skipped" ;;
  "test "*) echo "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s" ;;
  *) exit 0 ;;
esac
echo "servers: ${TRIBUTARY_POSTGRES_URL-none} ${TRIBUTARY_TEST_POSTGRES_URL:+private}" >> "$CALLS"
"#;

const NPM: &str = r#"#!/bin/sh
echo "npm $*" >> "$CALLS"
case "$*" in
  "run test") echo "      Tests  2 passed (2)" ;;
  "run test:browser")
    echo "chromium: $CHROMIUM" >> "$CALLS"
    exit "$BROWSER_FAILS"
    ;;
esac
"#;

struct Run {
    code: Option<i32>,
    said: String,
    calls: String,
}

fn write_program(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(without_nextest: &str, browser_fails: &str) -> Run {
    let folder = TempDir::new().unwrap();
    let programs = folder.path();
    write_program(programs, "cargo", CARGO);
    write_program(programs, "npm", NPM);
    write_program(programs, "node", "#!/bin/sh\necho v22.12.0\n");
    write_program(programs, "chromium", "#!/bin/sh\n");
    let calls = programs.join("calls");
    let path = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("test")
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("CARGO", programs.join("cargo"))
        .env("CALLS", &calls)
        .env("WITHOUT_NEXTEST", without_nextest)
        .env("BROWSER_FAILS", browser_fails)
        .env("TRIBUTARY_POSTGRES_URL", "postgres://precious")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let calls = fs::read_to_string(calls).unwrap().replace(&programs.display().to_string(), "");
    Run { code: output.status.code(), said, calls }
}

#[test]
fn every_test_runs_on_private_servers() {
    let Run { code, said, calls } = run("0", "0");
    assert_eq!(code, Some(0), "{said}");
    for expected in ["cargo fmt --all --check", "cargo clippy --workspace", "cargo build --workspace"] {
        assert!(calls.contains(expected), "{calls}");
    }
    assert!(calls.contains("cargo nextest run --workspace"), "{calls}");
    assert!(
        calls.contains("cargo test --workspace --doc"),
        "cargo-nextest runs no examples in docs: {calls}"
    );
    assert!(calls.contains("npm run build") && calls.contains("chromium: /chromium"), "{calls}");
    assert_eq!(
        calls.matches("servers: none private").count(),
        2,
        "not on those that the user named: {calls}"
    );
    assert!(said.ends_with("\n10 passed, 0 failed\n"), "{said}");
}

#[test]
fn without_nextest_cargo_test_runs_them() {
    let Run { code, said, calls } = run("101", "0");
    assert_eq!(code, Some(0), "{said}");
    assert!(!calls.contains("nextest run"), "{calls}");
    assert!(calls.contains("cargo test --workspace --no-fail-fast\nservers: none private"), "{calls}");
    assert!(said.ends_with("\n5 passed, 0 failed\n"), "{said}");
}

#[test]
fn a_failure_fails_the_run() {
    let Run { code, said, .. } = run("0", "1");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ page: browser tests") && said.ends_with("\n10 passed, 1 failed\n"), "{said}");
}
