//! No code without a test: rules that stand nowhere else, and the proof that each code stands somewhere.

use std::fs;
use std::path::Path;

use tributary_federation::compose::Code;

use super::codes::refuses;
use super::hints::hints;
use crate::support::{compose_all, subgraphs};

#[test]
fn the_subscription_root_keeps_its_name() {
    refuses(
        "# a\nschema { query: Query subscription: Root } type Query { a: Int } type Root { a: Int } type Subscription { b: Int }",
        &["ROOT_SUBSCRIPTION_USED"],
    );
}

/// What others have codes of their own for.
#[test]
fn arguments_of_another_type() {
    for directive in [
        "@cost(weight: \"5\")",
        "@cost(weight: 99999999999)",
        "@listSize(requireOneSlicingArgument: 1)",
        "@listSize(sizedFields: [1])",
        "@tag(name: 5)",
    ] {
        refuses(&format!("# a\ntype Query {{ a: [Int] {directive} }}"), &["INVALID_GRAPHQL"]);
    }
    refuses("# a\ntype Query { a: E } enum E { X } enum E { Y }", &["INVALID_GRAPHQL"]);
    refuses("# a\ntype Query { a: S } scalar S scalar S", &["INVALID_GRAPHQL"]);
}

#[test]
fn interfaces_provide_nothing() {
    refuses(
        r#"
        # a
        type Query { q: Int t: T @provides(fields: "a") }
        interface I { t: T @provides(fields: "a") }
        type T @key(fields: "id") { id: ID! a: Int @external }
        # b
        type T @key(fields: "id") { id: ID! a: Int }
    "#,
        &["PROVIDES_UNSUPPORTED_ON_INTERFACE"],
    );
}

#[test]
fn what_not_all_can_be_sent_is_hinted_at() {
    hints(
        "# a\ntype Query { a(e: E): Int } enum E { X Y }\n# b\ntype Query { b(e: E): Int } enum E { X }",
        &["INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM"],
    );
}

/// Seventeen labels hold or don't in more ways than are tried.
#[test]
fn a_check_that_was_bounded_says_so() {
    let moved = |count: usize| {
        let old: String = (0..count).map(|at| format!("f{at}: Int ")).collect();
        let new: String = (0..count)
            .map(|at| format!("f{at}: Int @override(from: \"a\", label: \"percent({at})\") "))
            .collect();
        format!("# a\ntype Query {{ {old} }}\n# b\ntype Query {{ {new} }}")
    };
    let is_bounded = |count: usize| {
        let composition = compose_all(&subgraphs(&moved(count)));
        assert!(composition.supergraph.is_some(), "{:#?}", composition.diagnostics);
        let mut codes = composition.diagnostics.iter().map(|found| found.code.as_str());
        codes.any(|code| code == "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED")
    };
    assert!(!is_bounded(16));
    assert!(is_bounded(17));
}

/// The texts of the tests; a list of names is none.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("public_codes.rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn each_code_has_a_test() {
    let mut tests = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/compose"), &mut tests);
    let untested: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !tests.contains(&format!("\"{code}\"")))
        .collect();
    assert!(untested.is_empty(), "no test names {untested:?}");
}
