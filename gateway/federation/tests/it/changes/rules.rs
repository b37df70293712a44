//! Each rule by itself: the change, its severity, and where it is.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use tributary_federation::changes::{Severity, compare};

fn schema(sdl: &str) -> Valid<Schema> {
    let sdl = format!("type Query {{ q: Int }} {sdl}");
    match Schema::parse_and_validate(&sdl, "schema.graphql") {
        Ok(schema) => schema,
        Err(error) => panic!("{sdl}\n{}", error.errors),
    }
}

/// `severity CODE coordinate` of every change.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let changes = compare(&schema(old), &schema(new));
    let found: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {} {}", change.severity(), change.code, change.coordinate))
        .collect();
    assert_eq!(found, expected, "{old} -> {new}");
}

#[test]
fn nothing_changes() {
    let sdl = "interface I { a(x: Int = 1): [Int!]! } type T implements I { a(x: Int = 1): [Int!]! } \
               enum E { A } union U = T input N { a: Int } scalar S directive @d(a: Int) on FIELD";
    check(sdl, sdl, &[]);
}

#[test]
fn types_come_go_and_change_their_kind() {
    check("type T { a: Int }", "", &["breaking TYPE_REMOVED T"]);
    check("", "type T { a: Int }", &["safe TYPE_ADDED T"]);
    check("type T { a: Int }", "interface T { a: Int }", &["breaking TYPE_CHANGED_KIND T"]);
    check("scalar T", "enum T { A }", &["breaking TYPE_CHANGED_KIND T"]);
}

#[test]
fn roots() {
    let root = "type M { a: Int } schema { query: Query mutation: M }";
    let none = "type M { a: Int } schema { query: Query }";
    check(root, none, &["breaking ROOT_TYPE_CHANGED M"]);
    check(none, root, &["safe ROOT_TYPE_ADDED M"]);
    let other = "type M { a: Int } type N { a: Int } schema { query: Query mutation: N }";
    check(root, other, &["breaking ROOT_TYPE_CHANGED M", "safe TYPE_ADDED N"]);
}

#[test]
fn fields_come_and_go() {
    check("type T { a: Int b: Int }", "type T { a: Int }", &["breaking FIELD_REMOVED T.b"]);
    check("interface T { a: Int }", "interface T { a: Int b: Int }", &["safe FIELD_ADDED T.b"]);
}

#[track_caller]
fn output(old: &str, new: &str, expected: Option<Severity>) {
    let line = expected.map(|severity| match severity {
        Severity::Breaking => "breaking FIELD_CHANGED_KIND T.a",
        _ => "safe FIELD_CHANGED_KIND_SAFE T.a",
    });
    let with = |ty: &str| format!("type T {{ a: {ty} }}");
    check(&with(old), &with(new), line.as_slice());
}

#[test]
fn output_types_may_promise_more() {
    use Severity::{Breaking, Safe};
    output("Int", "Int!", Some(Safe));
    output("Int!", "Int", Some(Breaking));
    output("Int", "Float", Some(Breaking));
    output("Int", "[Int]", Some(Breaking));
    output("[Int]", "Int", Some(Breaking));
    output("[Int]", "[Int!]!", Some(Safe));
    output("[Int!]", "[Int]", Some(Breaking));
    output("[Int!]", "[Int]!", Some(Breaking));
    output("[[Int]!]", "[[Int!]!]!", Some(Safe));
    output("[Int!]!", "[Int!]!", None);
}

#[track_caller]
fn input(old: &str, new: &str, expected: Severity) {
    let (argument, field) = match expected {
        Severity::Breaking => ("breaking ARG_CHANGED_KIND T.f(a:)", "breaking FIELD_CHANGED_KIND N.a"),
        _ => ("safe ARG_CHANGED_KIND_SAFE T.f(a:)", "safe FIELD_CHANGED_KIND_SAFE N.a"),
    };
    let with = |ty: &str| format!("type T {{ f(a: {ty}): Int }}");
    check(&with(old), &with(new), &[argument]);
    let with = |ty: &str| format!("input N {{ a: {ty} b: Int }}");
    check(&with(old), &with(new), &[field]);
}

#[test]
fn input_types_may_take_more() {
    use Severity::{Breaking, Safe};
    input("Int!", "Int", Safe);
    input("Int", "Int!", Breaking);
    input("Int", "Float", Breaking);
    input("Int", "[Int]", Breaking);
    input("[Int]", "Int", Breaking);
    input("[Int!]!", "[Int]", Safe);
    input("[Int]", "[Int!]", Breaking);
    input("[[Int!]!]!", "[[Int!]]", Safe);
}

#[test]
fn arguments_come_and_go() {
    let none = "type T { f: Int }";
    let with = |argument: &str| format!("type T {{ f({argument}): Int }}");
    check(&with("a: Int"), none, &["breaking ARG_REMOVED T.f(a:)"]);
    check(none, &with("a: Int!"), &["breaking REQUIRED_ARG_ADDED T.f(a:)"]);
    check(none, &with("a: Int"), &["dangerous OPTIONAL_ARG_ADDED T.f(a:)"]);
    check(none, &with("a: Int! = 1"), &["dangerous OPTIONAL_ARG_ADDED T.f(a:)"]);
}

#[test]
fn defaults() {
    let with = |argument: &str| format!("type T {{ f({argument}): Int }}");
    let changed = &["dangerous ARG_DEFAULT_VALUE_CHANGE T.f(a:)"];
    check(&with("a: Int = 1"), &with("a: Int = 2"), changed);
    check(&with("a: Int = 1"), &with("a: Int"), changed);
    check(&with("a: Int"), &with("a: Int = 1"), changed);
    check(&with("a: [Int] = [1, 2]"), &with("a: [Int] = [2, 1]"), changed);
    check(&with("a: Int! = 1"), &with("a: Int!"), &["breaking ARG_BECAME_REQUIRED T.f(a:)"]);
    check(&with("a: Int!"), &with("a: Int! = 1"), &["safe ARG_BECAME_OPTIONAL T.f(a:)"]);
    let input = |default: &str| format!("input N {{ x: Int y: Int }} {}", with(&format!("n: N = {default}")));
    check(&input("{x: 1, y: 2}"), &input("{y: 2, x: 1}"), &[]);
    check(&input("{x: 1}"), &input("{x: 1, y: 2}"), &["dangerous ARG_DEFAULT_VALUE_CHANGE T.f(n:)"]);
}

#[test]
fn input_fields() {
    let with = |field: &str| format!("input N {{ b: Int {field} }}");
    check(&with("a: Int"), &with(""), &["breaking FIELD_REMOVED N.a"]);
    check(&with(""), &with("a: Int!"), &["breaking REQUIRED_INPUT_FIELD_ADDED N.a"]);
    check(&with(""), &with("a: Int"), &["dangerous OPTIONAL_INPUT_FIELD_ADDED N.a"]);
    check(&with("a: Int = 1"), &with("a: Int = 2"), &["dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE N.a"]);
    check(&with("a: Int! = 1"), &with("a: Int!"), &["breaking INPUT_FIELD_BECAME_REQUIRED N.a"]);
    check(&with("a: Int!"), &with("a: Int! = 1"), &["safe INPUT_FIELD_BECAME_OPTIONAL N.a"]);
    let (any, one) = ("input N { a: Int }", "directive @oneOf on INPUT_OBJECT input N @oneOf { a: Int }");
    check(any, one, &["breaking INPUT_BECAME_ONE_OF N"]);
    check(one, any, &["safe INPUT_NO_LONGER_ONE_OF N"]);
}

#[test]
fn enums_and_unions() {
    check(
        "enum E { A B }",
        "enum E { A C }",
        &["breaking VALUE_REMOVED_FROM_ENUM E.B", "dangerous VALUE_ADDED_TO_ENUM E.C"],
    );
    let types = "type A { a: Int } type B { a: Int } type C { a: Int }";
    check(
        &format!("{types} union U = A | B"),
        &format!("{types} union U = A | C"),
        &["breaking TYPE_REMOVED_FROM_UNION U", "dangerous TYPE_ADDED_TO_UNION U"],
    );
}

#[test]
fn interfaces() {
    let with = "interface I { a: Int } type T implements I { a: Int }";
    let without = "interface I { a: Int } type T { a: Int }";
    check(with, without, &["breaking IMPLEMENTED_INTERFACE_REMOVED T"]);
    check(without, with, &["dangerous IMPLEMENTED_INTERFACE_ADDED T"]);
    check("type T { a: Int }", with, &["safe TYPE_ADDED I", "safe NEW_INTERFACE_IMPLEMENTED T"]);
    check("interface I { a: Int }", with, &["dangerous IMPLEMENTED_INTERFACE_ADDED T", "safe TYPE_ADDED T"]);
}

#[test]
fn directives() {
    check("directive @d on FIELD", "", &["breaking DIRECTIVE_REMOVED @d"]);
    check("", "directive @d on FIELD", &["safe DIRECTIVE_ADDED @d"]);
    check(
        "directive @d on FIELD | QUERY",
        "directive @d on FIELD | MUTATION",
        &["breaking DIRECTIVE_LOCATION_REMOVED @d", "safe DIRECTIVE_LOCATION_ADDED @d"],
    );
    let (once, often) = ("directive @d on FIELD", "directive @d repeatable on FIELD");
    check(often, once, &["breaking DIRECTIVE_REPEATABLE_REMOVED @d"]);
    check(once, often, &["safe DIRECTIVE_REPEATABLE_ADDED @d"]);
    let with = |argument: &str| format!("directive @d({argument}) on FIELD");
    check(&with("a: Int"), once, &["breaking DIRECTIVE_ARG_REMOVED @d(a:)"]);
    check(once, &with("a: Int"), &["safe OPTIONAL_DIRECTIVE_ARG_ADDED @d(a:)"]);
    check(once, &with("a: Int!"), &["breaking REQUIRED_DIRECTIVE_ARG_ADDED @d(a:)"]);
    check(&with("a: Int"), &with("a: Int!"), &["breaking DIRECTIVE_ARG_CHANGED_KIND @d(a:)"]);
    check(&with("a: Int!"), &with("a: Int"), &["safe DIRECTIVE_ARG_CHANGED_KIND_SAFE @d(a:)"]);
    check(&with("a: Int! = 1"), &with("a: Int!"), &["breaking DIRECTIVE_ARG_BECAME_REQUIRED @d(a:)"]);
    check(&with("a: Int!"), &with("a: Int! = 1"), &["safe DIRECTIVE_ARG_BECAME_OPTIONAL @d(a:)"]);
    check(&with("a: Int = 1"), &with("a: Int = 2"), &["dangerous DIRECTIVE_ARG_DEFAULT_VALUE_CHANGE @d(a:)"]);
}

#[test]
fn what_is_written_about_elements() {
    check("\"old\" type T { a: Int }", "\"new\" type T { a: Int }", &["safe DESCRIPTION_CHANGED T"]);
    check(
        "enum E { A }",
        "enum E { \"a\" A @deprecated }",
        &["safe DEPRECATION_ADDED E.A", "safe DESCRIPTION_CHANGED E.A"],
    );
    check("type T { a: Int @deprecated }", "type T { a: Int }", &["safe DEPRECATION_REMOVED T.a"]);
    check(
        "type T { a: Int @deprecated }",
        "type T { a: Int @deprecated(reason: \"x\") }",
        &["safe DEPRECATION_REASON_CHANGED T.a"],
    );
    check("input N { a: Int }", "input N { a: Int @deprecated }", &["safe DEPRECATION_ADDED N.a"]);
    let by = |url: &str| format!("scalar S @specifiedBy(url: \"https://example.com/{url}\")");
    check(&by("a"), &by("b"), &["dangerous SPECIFIED_BY_CHANGED S"]);
    check("scalar S", &by("b"), &["dangerous SPECIFIED_BY_CHANGED S"]);
}

#[test]
fn the_worst_comes_first() {
    check(
        "type T { a: Int b: Int } enum E { A }",
        "type T { a: Int! } enum E { A B }",
        &[
            "breaking FIELD_REMOVED T.b",
            "dangerous VALUE_ADDED_TO_ENUM E.B",
            "safe FIELD_CHANGED_KIND_SAFE T.a",
        ],
    );
}
