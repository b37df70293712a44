//! Our planner: parse, validate, normalise, plan.

use apollo_compiler::ExecutableDocument;
use tributary_federation::{Plan, PlanOptions, Supergraph, plan_operation};

use crate::Measure;

/// The whole way from an operation's text to its plan. `None`: the operation is refused.
pub fn plan(supergraph: &Supergraph, query: &str) -> Option<Plan> {
    let document =
        ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "query.graphql").ok()?;
    plan_operation(supergraph, &document, None, &PlanOptions::default()).ok()
}

/// What a plan costs to run.
pub fn measure(plan: &Plan) -> Measure {
    Measure { fetches: plan.fetches.len(), path: plan.depth() }
}
