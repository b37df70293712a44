//! What satisfiability accepts and the planner refuses: each field of each object has a way, but which way depends on
//! what the object is, and that is only known once it is there. The audit has three such operations.

use tributary_federation::PlanError;

use super::{graph, try_plan};
use crate::support::{compose_all, errors, subgraphs};

/// Expects a plan for each of the first queries, and for the last one a refusal that names the place.
#[track_caller]
fn only_last_refused(subgraphs: &str, planned: &[&str], query: &str, place: &str) {
    let supergraph = graph(subgraphs);
    for query in planned {
        if let Err(error) = try_plan(&supergraph, query) {
            panic!("{query}: {error}");
        }
    }
    match try_plan(&supergraph, query) {
        Err(PlanError::Unreachable { paths, .. }) => assert_eq!(paths, [place]),
        other => panic!("{query}: {other:?}"),
    }
}

/// Songs have their code from the one, albums from the other, and both answer `hit` with either.
const HITS: &str = r#"
    # songs
    type Query { hit: Hit @shareable song: Song }
    interface Hit { code: ID! }
    type Song implements Hit @key(fields: "code") { code: ID! text: String }
    type Album implements Hit @key(fields: "code") { code: ID! @external songs: [Song!]! }
    # albums
    type Query { hit: Hit @shareable album: Album }
    interface Hit { code: ID! }
    type Song implements Hit @key(fields: "code") { code: ID! @external albums: [Album!]! }
    type Album implements Hit @key(fields: "code") { code: ID! cover: String }
"#;

#[test]
fn a_field_that_each_object_has_elsewhere() {
    only_last_refused(
        HITS,
        &["{ hit { __typename } }", "{ hit { ... on Song { code } } }", "{ song { code } album { code } }"],
        "{ hit { code } }",
        "hit.code",
    );
}

/// What is asked of one object doesn't help the others.
#[test]
fn a_field_that_each_object_has_elsewhere_beside_a_fragment() {
    only_last_refused(
        HITS,
        &["{ hit { ... on Album { code } } other: hit { __typename ... on Song { code } } }"],
        "{ hit { code ... on Album { code } } other: hit { __typename ... on Song { code } } }",
        "hit.code",
    );
}

/// An interface object that isn't resolved by its key adds fields to the objects that it returns itself, and to no
/// others. Satisfiability asks for the fields of objects, and here are none.
#[test]
fn a_field_of_an_interface_object_without_an_entry() {
    let text = r#"
        # shelves
        type Query { first: Item }
        interface Item @key(fields: "code") { code: ID! }
        # notes
        type Query { noted: Item }
        type Item @key(fields: "code", resolvable: false) @interfaceObject { code: ID! note: String }
    "#;
    only_last_refused(
        text,
        &["{ noted { code note } }", "{ first { code } }"],
        "{ first { note } }",
        "first.note",
    );
    let object = "type Book implements Item @key(fields: \"code\") { code: ID! }\n# notes";
    let with_object = text.replace("# notes", object);
    let told = errors(&compose_all(&subgraphs(&with_object)));
    assert!(told.len() == 1 && told[0].starts_with("SATISFIABILITY_ERROR"), "{told:?}");
    let resolved = graph(&with_object.replace(", resolvable: false", ""));
    assert!(try_plan(&resolved, "{ first { note } }").is_ok());
}
