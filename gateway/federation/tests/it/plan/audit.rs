//! Every operation of the public audit is planned, or refused for a reason.

use std::collections::BTreeSet;

use apollo_compiler::ExecutableDocument;
use tributary_federation::{PlanError, PlanOptions, Supergraph, plan_operation};

use crate::support::{audit, audit_operations, compose_all};
use tributary_checks::faults;

/// What the API schema doesn't have: an enum value or input field that not all subgraphs know, something
/// inaccessible.
const INVALID: [&str; 5] = [
    "enum-intersection#4",
    "input-object-intersection#1",
    "input-object-intersection#2",
    "non-resolvable-interface-object#5",
    "simple-inaccessible#2",
];

/// What satisfiability accepts and no plan can answer, since it depends on what an object turns out to be:
/// * `node { id }` returns an Account or a Chat, and neither subgraph resolves the id of both;
/// * `a { field }` returns a Node whose field only the interface object in `b` has, which can't be entered by
///   a key. (That Node has no objects, and satisfiability asks for the fields of objects.)
///
/// `unreachable` has both in small.
const UNREACHABLE: [&str; 3] =
    ["corrupted-supergraph-node-id#0", "corrupted-supergraph-node-id#5", "non-resolvable-interface-object#1"];

#[test]
fn plans_191_operations_and_refuses_8() {
    let Some(suites) = audit() else { return };
    let (mut planned, mut invalid, mut unreachable) = (0, BTreeSet::new(), BTreeSet::new());
    for suite in &suites {
        let supergraph = Supergraph::parse(&compose_all(&suite.subgraphs).supergraph.unwrap()).unwrap();
        for (number, query) in audit_operations(&suite.name).iter().enumerate() {
            let case = format!("{}#{number}", suite.name);
            let api = supergraph.api_schema();
            let Ok(document) = ExecutableDocument::parse_and_validate(api, query, "query.graphql") else {
                invalid.insert(case);
                continue;
            };
            match plan_operation(&supergraph, &document, None, &PlanOptions::default()) {
                Ok(plan) => {
                    planned += 1;
                    let faults = faults(&supergraph, &plan);
                    assert_eq!(faults, [""; 0], "{case}\n{}", plan.display(&supergraph));
                }
                Err(PlanError::Unreachable { .. }) => assert!(unreachable.insert(case)),
                Err(error) => panic!("{case}: {error}"),
            }
        }
    }
    assert_eq!(planned, 191);
    assert_eq!(invalid, INVALID.map(str::to_owned).into());
    assert_eq!(unreachable, UNREACHABLE.map(str::to_owned).into());
}
