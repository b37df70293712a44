//! What merging makes of fields, types and values.

use super::codes::{accepts, refuses};
use crate::support::supergraph;

#[track_caller]
fn merges(text: &str, lines: &[&str]) {
    let sdl = supergraph(text);
    for line in lines {
        assert!(sdl.contains(line), "no {line:?} in\n{sdl}");
    }
}

#[test]
fn field_types_become_the_common_supertype() {
    merges(
        "# a\ntype Query { a: Int! @shareable m: Book @shareable } type Book @shareable { t: Int }\n# b\ntype Query { a: Int @shareable m: Media @shareable } union Media = Book type Book @shareable { t: Int }",
        &[
            "a: Int @join__field(graph: A, type: \"Int!\") @join__field(graph: B)",
            "m: Media @join__field(graph: A, type: \"Book\") @join__field(graph: B)",
        ],
    );
}

#[test]
fn input_types_become_the_strictest() {
    merges(
        "# a\ntype Query { a(x: Int): Int @shareable b(i: I): Int } input I { x: Int y: Int }\n# b\ntype Query { a(x: Int!): Int @shareable } input I { x: Int! }",
        &[
            "a(x: Int!): Int",
            "x: Int! @join__field(graph: A, type: \"Int\") @join__field(graph: B, type: \"Int!\")",
        ],
    );
}

#[test]
fn inaccessible_input_fields_may_be_in_some_subgraphs_only() {
    merges(
        "# a\ntype Query { a(i: I): Int } input I { x: Int y: Int @inaccessible }\n# b\ntype Query { b(i: I): Int } input I { x: Int }",
        &["y: Int @join__field(graph: A, type: \"Int\") @inaccessible"],
    );
}

#[test]
fn enums_by_use() {
    let sdl = supergraph(
        "# a\ntype Query { a(i: In): Int @shareable o: Out @shareable } enum In { X Y } enum Out { X }\n# b\ntype Query { a(i: In): Int @shareable o: Out @shareable } enum In { Y } enum Out { Y }",
    );
    assert!(
        !sdl.contains(
            "X @join__enumValue(graph: A)\n  Y @join__enumValue(graph: A) @join__enumValue(graph: B)"
        ),
        "{sdl}"
    );
    assert!(sdl.contains("X @join__enumValue(graph: A)\n  Y @join__enumValue(graph: B)"), "{sdl}");
}

#[test]
fn optional_arguments_that_some_lack_are_left_out() {
    merges(
        "# a\ntype Query { a(x: Int, y: Int): Int @shareable }\n# b\ntype Query { a(x: Int): Int @shareable }",
        &["a(x: Int): Int"],
    );
}

#[test]
fn an_overridden_field_leaves_its_subgraph() {
    merges(
        "# a\ntype Query { q: Int a: Int }\n# b\ntype Query { a: Int @override(from: \"a\") }",
        &["a: Int @join__field(graph: B, override: \"a\")\n"],
    );
}

#[test]
fn an_overridden_key_stays_in_its_subgraph() {
    merges(
        "# a\ntype Query { q: Int } type T @key(fields: \"id\") { id: ID! x: Int }\n# b\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! @override(from: \"a\") y: Int }",
        &["id: ID! @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: \"a\")"],
    );
}

#[test]
fn a_label_keeps_both_subgraphs() {
    merges(
        "# a\ntype Query { q: Int a: Int }\n# b\ntype Query { a: Int @override(from: \"a\", label: \"percent(25)\") }",
        &[
            "a: Int @join__field(graph: A, overrideLabel: \"percent(25)\") @join__field(graph: B, override: \"a\", overrideLabel: \"percent(25)\")",
        ],
    );
}

#[test]
fn keys_of_extensions_are_not_external() {
    let text = |head: &str| {
        format!(
            "# a\ntype Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! }}\n# b{head}\nextend type T @key(fields: \"id\") {{ id: ID! @external x: Int }}"
        )
    };
    merges(&text(""), &["id: ID!\n"]);
    merges(&text(" v1"), &["id: ID!\n"]);
}

#[test]
fn unused_externals_of_federation_1_are_left_out() {
    merges(
        "# a v1\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! n: Int }\n# b v1\nextend type T @key(fields: \"id\") { id: ID! @external n: Int @external x: Int }",
        &["n: Int @join__field(graph: A)\n"],
    );
}

#[test]
fn implementations_get_the_fields_of_interface_objects() {
    merges(
        r#"
        # a
        type Query { nodes: [Node] }
        interface Node @key(fields: "id") { id: ID! }
        type User implements Node @key(fields: "id") { id: ID! name: String @shareable }
        # b
        type Node @key(fields: "id") @interfaceObject { id: ID! score(of: Int = 1): Int }
    "#,
        &[
            "interface Node @join__type(graph: A, key: \"id\") @join__type(graph: B, key: \"id\", isInterfaceObject: true)",
            "score(of: Int = 1): Int @join__field\n",
            "score(of: Int = 1): Int @join__field(graph: B)",
        ],
    );
}

#[test]
fn unresolvable_keys_say_so() {
    merges(
        "# a\ntype Query { t: T } type T @key(fields: \"id\", resolvable: false) { id: ID! }\n# b\ntype T @key(fields: \"id\") { id: ID! x: Int }",
        &["@join__type(graph: A, key: \"id\", resolvable: false)"],
    );
}

#[test]
fn every_subgraph_has_a_query_root() {
    merges(
        "# a\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! }\n# b\ntype T @key(fields: \"id\") { id: ID! x: Int }",
        &["type Query @join__type(graph: A) @join__type(graph: B)", "t: T @join__field(graph: A)"],
    );
}

#[test]
fn names_become_enum_values() {
    merges(
        "# order-items\ntype Query { a: Int }\n# order_items\ntype Query { b: Int }\n# 2nd\ntype Query { c: Int }",
        &[
            "ORDER_ITEMS @join__graph(name: \"order-items\"",
            "ORDER_ITEMS_2 @join__graph(name: \"order_items\"",
            "_2ND @join__graph(name: \"2nd\"",
        ],
    );
}

/// A subgraph that has an interface object can't have the interface's objects by their own names.
#[test]
fn an_interface_object_stands_alone() {
    for (beside, codes) in [
        ("type T @key(fields: \"id\") { id: ID! more: Int }", &["INTERFACE_OBJECT_USAGE_ERROR"][..]),
        ("type T @key(fields: \"id\", resolvable: false) { id: ID! }", &["INTERFACE_OBJECT_USAGE_ERROR"]),
        ("type U { more: Int }", &[]),
    ] {
        let text = format!(
            "# a\ntype Query {{ i: I }} interface I @key(fields: \"id\") {{ id: ID! }} type T implements I @key(fields: \"id\") {{ id: ID! }}\n# b\ntype Query {{ j: I }} type I @interfaceObject @key(fields: \"id\") {{ id: ID! stars: Int }} {beside}"
        );
        if codes.is_empty() { accepts(&text) } else { refuses(&text, codes) }
    }
}
