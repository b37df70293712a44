//! The planner beside another one: how many fetches, how long a path, how much time.
//!
//! The other is `hive-router-query-planner`, the planner of the router that passes all of the public federation
//! audit. It is a yardstick only: nothing that ships depends on it. The cases are the audit's operations and the
//! deep query of the public gateway benchmark, which lie outside of this repository.

use std::path::{Path, PathBuf};

use tributary_federation::compose::{SubgraphSdl, compose};

pub mod ours;
pub mod overlap;
pub mod theirs;
pub mod time;
pub mod worlds;

/// One operation on one supergraph.
pub struct Case {
    /// The suite's name and the operation's number in it, as in `simple-requires-provides#3`.
    pub name: String,
    /// Index into [`Cases::graphs`].
    pub graph: usize,
    /// The operation.
    pub query: String,
}

/// Operations and the supergraphs that they run on.
#[derive(Default)]
pub struct Cases {
    /// Supergraph SDL, composed by us.
    pub graphs: Vec<String>,
    /// In the order of the suites' names.
    pub all: Vec<Case>,
}

/// What a plan costs to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Requests to subgraphs.
    pub fetches: usize,
    /// Requests that wait for each other, at the most.
    pub path: usize,
}

impl Measure {
    /// Adds another plan's.
    pub fn add(&mut self, other: Self) {
        self.fetches += other.fetches;
        self.path += other.path;
    }
}

/// All operations of the audit and the benchmark. `None`, and a loud word, where their data isn't there.
pub fn cases() -> Option<Cases> {
    let shared = shared();
    let Ok(entries) = std::fs::read_dir(shared.join("audit")) else {
        eprintln!(
            "LEFT OUT: the audit's operations are not at {} (set TRIBUTARY_SHARED)",
            shared.join("audit").display()
        );
        return None;
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("subgraphs.json").exists());
    folders.sort();
    let mut cases = Cases::default();
    folders.iter().for_each(|folder| cases.add_suite(folder));
    let bench = shared.join("bench");
    cases.graphs.push(read(&bench.join("supergraph.graphql")));
    let graph = cases.graphs.len() - 1;
    cases.all.push(Case {
        name: "benchmark".to_owned(),
        graph,
        query: read(&bench.join("operation.graphql")),
    });
    Some(cases)
}

impl Cases {
    fn add_suite(&mut self, folder: &Path) {
        let suite = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.graphs.push(supergraph(folder));
        let graph = self.graphs.len() - 1;
        let tests: Vec<serde_json::Value> =
            serde_json::from_str(&read(&folder.join("tests.json"))).expect("a suite's cases are a list");
        for (number, test) in tests.iter().enumerate() {
            let query = test["query"].as_str().expect("a case has a query").to_owned();
            self.all.push(Case { name: format!("{suite}#{number}"), graph, query });
        }
    }
}

fn supergraph(folder: &Path) -> String {
    let names: Vec<String> = serde_json::from_str(&read(&folder.join("subgraphs.json")))
        .expect("a suite's subgraphs are a list of names");
    let sdls: Vec<String> = names.iter().map(|name| read(&folder.join(format!("{name}.graphql")))).collect();
    let inputs: Vec<SubgraphSdl<'_>> =
        names.iter().zip(&sdls).map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&inputs);
    let errors: Vec<String> = composition.errors().map(ToString::to_string).collect();
    composition.supergraph.unwrap_or_else(|| panic!("{}: {errors:#?}", folder.display()))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shared() -> PathBuf {
    match std::env::var_os("TRIBUTARY_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"),
    }
}
