//! Composition: subgraph SDLs in, a supergraph or the reasons against it out.
//!
//! ```text
//! SDL ──subgraph──▶ Subgraph ──validate──▶ (rules of one)
//!                      │
//!                      ├──merge──▶ Merged ──▶ (rules of several) ──satisfiability──▶ (can every query be answered?)
//!                      │                └──print──▶ supergraph SDL
//! ```
//! Each step adds its findings to one report, and the next one only runs on what has none, so all mistakes of a
//! kind are told at once. The result doesn't depend on the order of the subgraphs: they are sorted by name first.

mod diagnostic;
mod fieldset;
mod links;
mod merge;
mod model;
mod print;
mod satisfiability;
mod spec;
mod subgraph;
mod validate;

use std::collections::HashSet;

use apollo_compiler::Name;

use diagnostic::Report;
pub use diagnostic::{Code, Diagnostic, Place, Severity};
use model::Subgraph;

/// One subgraph to compose.
#[derive(Clone, Copy, Debug)]
pub struct SubgraphSdl<'a> {
    /// The name that the supergraph and the diagnostics call it by; unique among the subgraphs.
    pub name: &'a str,
    /// Where it is reached, for gateways that read that from the supergraph.
    pub url: Option<&'a str>,
    /// Its schema, as `_service { sdl }` gives it, with or without the federation's own definitions.
    pub sdl: &'a str,
}

/// What composition came to.
#[derive(Clone, Debug)]
pub struct Composition {
    /// Supergraph SDL of the join specification; absent when a diagnostic is an error.
    pub supergraph: Option<String>,
    /// Errors first, then hints.
    pub diagnostics: Vec<Diagnostic>,
}

impl Composition {
    /// The diagnostics that prevent a supergraph.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error())
    }
}

/// Composes subgraphs into a supergraph.
///
/// ```
/// use tributary_federation::compose::{SubgraphSdl, compose};
///
/// let products = SubgraphSdl { name: "products", url: None, sdl: "type Query { hello: String }" };
/// let composed = compose(&[products]);
/// assert!(composed.supergraph.is_some(), "{:?}", composed.diagnostics);
/// ```
pub fn compose(subgraphs: &[SubgraphSdl<'_>]) -> Composition {
    let mut report = Report::default();
    let supergraph = run(subgraphs, &mut report);
    let supergraph = supergraph.filter(|_| !report.has_errors());
    Composition { supergraph, diagnostics: report.into_diagnostics() }
}

fn run(inputs: &[SubgraphSdl<'_>], report: &mut Report) -> Option<String> {
    let mut subgraphs = read(inputs, report);
    validate::borrow_keys(&mut subgraphs);
    for subgraph in &mut subgraphs {
        validate::validate(subgraph, report);
    }
    if report.has_errors() {
        return None;
    }
    let merged = merge::merge(&subgraphs, report);
    if report.has_errors() {
        return None;
    }
    satisfiability::validate(&merged, report);
    Some(print::supergraph(&merged))
}

fn read(inputs: &[SubgraphSdl<'_>], report: &mut Report) -> Vec<Subgraph> {
    let mut sorted: Vec<&SubgraphSdl<'_>> = inputs.iter().collect();
    sorted.sort_by(|one, other| (one.name, one.sdl).cmp(&(other.name, other.sdl)));
    let mut graphs = HashSet::new();
    let mut subgraphs = Vec::new();
    let mut previous = None;
    for input in sorted {
        if previous == Some(input.name) || matches!(input.name, "" | "_") {
            let message = match input.name {
                "" => "A subgraph must have a name".to_owned(),
                "_" => "Invalid name _ for a subgraph: this name is reserved".to_owned(),
                name => format!("A subgraph named {name} already exists"),
            };
            report.error(Code::InvalidSubgraphName, message);
            continue;
        }
        previous = Some(input.name);
        let graph = graph_name(input.name, &mut graphs);
        subgraphs.extend(subgraph::read(input, graph, report));
    }
    subgraphs
}

/// The enum value for a subgraph: its name in capitals, made unique where several names become one.
fn graph_name(name: &str, taken: &mut HashSet<String>) -> Name {
    let mut graph: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if graph.starts_with(|c: char| c.is_ascii_digit()) {
        graph.insert(0, '_');
    }
    let mut unique = graph.clone();
    let mut count = 1;
    while !taken.insert(unique.clone()) {
        count += 1;
        unique = format!("{graph}_{count}");
    }
    Name::new(&unique).expect("letters, digits and underscores that don't start with a digit are a name")
}
