//! The shop's SDL snapshots, and what they compose to: `schema/supergraph.graphql` for people and other tools,
//! `schema/api.graphql` for whatever checks operations against the shop (the playground's examples).
//! `UPDATE_SDL=1` writes both.

use std::path::{Path, PathBuf};

use tributary_federation::Supergraph;
use tributary_federation::compose::{Code, SubgraphSdl, compose};

fn schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema")
}

fn same_or_write(name: &str, text: &str) {
    let path = schema().join(name);
    if std::env::var_os("UPDATE_SDL").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "schema/{name} is out of date: run the tests once with UPDATE_SDL=1");
}

#[test]
fn composes_to_what_the_repository_shows() {
    let names = ["auth", "details", "orders", "products"];
    let sdls = names
        .map(|name| std::fs::read_to_string(schema().join(format!("subgraphs/{name}.graphql"))).unwrap());
    let subgraphs: Vec<SubgraphSdl> =
        names.iter().zip(&sdls).map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&subgraphs);
    // A stub is described as one, for those who read its subgraph.
    let told = composition.diagnostics.iter().filter(|found| found.code != Code::InconsistentDescription);
    assert_eq!(told.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    let sdl = composition.supergraph.unwrap();
    let supergraph = Supergraph::parse(&sdl).unwrap();
    same_or_write("supergraph.graphql", &sdl);
    same_or_write("api.graphql", &supergraph.api_schema().to_string());
}
