//! The planner beside another one: how many fetches, how long a path, how much time, and whether the data is equal.
//!
//! The other is `hive-router-query-planner`, the planner of the router that passes all of the public federation
//! audit. It is a yardstick only: nothing that ships depends on it. The cases are the audit's operations and the
//! deep query of the public gateway benchmark, which lie outside of this repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tributary_federation::compose::{SubgraphSdl, compose};

mod both;
pub mod composition;
pub mod data;
pub mod ours;
pub mod overlap;
pub mod theirs;
pub mod time;
pub mod worlds;

pub use both::Both;

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
    /// Composed by us.
    pub graphs: Vec<Source>,
    /// In the order of the suites' names.
    pub all: Vec<Case>,
}

/// A supergraph and what it was composed of.
pub struct Source {
    /// Supergraph SDL.
    pub supergraph: String,
    /// Its subgraphs' SDLs by name, as far as they are known.
    pub subgraphs: BTreeMap<String, String>,
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
    let supergraph = read(&bench.join("supergraph.graphql"));
    cases.graphs.push(Source { supergraph, subgraphs: BTreeMap::new() });
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
        self.graphs.push(source(folder));
        let graph = self.graphs.len() - 1;
        let tests: Vec<serde_json::Value> =
            serde_json::from_str(&read(&folder.join("tests.json"))).expect("a suite's cases are a list");
        for (number, test) in tests.iter().enumerate() {
            let query = test["query"].as_str().expect("a case has a query").to_owned();
            self.all.push(Case { name: format!("{suite}#{number}"), graph, query });
        }
    }
}

fn source(folder: &Path) -> Source {
    let names: Vec<String> = serde_json::from_str(&read(&folder.join("subgraphs.json")))
        .expect("a suite's subgraphs are a list of names");
    let sdl = |name: &String| (name.clone(), read(&folder.join(format!("{name}.graphql"))));
    let sdls: Vec<(String, String)> = names.iter().map(sdl).collect();
    let inputs: Vec<SubgraphSdl<'_>> =
        sdls.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&inputs);
    let errors: Vec<String> = composition.errors().map(ToString::to_string).collect();
    let supergraph = composition.supergraph.unwrap_or_else(|| panic!("{}: {errors:#?}", folder.display()));
    Source { supergraph, subgraphs: sdls.into_iter().collect() }
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
