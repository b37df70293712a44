//! Parse and compose.

use tributary_federation::Supergraph;
use tributary_federation::compose::{Composition, SubgraphSdl};

use crate::graphs::subgraphs;

/// Subgraphs compose to a supergraph or to errors, to the same in any order, and what they compose to is read.
///
/// In the input a line `# name` begins a subgraph of that name; what follows is its SDL.
///
/// # Panics
/// Where that doesn't hold.
pub fn compose(input: &str) {
    let subgraphs = subgraphs(input);
    let mut inputs: Vec<SubgraphSdl<'_>> =
        subgraphs.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = tributary_federation::compose::compose(&inputs);
    let errors = errors(&composition);
    assert_eq!(composition.supergraph.is_some(), errors.is_empty(), "errors are what forbids a supergraph");
    inputs.reverse();
    let reversed = tributary_federation::compose::compose(&inputs);
    assert!(composition.supergraph == reversed.supergraph, "the order of the subgraphs doesn't matter");
    assert_eq!(errors, self::errors(&reversed), "the order of the subgraphs doesn't matter to errors");
    if let Some(sdl) = &composition.supergraph
        && let Err(error) = Supergraph::parse(sdl)
    {
        panic!("what was composed isn't read: {error}\n{sdl}");
    }
}

fn errors(composition: &Composition) -> Vec<String> {
    composition.errors().map(ToString::to_string).collect()
}
