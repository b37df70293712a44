//! Planning: which fetches answer what, and what is refused.

mod audit;
mod caching;
mod cases;
mod contexts;
mod defer;
mod events;
mod facts;
mod limits;
mod mermaid;
mod needed;
mod shapes;
mod unreachable;

use apollo_compiler::ExecutableDocument;
use tributary_federation::{Plan, PlanError, PlanOptions, Supergraph, plan_operation};

use crate::support::supergraph;
use tributary_checks::faults;

fn graph(subgraphs: &str) -> Supergraph {
    Supergraph::parse(&supergraph(subgraphs)).unwrap()
}

fn try_plan(supergraph: &Supergraph, query: &str) -> Result<Plan, PlanError> {
    let document =
        match ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "query.graphql") {
            Ok(document) => document,
            Err(error) => panic!("{}", error.errors),
        };
    let plan = plan_operation(supergraph, &document, None, &PlanOptions::default())?;
    assert_eq!(faults(supergraph, &plan), [""; 0], "{query}\n{}", plan.display(supergraph));
    Ok(plan)
}

/// The plan as text.
fn plan(subgraphs: &str, query: &str) -> String {
    let supergraph = graph(subgraphs);
    match try_plan(&supergraph, query) {
        Ok(plan) => plan.display(&supergraph).to_string(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}
