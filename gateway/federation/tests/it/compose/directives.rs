//! Directives that survive composition.

use crate::support::supergraph;

#[track_caller]
fn survives(text: &str, lines: &[&str]) {
    let sdl = supergraph(text);
    for line in lines {
        assert!(sdl.contains(line), "no {line:?} in\n{sdl}");
    }
}

#[test]
fn deprecation_and_specifications() {
    survives(
        "# a\ntype Query { a(x: Int @deprecated(reason: \"y\")): D @deprecated(reason: \"x\") } scalar D @specifiedBy(url: \"https://example.com\")",
        &[
            "x: Int @deprecated(reason: \"y\")",
            "): D @deprecated(reason: \"x\")",
            "scalar D @join__type(graph: A) @specifiedBy(url: \"https://example.com\")",
        ],
    );
}

#[test]
fn one_of() {
    survives(
        "# a\ntype Query { a(i: I): Int } input I @oneOf { x: Int y: Int }",
        &["input I @join__type(graph: A) @oneOf {"],
    );
}

#[test]
fn tags_of_all_subgraphs() {
    survives(
        "# a\ntype Query { a: Int @shareable @tag(name: \"x\") }\n# b\ntype Query { a: Int @shareable @tag(name: \"y\") @tag(name: \"x\") }",
        &["a: Int @tag(name: \"x\") @tag(name: \"y\")", "https://specs.apollo.dev/tag/v0.3"],
    );
}

#[test]
fn tags_on_the_schema() {
    survives(
        "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@tag\"]) @tag(name: \"public\")\ntype Query { a: Int }",
        &["schema\n  @link", "  @tag(name: \"public\")\n{", "https://specs.apollo.dev/tag/v0.3"],
    );
}

#[test]
fn inaccessible_in_one_subgraph_is_inaccessible() {
    survives(
        "# a\ntype Query { a: Int @shareable b: Int }\n# b\ntype Query { a: Int @shareable @inaccessible }",
        &["a: Int @inaccessible", "inaccessible/v0.2\", for: SECURITY"],
    );
}

#[test]
fn authorisation_of_all_subgraphs_together() {
    survives(
        "# a\ntype Query { a: Int @shareable @authenticated @requiresScopes(scopes: [[\"x\"], [\"y\"]]) }\n# b\ntype Query { a: Int @shareable @requiresScopes(scopes: [[\"z\"]]) @policy(policies: [[\"p\"]]) }",
        &[
            "@authenticated @requiresScopes(scopes: [[\"x\", \"z\"], [\"y\", \"z\"]]) @policy(policies: [[\"p\"]])",
            "scalar requiresScopes__Scope",
        ],
    );
}

/// Whoever asks for the interface gets the object, so the interface demands what its implementations do.
#[test]
fn interfaces_demand_what_their_implementations_do() {
    survives(
        "# a\ntype Query { i: I } interface I { x: Int } type T implements I @authenticated { x: Int @requiresScopes(scopes: [[\"s\"]]) }",
        &["interface I @join__type(graph: A) @authenticated {", "x: Int @requiresScopes(scopes: [[\"s\"]])"],
    );
}

/// An interface object stands in for every implementation, and nobody gets around its demands by asking one of them.
#[test]
fn implementations_demand_what_interface_objects_do() {
    survives(
        r#"
        # a
        type Query { i: I }
        type I @interfaceObject @key(fields: "id") { id: ID! secret: String @requiresScopes(scopes: [["S1"]]) @shareable }
        # b
        interface I @key(fields: "id") { id: ID! extra: String }
        type T implements I @key(fields: "id") { id: ID! extra: String @authenticated }
        type U implements I @key(fields: "id") { id: ID! extra: String }
        # c
        type T @key(fields: "id") { id: ID! secret: String @requiresScopes(scopes: [["S2"]]) @shareable }
    "#,
        &[
            "extra: String @join__field(graph: B) @authenticated",
            "secret: String @join__field(graph: A) @requiresScopes(scopes: [[\"S1\", \"S2\"]])",
            "secret: String @join__field(graph: C) @requiresScopes(scopes: [[\"S1\", \"S2\"]])",
            "secret: String @join__field @requiresScopes(scopes: [[\"S1\"]])",
        ],
    );
}

#[test]
fn costs() {
    survives(
        "# a\ntype Query { a: [Int] @cost(weight: 5) @listSize(assumedSize: 10) }",
        &["@cost(weight: 5) @listSize(assumedSize: 10)", "https://specs.apollo.dev/cost/v0.1"],
    );
}

#[test]
fn descriptions_that_most_give() {
    let sdl = supergraph(
        "# a\n\"one\" type V @shareable { x: Int } type Query { a: V }\n# b\n\"two\" type V @shareable { x: Int }\n# c\n\"two\" type V @shareable { x: Int }",
    );
    assert!(sdl.contains("\"\"\"two\"\"\"\ntype V"), "{sdl}");
}

#[test]
fn list_sizes_of_all_subgraphs() {
    survives(
        r#"
        # a
        type Query { a(n: Int, m: Int, o: Int): C @shareable @listSize(assumedSize: 5, slicingArguments: ["n", "o"], sizedFields: ["x"], requireOneSlicingArgument: false) }
        type C @shareable { x: [Int] y: [Int] }
        # b
        type Query { a(n: Int, m: Int): C @shareable @listSize(assumedSize: 7, slicingArguments: ["m"], sizedFields: ["y", "x"], requireOneSlicingArgument: true) }
        type C @shareable { x: [Int] y: [Int] }
    "#,
        &[
            "@listSize(assumedSize: 7, slicingArguments: [\"n\", \"m\"], sizedFields: [\"x\", \"y\"], requireOneSlicingArgument: false)",
        ],
    );
}

/// `@extends` and `extend type` say the same.
#[test]
fn extends_is_an_extension() {
    let with = |version: &str, definition: &str| {
        supergraph(&format!(
            "# a{version}\ntype Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! a: Int }}
            # b{version}\n{definition} {{ id: ID! @external b: Int a: Int @external c: Int @requires(fields: \"a\") }}"
        ))
    };
    for version in ["", " v1"] {
        let extends = with(version, "type T @extends @key(fields: \"id\")");
        assert_eq!(extends, with(version, "extend type T @key(fields: \"id\")"), "{version}");
        assert!(extends.contains("extension: true"), "{extends}");
        assert!(!extends.contains("@extends"), "{extends}");
    }
}
