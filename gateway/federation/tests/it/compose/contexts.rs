//! `@context` and `@fromContext`: what composes, how the supergraph says it, and what is refused.

use super::codes::{accepts, refuses};
use crate::support::{compose_all, subgraphs, supergraph};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@shareable", "@context", "@fromContext", "@interfaceObject", "@authenticated", "@requires"])"#;

/// A value of `T` for a field of `U`, with the parts of the example that a test changes.
struct Example {
    /// Directives of `T`.
    on: &'static str,
    /// Fields of `T`.
    fields: &'static str,
    /// Arguments of `U.field`.
    arguments: &'static str,
    /// The key of `U`.
    key: &'static str,
    /// Other types.
    more: &'static str,
    /// `U.field` in the other subgraph.
    other: &'static str,
}

const GOOD: Example = Example {
    on: "@context(name: \"context\")",
    fields: "prop: String! list: [String!]! number: Int",
    arguments: "a: String @fromContext(field: \"$context { prop }\")",
    key: "@key(fields: \"id\")",
    more: "",
    other: "",
};

impl Example {
    fn text(&self) -> String {
        let Example { on, fields, arguments, key, more, other } = self;
        format!(
            "# a {LINK}\ntype Query {{ t: T! }}\ntype T @key(fields: \"id\") {on} {{ id: ID! u: U! {fields} }}\ntype U {key} {{ id: ID! field({arguments}): Int! @shareable }}\n{more}\n# b {LINK}\ntype Query {{ b: Int }}\ntype U @key(fields: \"id\") {{ id: ID! {other} }}"
        )
    }

    #[track_caller]
    fn refused(&self, code: &str) {
        refuses(&self.text(), &[code]);
    }
}

#[track_caller]
fn argument(arguments: &'static str, code: &str) {
    Example { arguments, ..GOOD }.refused(code);
}

#[test]
fn the_supergraph_names_the_context_and_leaves_the_argument_out() {
    let arguments = "a: String @fromContext(field: \"$context { prop }\") of: Int";
    let sdl = supergraph(&Example { arguments, ..GOOD }.text());
    for line in [
        "@link(url: \"https://specs.apollo.dev/context/v0.1\", for: SECURITY)",
        "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
        "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION",
        "scalar context__ContextFieldValue",
        "type T @join__type(graph: A, key: \"id\") @context(name: \"a__context\") {",
        "field(of: Int): Int! @join__field(graph: A, contextArguments: [{context: \"a__context\", name: \"a\", type: \"String\", selection: \" { prop }\"}])",
    ] {
        assert!(sdl.contains(line), "no {line:?} in\n{sdl}");
    }
    assert!(!sdl.contains("ContextFieldValue)\n\nscalar federation__"), "{sdl}");
}

#[test]
fn several_types_may_set_a_context() {
    let text = format!(
        r#"
        # a {LINK}
        type Query {{ foo: Foo! bar: Bar! node: Node! any: Any! }}
        type Foo @context(name: "x") {{ u: U! prop: String! }}
        type Bar @context(name: "x") {{ u: U! prop2: String }}
        interface Node @context(name: "y") {{ name: String! }}
        type One implements Node {{ name: String! u: V! }}
        union Any @context(name: "z") = Two
        type Two {{ prop: [Int!] u: W! }}
        type U @key(fields: "id") {{ id: ID! f(a: String @fromContext(field: "$x ... on Foo {{ prop }} ... on Bar {{ prop2 }}")): Int }}
        type V @key(fields: "id") {{ id: ID! f(a: String @fromContext(field: "$y {{ name }}")): Int }}
        type W @key(fields: "id") {{ id: ID! f(a: [Int!] @fromContext(field: "$z ... on Two {{ prop }}")): Int }}
    "#
    );
    accepts(&text);
    refuses(&text.replace("... on Bar { prop2 }", ""), &["CONTEXT_INVALID_SELECTION"]);
    refuses(&text.replace("prop2: String ", "prop2: Int "), &["CONTEXT_INVALID_SELECTION"]);
    refuses(&text.replace("$z ... on Two { prop }", "$z { prop }"), &["CONTEXT_INVALID_SELECTION"]);
}

#[test]
fn names_of_contexts() {
    let on = |name: &'static str| Example { on: name, ..GOOD }.text();
    refuses(&on("@context(name: \"_context\")").replace("$context", "$_context"), &["CONTEXT_NAME_INVALID"]);
    refuses(&on("@context(name: \"context\") @context(name: \"\")"), &["CONTEXT_NAME_INVALID"]);
    refuses(&on("@context(name: \"context\") @context(name: \"1a\")"), &["CONTEXT_NAME_INVALID"]);
    refuses(&on(""), &["CONTEXT_NOT_SET"]);
}

#[test]
fn where_a_context_can_be_used() {
    argument("a: String = \"x\" @fromContext(field: \"$context { prop }\")", "CONTEXT_NOT_SET");
    argument("a: String @fromContext(field: \"{ prop }\")", "NO_CONTEXT_IN_SELECTION");
    argument("a: String @fromContext(field: \"$other { prop }\")", "CONTEXT_NOT_SET");
    let more = "directive @foo(a: String @fromContext(field: \"$context { prop }\")) on FIELD_DEFINITION";
    Example { more, ..GOOD }.refused("CONTEXT_NOT_SET");
    let more = "interface I { f(a: String @fromContext(field: \"$context { prop }\")): Int }";
    Example { more, ..GOOD }.refused("CONTEXT_NOT_SET");
    let more = "interface I { field: Int! }";
    refuses(
        &Example { more, ..GOOD }.text().replace(
            "type U @key(fields: \"id\") { id: ID! field",
            "type U implements I @key(fields: \"id\") { id: ID! field",
        ),
        &["CONTEXT_NOT_SET"],
    );
    let key = "@key(fields: \"id\", resolvable: false)";
    Example { key, ..GOOD }.refused("CONTEXT_NO_RESOLVABLE_KEY");
}

#[test]
fn selections() {
    let invalid = "CONTEXT_INVALID_SELECTION";
    accepts(&Example { arguments: "a: [String] @fromContext(field: \"$context { list }\")", ..GOOD }.text());
    accepts(&Example { arguments: "a: ID @fromContext(field: \"$context { u { id } }\")", ..GOOD }.text());
    accepts(
        &Example { arguments: "a: String! @fromContext(field: \"$context { __typename }\")", ..GOOD }.text(),
    );
    argument("a: String @fromContext(field: \"$context { id prop }\")", invalid);
    argument("a: String @fromContext(field: \"$context { foo: prop }\")", invalid);
    argument("a: String @fromContext(field: \"$context { missing }\")", invalid);
    argument("a: String @fromContext(field: \"$context { prop @skip(if: true) }\")", invalid);
    argument("a: String @fromContext(field: \"$context { number }\")", invalid);
    argument("a: String @fromContext(field: \"$context { list }\")", invalid);
    argument("a: Int! @fromContext(field: \"$context { number }\")", invalid);
    argument("a: String @fromContext(field: \"$context { u }\")", invalid);
    argument("a: String @fromContext(field: \"$context { prop { x } }\")", invalid);
    argument("a: String @fromContext(field: \"$context ... on U { id }\")", invalid);
    argument("a: String @fromContext(field: \"$context ... { prop }\")", invalid);
    argument("a: String @fromContext(field: \"$context ...f\")", invalid);
    argument("a: String @fromContext(field: \"$context ... on T { prop } ... on U { id }\")", invalid);
    argument("a: String @fromContext(field: \"$context ... on T { prop } ... on T { prop }\")", invalid);
    argument("a: String @fromContext(field: \"$context { prop\")", invalid);
    argument("a: String @fromContext(field: \"$context \")", invalid);
}

#[test]
fn an_interface_object_is_no_context() {
    let text = format!(
        r#"
        # a {LINK}
        type Query {{ t: T! }}
        type T @interfaceObject @key(fields: "id") @context(name: "c") {{ id: ID! u: U! prop: String! }}
        type U @key(fields: "id") {{ id: ID! field(a: String @fromContext(field: "$c {{ prop }}")): Int }}
        # b {LINK}
        interface T @key(fields: "id") {{ id: ID! }}
        type O implements T @key(fields: "id") {{ id: ID! }}
    "#
    );
    refuses(&text, &["CONTEXT_INVALID_SELECTION"]);
}

#[test]
fn external_fields_of_a_context_are_used() {
    let text = format!(
        r#"
        # a {LINK}
        type Query {{ t: T! }}
        type T @key(fields: "id") @context(name: "c") {{ id: ID! u: U! prop: String! @external }}
        type U @key(fields: "id") {{ id: ID! field(a: String @fromContext(field: "$c {{ prop }}")): Int }}
        # b {LINK}
        type T @key(fields: "id") {{ id: ID! prop: String! }}
    "#
    );
    accepts(&text);
}

#[test]
fn an_argument_is_contextual_everywhere_or_may_be_left_out() {
    let other = |other: &'static str| Example { other, ..GOOD }.text();
    accepts(&other("field: Int! @shareable"));
    for (argument, hints) in [("a: String", 1), ("a: String! = \"x\"", 1)] {
        let text = other("field(ARG): Int! @shareable").replace("ARG", argument);
        let composition = compose_all(&subgraphs(&text));
        assert!(composition.supergraph.is_some(), "{argument}");
        let told = composition
            .diagnostics
            .iter()
            .filter(|found| found.code.as_str() == "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS");
        assert_eq!(told.count(), hints, "{argument}");
    }
    refuses(
        &other("field(a: String!): Int! @shareable"),
        &["CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"],
    );
}

/// The field can only be reached below `T`, unless another field leads to `U`.
#[test]
fn every_path_must_set_the_context() {
    let text = Example { other: "", ..GOOD }.text();
    accepts(&text);
    let around = text.replace("type Query { t: T! }", "type Query { t: T! u: U }");
    refuses(&around, &["SATISFIABILITY_ERROR"]);
    let composition = compose_all(&subgraphs(&around));
    let message = &composition.errors().next().unwrap().message;
    assert!(
        message.contains("could not find a match for required context for field \"U.field\""),
        "{message}"
    );
    // The other subgraph resolves the field without the argument.
    let shared = Example { other: "field: Int! @shareable", ..GOOD }.text();
    accepts(&shared.replace("type Query { t: T! }", "type Query { t: T! u: U }"));
}

#[test]
fn a_field_that_is_required_has_no_context() {
    let text = format!(
        r#"
        # a {LINK}
        type Query {{ t: T! }}
        type T @context(name: "c") {{ u: U! prop: String! }}
        type U @key(fields: "id") {{ id: ID! field(a: String @fromContext(field: "$c {{ prop }}")): Int }}
        # b {LINK}
        type U @key(fields: "id") {{ id: ID! field: Int @external sum: Int @requires(fields: "field") }}
    "#
    );
    refuses(&text, &["SATISFIABILITY_ERROR"]);
}

#[test]
fn who_asks_must_be_allowed_to_read_the_context() {
    let fields = "prop: String! @authenticated";
    Example { fields, ..GOOD }.refused("MISSING_TRANSITIVE_AUTH_REQUIREMENTS");
    accepts(
        &Example { fields, ..GOOD }
            .text()
            .replace("): Int! @shareable }", "): Int! @shareable @authenticated }"),
    );
}
