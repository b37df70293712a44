//! Every suite of the public audit composes to a valid schema.

use apollo_compiler::Schema;

use crate::support::{audit, compose_all, errors};

#[test]
fn every_suite_composes() {
    let Some(suites) = audit() else { return };
    assert_eq!(suites.len(), 46, "the audit has 46 suites");
    for suite in suites {
        let composition = compose_all(&suite.subgraphs);
        let Some(supergraph) = &composition.supergraph else {
            panic!("{} doesn't compose: {:#?}", suite.name, errors(&composition));
        };
        if let Err(broken) = Schema::parse_and_validate(supergraph, "supergraph.graphql") {
            panic!("{} composes to an invalid schema: {}\n{supergraph}", suite.name, broken.errors);
        }
    }
}

/// Satisfiability asks for every field of every object, not whether an object's concrete type can be told. These
/// suites hold an interface object whose interface can't be entered by key, and an id that several types share:
/// all fields can be resolved, and it is for the planner to refuse the queries that ask what can't be known.
#[test]
fn suites_that_only_the_planner_refuses_compose() {
    let Some(suites) = audit() else { return };
    for name in ["corrupted-supergraph-node-id", "non-resolvable-interface-object"] {
        let suite = suites.iter().find(|suite| suite.name == name).unwrap();
        let composition = compose_all(&suite.subgraphs);
        assert!(composition.supergraph.is_some(), "{name}: {:#?}", errors(&composition));
    }
}
