//! Hints: what composes, and is probably not meant.

use crate::support::{compose_all, errors, subgraphs};

/// Expects exactly these hints, each with a place, and a supergraph.
#[track_caller]
pub fn hints(text: &str, codes: &[&str]) {
    let composition = compose_all(&subgraphs(text));
    assert!(composition.supergraph.is_some(), "{:#?}", errors(&composition));
    let mut found: Vec<&str> = composition.diagnostics.iter().map(|found| found.code.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, codes, "{:#?}", composition.diagnostics);
    assert!(composition.diagnostics.iter().all(|found| !found.places.is_empty()));
}

/// One shared field, as each of two subgraphs writes it.
#[track_caller]
fn shared(one: &str, other: &str, codes: &[&str]) {
    hints(&format!("# a\ntype Query {{ {one} }}\n# b\ntype Query {{ {other} }}"), codes);
}

#[test]
fn equal_definitions_are_no_hint() {
    shared(
        "\"x\" a(x: Int = 1): Int @shareable @cost(weight: 1)",
        "\"x\" a(x: Int = 1): Int @shareable @cost(weight: 1)",
        &[],
    );
    hints(super::snapshots::SHOP, &[]);
}

#[test]
fn types_and_defaults() {
    shared("a: Int @shareable", "a: Int! @shareable", &["INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE"]);
    shared(
        "a(x: Int): Int @shareable",
        "a(x: Int!): Int @shareable",
        &["INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE"],
    );
    shared(
        "a(x: Int): Int @shareable",
        "a(x: Int = 1): Int @shareable",
        &["INCONSISTENT_DEFAULT_VALUE_PRESENCE"],
    );
    shared("a(x: Int): Int @shareable", "a: Int @shareable", &["INCONSISTENT_ARGUMENT_PRESENCE"]);
    let inputs = "# a\ntype Query { a(i: I): Int } input I { x: Int ONE }\n# b\ntype Query { b(i: I): Int } input I { x: Int OTHER }";
    hints(
        &inputs.replace("ONE", "y: Int").replace("OTHER", "y: Int!"),
        &["INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE"],
    );
    hints(
        &inputs.replace("ONE", "y: Int").replace("OTHER", "y: Int = 1"),
        &["INCONSISTENT_DEFAULT_VALUE_PRESENCE"],
    );
    hints(&inputs.replace("ONE", "y: Int").replace("OTHER", ""), &["INCONSISTENT_INPUT_OBJECT_FIELD"]);
}

#[test]
fn descriptions() {
    shared("\"x\" a: Int @shareable", "a: Int @shareable", &[]);
    shared("\"x\" a: Int @shareable", "\"y\" a: Int @shareable", &["INCONSISTENT_DESCRIPTION"]);
    shared(
        "a(\"x\" x: Int): Int @shareable",
        "a(\"y\" x: Int): Int @shareable",
        &["INCONSISTENT_DESCRIPTION"],
    );
    hints(
        "# a\ntype Query { a: E } enum E { \"x\" A }\n# b\ntype Query { b: E } enum E { \"y\" A }",
        &["INCONSISTENT_DESCRIPTION"],
    );
}

#[test]
fn entities() {
    hints(
        "# a\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! }\n# b\ntype Query { u: T } type T { id: ID! @shareable }",
        &["INCONSISTENT_ENTITY"],
    );
}

/// A value is asked for again where another subgraph has more of it. What is only external there is no answer.
#[test]
fn values_with_other_fields() {
    let codes = &["INCONSISTENT_OBJECT_VALUE_TYPE_FIELD"];
    let values = |one: &str, other: &str| {
        format!("# a\ntype Query {{ v: V @shareable }} {one}\n# b\ntype Query {{ v: V @shareable }} {other}")
    };
    let both = "type V @shareable { x: Int y: Int }";
    hints(&values(both, both), &[]);
    hints(&values(both, "type V @shareable { x: Int }"), codes);
    hints(&values("type V @shareable { x: Int z: Int }", "type V @shareable { x: Int y: Int }"), codes);
    hints(&values("enum V { X Y }", "enum V { X }"), &[]);
    let stub = r#"
        # a
        type Query { t: T }
        type T @key(fields: "id") { id: ID! v: V }
        type V { x: Int y: Int }
        # b
        type T @key(fields: "id") { id: ID! v: V @external sum: Int @requires(fields: "v { x }") }
        type V { x: Int @external OWN }
    "#;
    hints(&stub.replace("OWN", ""), &[]);
    hints(
        "# a\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! }\n# b\ntype T @key(fields: \"id\") { id: ID! x: Int }",
        &[],
    );
}

/// Unions and enums that are only read differ while they grow. It is told where an answer depends on it.
#[test]
fn what_grows_is_no_hint() {
    let union = |query: &str, members: &str| {
        format!(
            "# a\ntype Query {{ {query} @shareable }} union U = A | B\ntype A @shareable {{ x: Int }} type B @shareable {{ x: Int }}\n# b\ntype Query {{ u: U @shareable }} union U = {members} type A @shareable {{ x: Int }} type B @shareable {{ x: Int }}"
        )
    };
    hints(&union("u: U", "A | B"), &[]);
    hints(&union("u: U", "A"), &["INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"]);
    hints(&union("other: U", "A"), &[]);
    hints("# a\ntype Query { a: E } enum E { X Y }\n# b\ntype Query { b: E } enum E { X Z }", &[]);
    hints("# a\ntype Query { a: Int } enum E { X Y }\n# b\ntype Query { b: Int } enum E { X }", &[]);
}

#[test]
fn interfaces_with_other_fields() {
    let codes = &["INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD"];
    let with = |one: &str, other: &str| {
        let object = "type T implements I @shareable { x: Int y: Int }";
        format!(
            "# a\ntype Query {{ a: I }} interface I {{ x: Int }} {one} {object}\n# b\ntype Query {{ b: I }} interface I {{ x: Int {other} }} {object}"
        )
    };
    hints(&with("", ""), &[]);
    hints(&with("", "y: Int"), codes);
    hints(&with("extend interface I { y: Int }", "y: Int"), &[]);
    let interface_object = r#"
        # a
        type Query { i: I }
        interface I @key(fields: "id") { id: ID! }
        type T implements I @key(fields: "id") { id: ID! }
        # b
        type I @interfaceObject @key(fields: "id") { id: ID! x: Int }
    "#;
    hints(interface_object, &[]);
}

/// A hint says what to do and where.
#[test]
fn values_are_told_with_all_that_is_missing() {
    let composition = compose_all(&subgraphs(
        "# a\ntype Query { v: V @shareable } type V @shareable { x: Int y: Int z: Int }\n# b\ntype Query { v: V @shareable }\ntype V @shareable { x: Int }",
    ));
    let told: Vec<String> = composition.diagnostics.iter().map(ToString::to_string).collect();
    let expected = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD: Fields of object type \"V\", which has no @key, are not the same in all of its subgraphs: no \"y\" and \"z\" in subgraph \"b\"\n  at b:3:6\n  help: add them there, or give the type a @key by which they are looked up";
    assert_eq!(told, [expected]);
}

#[test]
fn directives_with_other_arguments() {
    shared(
        "a: Int @shareable @deprecated(reason: \"x\")",
        "a: Int @shareable @deprecated(reason: \"y\")",
        &["INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"],
    );
    for directive in
        ["@cost(weight: N)", "@requiresScopes(scopes: [[\"N\"]])", "@policy(policies: [[\"N\"]])"]
    {
        shared(
            &format!("a: Int @shareable {}", directive.replace('N', "1")),
            &format!("a: Int @shareable {}", directive.replace('N', "2")),
            &["MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"],
        );
    }
    shared(
        "a: [Int] @shareable @listSize(assumedSize: 1)",
        "a: [Int] @shareable @listSize(assumedSize: 2)",
        &["MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"],
    );
}

#[test]
fn directives_for_queries() {
    let directives = |one: &str, other: &str, codes: &[&str]| {
        hints(&format!("# a\ntype Query {{ a: Int }} {one}\n# b\ntype Query {{ b: Int }} {other}"), codes);
    };
    directives("directive @d on FIELD", "directive @d on FIELD", &[]);
    directives("directive @d on FIELD", "", &["INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE"]);
    directives(
        "directive @d on FIELD | QUERY",
        "directive @d on QUERY",
        &["INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS"],
    );
    directives("directive @d on FIELD", "directive @d on QUERY", &["NO_EXECUTABLE_DIRECTIVE_INTERSECTION"]);
    directives(
        "directive @d repeatable on FIELD",
        "directive @d on FIELD",
        &["INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE"],
    );
}

#[test]
fn moving_fields() {
    let text =
        "# a\ntype Query { q: Int a: Int HERE }\n# b\ntype Query { a: Int @override(from: \"FROM\" LABEL) }";
    let with = |here: &str, from: &str, label: &str| {
        text.replace("HERE", here).replace("FROM", from).replace("LABEL", label)
    };
    hints(&with("", "a", ""), &["OVERRIDDEN_FIELD_CAN_BE_REMOVED"]);
    hints(&with("", "a", "label: \"percent(5)\""), &["OVERRIDE_MIGRATION_IN_PROGRESS"]);
    hints(&with("", "a", "").replacen(" a: Int ", " ", 1), &["OVERRIDE_DIRECTIVE_CAN_BE_REMOVED"]);
    hints(&with("", "z", "").replacen(" a: Int ", " ", 1), &["FROM_SUBGRAPH_DOES_NOT_EXIST"]);
    hints(
        "# a\ntype Query { t: T } type T @key(fields: \"id\") { id: ID! n: Int @external m: Int @requires(fields: \"n\") }\n# b\ntype T @key(fields: \"id\") { id: ID! n: Int @override(from: \"a\") }",
        &["OVERRIDE_DIRECTIVE_CAN_BE_REMOVED"],
    );
}

/// The supergraph can't hold a directive for the gateway everywhere; it is left out, and that is said.
#[test]
fn directives_for_the_gateway_that_are_left_out() {
    hints(
        "# a\ntype Query { u: U } union U @cacheControl(maxAge: 5) = T type T { a: Int } directive @cacheControl(maxAge: Int) on UNION",
        &["DIRECTIVE_COMPOSITION_WARN"],
    );
}
