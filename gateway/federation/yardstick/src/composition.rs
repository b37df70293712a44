//! Our composition beside npm's `@theguild/federation-composition`: from the SDLs' text to the supergraph's, in CPU
//! time, in one run, taking turns.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value as Json, json};
use tributary_federation::compose::{SubgraphSdl, compose};

use crate::worlds;

/// Subgraphs by name and SDL.
pub type Set = Vec<(String, String)>;

/// What was measured of one set.
pub struct Beside {
    /// How much SDL it is.
    pub bytes: usize,
    /// Ours.
    pub ours: Taken,
    /// The other's.
    pub theirs: Taken,
}

/// Milliseconds of CPU that one takes.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The least, which is what the work itself costs: what else runs on the machine only adds to it.
    pub best: f64,
    /// In the middle of all.
    pub median: f64,
    /// How often it was measured.
    pub runs: usize,
}

/// What is composed.
pub fn inputs() -> [(String, Set); 3] {
    let shop = worlds::SHOP.map(|(name, sdl)| (name.to_owned(), sdl.to_owned())).into();
    let name = |size: worlds::Size| format!("{} subgraphs of {} types", size.subgraphs, size.types);
    let sized = |size| (name(size), worlds::subgraphs(size));
    [("the shop".to_owned(), shop), sized(worlds::MEDIUM), sized(worlds::LARGE)]
}

/// How long both compose before they are measured, since Node compiles what runs often; and how long they are
/// measured. Sets that it takes longer for are composed so many times all the same.
const WARM: Duration = Duration::from_secs(5);
const TIME: Duration = Duration::from_secs(10);
const RUNS: usize = 3;

/// Measures a set that both compose.
///
/// # Panics
/// When one of them refuses it.
pub fn beside(set: &Set, oracle: &mut Oracle) -> Beside {
    rounds(set, oracle, WARM, 1);
    let (own, other) = rounds(set, oracle, TIME, RUNS);
    let bytes = set.iter().map(|(_, sdl)| sdl.len()).sum();
    Beside { bytes, ours: Taken::of(own), theirs: Taken::of(other) }
}

/// Takes turns for that long, with so many of the other's at the least.
fn rounds(set: &Set, oracle: &mut Oracle, time: Duration, least: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    while other.len() < least || begun.elapsed() < time {
        let one = oracle.compose(set);
        // As long a turn as the other had, but for sets that it takes very long for.
        let turn = Instant::now();
        while own.len() <= other.len() || turn.elapsed().as_secs_f64() * 1e3 < one.min(500.0) {
            own.push(ours(set));
        }
        other.push(one);
    }
    (own, other)
}

fn ours(set: &Set) -> f64 {
    let inputs: Vec<_> = set.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let before = cpu();
    let composition = compose(&inputs);
    let taken = cpu() - before;
    assert!(composition.supergraph.is_some(), "{:#?}", composition.diagnostics);
    taken
}

/// The process's CPU time in milliseconds, as Node tells its own.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

impl Taken {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self { best: all[0], median: all[all.len() / 2], runs: all.len() }
    }
}

/// The npm package in one Node process.
pub struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

const REMEDY: &str = "install Node.js 18 or later, and run `npm ci` in gateway/federation/tests/oracle";

impl Oracle {
    /// Starts it.
    ///
    /// # Panics
    /// When Node or the package isn't there.
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle");
        let mut command = Command::new("node");
        command.arg("compose.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("node doesn't start ({error}): {REMEDY}"));
        let questions = process.stdin.take().expect("its input is piped");
        let answers = BufReader::new(process.stdout.take().expect("its output is piped"));
        Self { process, questions, answers }
    }

    /// Composes once; the CPU time in milliseconds.
    fn compose(&mut self, set: &Set) -> f64 {
        let all: Vec<_> = set.iter().map(|(name, sdl)| json!({ "name": name, "sdl": sdl })).collect();
        let mut answer = String::new();
        let asked = writeln!(self.questions, "{}", json!(all)).and_then(|()| self.questions.flush());
        asked
            .and_then(|()| self.answers.read_line(&mut answer))
            .unwrap_or_else(|error| panic!("{error}: {REMEDY}"));
        let answer: Json = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("it ended: {REMEDY}"));
        assert!(answer["supergraph"].is_string(), "{:#}", answer["messages"]);
        answer["cpu"].as_f64().expect("it tells its time")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It only reads and answers: there is nothing that it could leave behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
