use apollo_compiler::{ExecutableDocument, Schema};
use proptest::prelude::*;

use super::*;

const SCHEMA: &str = r#"
    directive @oneOf on INPUT_OBJECT
    type Query { f(a: Int): Int }
    enum Color { RED GREEN }
    scalar Any
    input Point { x: Int! = 1, y: Int!, label: String = "p\"q", near: Point, tags: [String!] = "one" }
    input Box { from: Point! = { y: 2 }, to: Point }
    input Pick @oneOf { id: ID name: String }
    input Loop { next: Loop = {}, n: Int = 1 }
"#;

fn program(definitions: &str) -> VariableProgram {
    let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
    let types = Arc::new(InputTypes::new(&schema));
    let names: Vec<_> = definitions.split('$').skip(1).filter_map(|part| part.split(':').next()).collect();
    let text = format!("query({definitions}) {{ f }} # {names:?}");
    // Unused variables are a validation error that doesn't matter here.
    let document = match ExecutableDocument::parse(&schema, text, "query.graphql") {
        Ok(document) => document,
        Err(error) => panic!("{}", error.errors),
    };
    VariableProgram::compile(&types, document.operations.get(None).unwrap())
}

fn check(definitions: &str, given: &str, expected: &[Option<&str>]) {
    let values = program(definitions).coerce(Some(given)).unwrap();
    let values: Vec<_> = values.values.iter().map(Option::as_deref).collect();
    assert_eq!(values, expected, "{definitions} {given}");
}

fn check_error(definitions: &str, given: &str, expected: &str) {
    let errors = program(definitions).coerce(Some(given)).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("\n"), expected);
}

#[test]
fn leaves_stay_as_they_came() {
    check(
        "$a: Int, $b: Float, $c: String",
        r#"{"a":-0,"b":1.50e2,"c":"\u0041"}"#,
        &[Some("-0"), Some("1.50e2"), Some(r#""\u0041""#)],
    );
    check(
        "$a: ID, $b: ID, $c: Boolean",
        r#"{"a":123456789012345678901,"b":"x","c":true}"#,
        &[Some("123456789012345678901"), Some("\"x\""), Some("true")],
    );
    check("$a: Any", r#"{"a": {"b" : [1, 2.0]} }"#, &[Some(r#"{"b" : [1, 2.0]}"#)]);
    check("$a: Color!", r#"{"a":"RED"}"#, &[Some("\"RED\"")]);
    check("$a: Int", r#"{"a":1.0}"#, &[Some("1")]);
}

#[test]
fn absent_is_not_null() {
    check(
        "$a: Int, $b: Int, $c: Int = 3, $d: Int = 3",
        r#"{"b":null,"d":null,"other":1}"#,
        &[None, Some("null"), Some("3"), Some("null")],
    );
    let program = program("$a: Int");
    assert_eq!(program.coerce(None).unwrap().get(VariableId(0)), None);
    assert_eq!(program.coerce(Some("null")).unwrap().get(VariableId(0)), None);
}

#[test]
fn single_items_become_lists() {
    check(
        "$a: [Int], $b: [[Int]], $c: [Color!] = RED",
        r#"{"a":1,"b":[1,[2],null]}"#,
        &[Some("[1]"), Some("[[1],[2],null]"), Some("[\"RED\"]")],
    );
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    let point = r#"{"y":5,"x":1,"label":"p\"q","tags":["one"]}"#;
    check("$a: Point", r#"{"a":{"y":5}}"#, &[Some(point)]);
    let from = r#"{"x":1,"y":2,"label":"p\"q","tags":["one"]}"#;
    check("$a: Box = {}", "{}", &[Some(&format!(r#"{{"from":{from}}}"#))]);
    check("$a: Box", r#"{"a":{"to":null}}"#, &[Some(&format!(r#"{{"to":null,"from":{from}}}"#))]);
}

#[test]
fn a_default_that_holds_itself_ends() {
    let values = program("$a: Loop").coerce(Some(r#"{"a":{}}"#)).unwrap();
    assert!(values.get(VariableId(0)).unwrap().len() < 1000);
}

#[test]
fn errors_say_where_and_why() {
    check_error("$a: Int!", "{}", "Variable \"$a\" of required type \"Int!\" was not provided.");
    check_error(
        "$a: Int! = 1",
        r#"{"a":null}"#,
        "Variable \"$a\" got an invalid value; Expected non-nullable type \"Int!\" not to be null.",
    );
    check_error(
        "$a: [Point]",
        r#"{"a":[{"y":1},{"x":2147483648,"z":1,"y":"2"}]}"#,
        "Variable \"$a\" got an invalid value at \"a[1].x\"; Int cannot represent non 32-bit signed integer value: 2147483648\n\
         Variable \"$a\" got an invalid value at \"a[1]\"; Field \"z\" is not defined by type \"Point\".\n\
         Variable \"$a\" got an invalid value at \"a[1].y\"; Int cannot represent non-integer value: \"2\"",
    );
    check_error(
        "$a: Point",
        r#"{"a":{}}"#,
        "Variable \"$a\" got an invalid value; Field \"y\" of required type \"Int!\" was not provided.",
    );
    check_error(
        "$a: Color",
        r#"{"a":"BLUE"}"#,
        "Variable \"$a\" got an invalid value; Value \"BLUE\" does not exist in \"Color\" enum.",
    );
    check_error(
        "$a: Point",
        r#"{"a":{"y":1,"y":2}}"#,
        "Variable \"$a\" got an invalid value; Field \"y\" is given twice.",
    );
}

#[test]
fn one_of_takes_exactly_one() {
    check("$a: Pick", r#"{"a":{"id":1}}"#, &[Some(r#"{"id":1}"#)]);
    for wrong in [r#"{"a":{}}"#, r#"{"a":{"id":1,"name":"x"}}"#, r#"{"a":{"id":null}}"#] {
        let message = "Exactly one field of \"Pick\" must be given, and not as null.";
        check_error("$a: Pick", wrong, &format!("Variable \"$a\" got an invalid value; {message}"));
    }
}

#[test]
fn wrong_kinds_are_refused() {
    for (ty, value) in [
        ("Int", "\"1\""),
        ("Int", "1.5"),
        ("Int", "true"),
        ("Float", "\"1\""),
        ("Float", "1e999"),
        ("String", "1"),
        ("Boolean", "0"),
        ("ID", "1.5"),
        ("ID", "true"),
        ("Color", "1"),
        ("Point", "[]"),
        ("Point", "1"),
        ("[Int!]", "[null]"),
        ("[Int]", "[[1]]"),
    ] {
        let given = format!(r#"{{"a":{value}}}"#);
        assert!(program(&format!("$a: {ty}")).coerce(Some(&given)).is_err(), "{ty} {value}");
    }
}

#[test]
fn variables_that_are_no_object_are_refused() {
    for text in ["[]", "1", "{", "{\"a\":}", "{} {}", "\"a\""] {
        assert!(program("$a: Int").coerce(Some(text)).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_writes_json(text in r#"\{"a":([\[\]{},:"0-9.xy]|null|true|"x":|"y":|"near":){0,16}\}"#) {
        for ty in ["Point", "[Point!]!", "Any", "Box", "[[Int]]", "Pick"] {
            if let Ok(values) = program(&format!("$a: {ty}")).coerce(Some(&text)) {
                for value in values.values.iter().flatten() {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(value).is_ok(), "{value}");
                }
            }
        }
    }
}
