//! Which changes reach the clients of known operations.

use apollo_compiler::Schema;
use apollo_compiler::ast::Document;
use tributary_federation::changes::{Uses, compare};

const OLD: &str = "type Query { a(n: N x: Int): I b: T c: E d: U } \
    interface I { x: Int! y: Int! } type T implements I { x: Int! y: Int! } \
    type S implements I { x: Int! y: Int! } union U = T | S enum E { A B } enum F { A B } \
    input N { m: M k: Int } input M { f: F }";

/// The coordinates of those changes that the operation meets.
#[track_caller]
fn check(operation: &str, was: &str, is: &str, met: &[&str]) {
    let new = OLD.replace(was, is);
    assert_ne!(new, OLD);
    let schema = |sdl: &str| Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    let (old, new) = (schema(OLD), schema(&new));
    let mut uses = Uses::default();
    uses.add(&old, &Document::parse(operation, "q.graphql").unwrap());
    let changes = compare(&old, &new);
    let touched = changes.iter().filter(|change| uses.touch(change)).map(|change| &*change.coordinate);
    assert_eq!(touched.collect::<Vec<_>>(), met, "{operation}: {was} -> {is}");
}

#[test]
fn a_field_that_is_asked_for() {
    let (was, is) = ("type T implements I { x: Int! y", "type T implements I { x: Int! z: Int y");
    check("{ b { x } }", was, is, &[]);
    check("{ b { z: x } c }", "b: T", "b: T!", &["Query.b"]);
    check("{ c }", "b: T", "b: T!", &[]);
    check("{ d { ...F } } fragment F on T { x }", "b: T", "b: T!", &[]);
    check("{ nothing }", "b: T", "b: T!", &[]);
}

#[test]
fn a_field_of_an_interface_is_its_objects() {
    let change =
        ("type S implements I { x: Int! y: Int! }", "type S implements I { x: Int! y(n: Int): Int! }");
    check("{ a { y } }", change.0, change.1, &["S.y(n:)"]);
    check("{ a { x } }", change.0, change.1, &[]);
    check("{ b { y } }", change.0, change.1, &[]);
}

#[test]
fn enums_and_inputs_are_used_as_a_whole() {
    check("{ c }", "enum E { A B }", "enum E { A }", &["E.B"]);
    check("{ b { x } }", "enum E { A B }", "enum E { A }", &[]);
    check("query ($n: N) { a(n: $n) { x } }", "enum F { A B }", "enum F { A }", &["F.B"]);
    check("query ($n: N) { a(n: $n) { x } }", "k: Int", "k: Int!", &["N.k"]);
    check("{ a(x: 1) { x } }", "k: Int", "k: Int!", &[]);
}

#[test]
fn types_by_themselves() {
    check("{ d { __typename } }", "union U = T | S", "union U = T", &["U"]);
    check("{ b { x } }", "union U = T | S", "union U = T", &[]);
    let (is, was) = ("type S implements I {", "type S {");
    check("{ a { x } }", is, was, &["S"]);
    check("{ b { x } }", is, was, &[]);
    check("{ b { x } }", "type Query", "directive @d on FIELD type Query", &["@d"]);
}
