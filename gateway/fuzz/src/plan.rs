//! Plan.

use apollo_compiler::parser::Parser;
use tributary_federation::{Fact, Plan, PlanError, PlanOptions, Supergraph, plan_operation};

use crate::graphs::everything;

/// Deeper documents are refused by their parser, as the gateway has it.
const RECURSION: usize = 500;
/// More would make a slow fuzzer of it.
const MOST_WORK: u64 = 100_000;

/// Every operation of a document that is valid has a plan that is right as far as one can say without running it, the
/// same each time, or is refused for a reason.
///
/// The input is a document for the graph in `corpus/compose/everything.graphql`.
///
/// # Panics
/// Where that doesn't hold.
pub fn plan(input: &str) {
    let supergraph = everything();
    let mut parser = Parser::new().recursion_limit(RECURSION);
    let Ok(document) = parser.parse_ast(input, "query.graphql") else { return };
    let Ok(document) = document.to_executable_validate(supergraph.api_schema()) else { return };
    let names: Vec<Option<&str>> = document.operations.iter().map(|it| it.name.as_deref()).collect();
    for name in names {
        for incremental in [false, true] {
            let holds = |fact| incremental && matches!(fact, Fact::Incremental | Fact::Variable(_));
            let options = PlanOptions { facts: &holds, max_work: MOST_WORK, ..PlanOptions::default() };
            let plan = plan_operation(supergraph, &document, name, &options);
            check(supergraph, &plan, incremental);
            assert!(plan == plan_operation(supergraph, &document, name, &options), "a plan is a function");
        }
    }
}

fn check(supergraph: &Supergraph, plan: &Result<Plan, PlanError>, incremental: bool) {
    match plan {
        Ok(plan) => {
            let shown = plan.display(supergraph).to_string();
            // A deferred fetch can be needless: what it is entered by may be all that it is for.
            let check = if incremental { tributary_checks::missing } else { tributary_checks::faults };
            assert_eq!(check(supergraph, plan), [""; 0], "{shown}");
        }
        // Each object's fields have a way, not each abstract type's.
        Err(PlanError::TooComplex | PlanError::TooDeep | PlanError::Unreachable { .. }) => {}
        Err(PlanError::NoRoot(kind)) => assert_eq!(*kind, "subscription"),
        Err(error) => panic!("a valid document was refused: {error}"),
    }
}
