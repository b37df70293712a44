//! What is known to be wrong in the other composition, as it is in 0.27.0: where one of these is mended, it can go.

use super::api;
use super::oracle::{Oracle, Verdict};
use crate::support::{compose_all, errors, subgraphs};

/// Composes a text on both sides; ours must be good.
fn both(text: &str) -> (String, Verdict) {
    let set = subgraphs(text);
    let ours = compose_all(&set);
    let supergraph = ours.supergraph.clone().unwrap_or_else(|| panic!("{:#?}", errors(&ours)));
    (supergraph, Oracle::start().compose(&set))
}

#[track_caller]
fn refused_there(text: &str, code: &str) {
    let (_, theirs) = both(text);
    assert_eq!(theirs.codes.first().map(String::as_str), Some(code), "{theirs:?}");
}

#[test]
fn requirements_with_fragments_are_not_satisfied() {
    refused_there(
        r#"
        # a
        type Query { t: T }
        interface I { id: ID! a: Int }
        type T implements I @key(fields: "id") { id: ID! a: Int @external c: Int @requires(fields: "... on I { a }") }
        # b
        type T @key(fields: "id") { id: ID! a: Int }
    "#,
        "SATISFIABILITY_ERROR",
    );
}

#[test]
fn a_required_field_of_an_interface_object_loses_external() {
    let (ours, theirs) = both(
        r#"
        # a
        type Query { media: [Media!] }
        interface Media @key(fields: "id") { id: ID! title: String! }
        type Book implements Media @key(fields: "id") { id: ID! title: String! }
        # b
        type Media @key(fields: "id") @interfaceObject { id: ID! title: String! @external verdict: String @requires(fields: "title") }
    "#,
    );
    let theirs = theirs.supergraph.unwrap();
    assert!(ours.contains("external: true") && !theirs.contains("external: true"), "{theirs}");
}

#[test]
fn the_first_type_wins_over_the_common_one() {
    let (ours, theirs) = both(
        "# a\ntype Query { m: Book @shareable } type Book @shareable { t: Int }\n# b\ntype Query { m: Media @shareable } union Media = Book type Book @shareable { t: Int }",
    );
    let difference = api::difference(&api::of_supergraph(&ours), &api::canonical(&theirs.api.unwrap()));
    assert_eq!(difference.as_deref(), Some("ours: Query: m(): Media\ntheirs: Query: m(): Book"));
}

#[test]
fn newer_versions_are_not_known() {
    for minor in 10..=13 {
        refused_there(
            &format!(
                "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.{minor}\", import: [\"@key\"])\ntype Query {{ a: Int }}"
            ),
            "UNKNOWN_FEDERATION_LINK_VERSION",
        );
    }
}

#[test]
fn a_type_of_the_specification_is_not_known() {
    refused_there(
        "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.8\", import: [\"@key\", \"ContextFieldValue\"])\ntype Query { a: Int }",
        "INVALID_LINK_DIRECTIVE_USAGE",
    );
}

#[test]
fn events_are_dropped() {
    let (ours, theirs) = both(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"]) @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
        directive @event(subject: String!) on FIELD_DEFINITION
        type Query { t: T } type T @key(fields: "id") { id: ID! }
        type Subscription { changed: T @event(subject: "events.a.T.*") }
    "#,
    );
    assert!(ours.contains("events.a.T.*") && !theirs.supergraph.unwrap().contains("events.a.T.*"));
}
