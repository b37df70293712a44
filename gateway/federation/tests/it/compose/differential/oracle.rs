//! The other composition: npm's `@theguild/federation-composition`, in one process for a whole test.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::support::Subgraphs;

const REMEDY: &str =
    "install Node.js 18 or later with npm, and run `npm ci` in gateway/federation/tests/oracle";

/// What it says of a set of subgraphs.
#[derive(Debug, Deserialize)]
pub struct Verdict {
    pub codes: Vec<String>,
    pub messages: Vec<String>,
    /// The API schema, where it composes.
    pub api: Option<String>,
    pub supergraph: Option<String>,
}

pub struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub fn start() -> Oracle {
        let folder = installed();
        let mut process = Command::new("node")
            .arg("compose.mjs")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node doesn't start ({error}): {REMEDY}"));
        let questions = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Oracle { process, questions, answers }
    }

    pub fn compose(&mut self, subgraphs: &Subgraphs) -> Verdict {
        let all: Vec<_> = subgraphs.iter().map(|(name, sdl)| json!({ "name": name, "sdl": sdl })).collect();
        let mut answer = String::new();
        let asked = writeln!(self.questions, "{}", json!(all)).and_then(|()| self.questions.flush());
        let read = asked.and_then(|()| self.answers.read_line(&mut answer));
        match read {
            Ok(bytes) if bytes > 0 => serde_json::from_str(&answer).expect("a verdict in JSON"),
            _ => panic!("the oracle ended (its reason stands above): {REMEDY}"),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It only reads and answers: there is nothing that it could leave behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder that it lies in; its packages are installed first where they are missing.
pub fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    if !is_installed(&folder) {
        install(&folder);
    }
    folder
}

fn is_installed(folder: &Path) -> bool {
    folder.join("node_modules/.package-lock.json").exists()
}

/// Tests run beside each other, and one of them installs for all.
fn install(folder: &Path) {
    let lock = Path::new(env!("CARGO_TARGET_TMPDIR")).join("composition-oracle.lock");
    let lock = File::create(lock).expect("cargo's folder for tests can be written");
    lock.lock().expect("a file that was just opened can be locked");
    if is_installed(folder) {
        return;
    }
    let installed = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder).output();
    match installed {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("npm ci failed: {}\n{REMEDY}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("npm doesn't start ({error}): {REMEDY}"),
    }
}
