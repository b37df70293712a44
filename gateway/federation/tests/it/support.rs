//! Subgraphs as the tests write them, and the public audit's suites as they lie in the shared folder.

use std::path::{Path, PathBuf};

use tributary_federation::compose::{Composition, SubgraphSdl, compose};

/// What `# name` puts before a subgraph: all of federation 2.9 under its own names.
const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", "@shareable", "@extends", "@override", "@inaccessible", "@tag", "@interfaceObject", "@composeDirective", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize"])"#;

/// Named subgraphs with their SDL.
pub type Subgraphs = Vec<(String, String)>;

/// Reads several subgraphs from one text. `# name` begins a subgraph of federation 2, with everything imported in
/// the place of that line; `# name v1` begins one without a link to federation.
pub fn subgraphs(text: &str) -> Subgraphs {
    let mut found: Subgraphs = Vec::new();
    for line in text.lines() {
        match line.trim().strip_prefix("# ") {
            Some(head) => {
                let (name, first) = match head.split_once(' ') {
                    Some((name, "v1")) => (name, ""),
                    Some((name, rest)) => (name, rest),
                    None => (head, LINK),
                };
                found.push((name.to_owned(), format!("{first}\n")));
            }
            None => {
                if let Some((_, sdl)) = found.last_mut() {
                    sdl.push_str(line);
                    sdl.push('\n');
                }
            }
        }
    }
    found
}

/// Composes subgraphs that [`subgraphs`] read.
pub fn compose_all(subgraphs: &Subgraphs) -> Composition {
    let inputs: Vec<SubgraphSdl<'_>> =
        subgraphs.iter().map(|(name, sdl)| SubgraphSdl { name, url: Some("nats://test"), sdl }).collect();
    compose(&inputs)
}

/// Every error as text.
pub fn errors(composition: &Composition) -> Vec<String> {
    composition.errors().map(ToString::to_string).collect()
}

/// The supergraph, or a panic with the errors.
pub fn supergraph(text: &str) -> String {
    let composition = compose_all(&subgraphs(text));
    match &composition.supergraph {
        Some(supergraph) => supergraph.clone(),
        None => panic!("doesn't compose: {:#?}", errors(&composition)),
    }
}

/// A suite of the public federation audit.
pub struct Suite {
    pub name: String,
    pub subgraphs: Subgraphs,
}

/// The audit's suites; `None`, and a loud word, where the shared folder isn't there.
pub fn audit() -> Option<Vec<Suite>> {
    let root = shared().join("audit");
    let Ok(entries) = std::fs::read_dir(&root) else {
        eprintln!(
            "LEFT OUT: the federation audit's suites are not at {} (set TRIBUTARY_SHARED)",
            root.display()
        );
        return None;
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("subgraphs.json").exists());
    folders.sort();
    Some(folders.iter().map(|folder| suite(folder)).collect())
}

fn suite(folder: &Path) -> Suite {
    let names: Vec<String> = serde_json::from_str(&read(&folder.join("subgraphs.json")))
        .expect("subgraphs.json is a list of names");
    let subgraphs = names.into_iter().map(|name| {
        let sdl = read(&folder.join(format!("{name}.graphql")));
        (name, sdl)
    });
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Suite { name, subgraphs: subgraphs.collect() }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shared() -> PathBuf {
    match std::env::var_os("TRIBUTARY_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    }
}

/// The operations of one of the audit's suites.
pub fn audit_operations(suite: &str) -> Vec<String> {
    let tests = read(&shared().join("audit").join(suite).join("tests.json"));
    let tests: Vec<serde_json::Value> = serde_json::from_str(&tests).expect("tests.json is a list of cases");
    tests.iter().map(|test| test["query"].as_str().unwrap_or_default().to_owned()).collect()
}
