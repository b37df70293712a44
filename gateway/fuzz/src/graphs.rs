//! Subgraphs in one text, and the graph that operations are planned on.

use std::sync::OnceLock;

use tributary_federation::Supergraph;
use tributary_federation::compose::{SubgraphSdl, compose};

/// Name and SDL of each subgraph of a text. A line `# name` begins one; a name is one word.
pub(crate) fn subgraphs(text: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        let name = line.strip_prefix("# ").filter(|name| !name.contains(' '));
        match (name, found.last_mut()) {
            (Some(name), _) => found.push((name, String::new())),
            (None, Some((_, sdl))) => {
                sdl.push_str(line);
                sdl.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Something of everything: interfaces and interface objects, unions, compound keys, `@requires` and `@provides`,
/// shared values, an enum with a value that clients don't see, non-null fields below lists of lists.
pub(crate) const EVERYTHING: &str = include_str!("../corpus/compose/everything.graphql");

/// [`EVERYTHING`], composed once.
pub(crate) fn everything() -> &'static Supergraph {
    static GRAPH: OnceLock<Supergraph> = OnceLock::new();
    GRAPH.get_or_init(|| {
        let subgraphs = subgraphs(EVERYTHING);
        let inputs: Vec<SubgraphSdl<'_>> =
            subgraphs.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
        let composition = compose(&inputs);
        let errors: Vec<String> = composition.errors().map(ToString::to_string).collect();
        let sdl = composition.supergraph.unwrap_or_else(|| panic!("doesn't compose: {errors:#?}"));
        Supergraph::parse(&sdl).expect("what we compose we read")
    })
}
