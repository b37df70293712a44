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
