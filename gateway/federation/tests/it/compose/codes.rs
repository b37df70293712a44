//! Every rule with the least that breaks it, and with what keeps it.

use crate::support::{compose_all, errors, subgraphs};

/// Expects exactly these codes among the errors, each at least once and at a place where there is one.
#[track_caller]
pub fn refuses(text: &str, codes: &[&str]) {
    let composition = compose_all(&subgraphs(text));
    let mut found: Vec<&str> = composition.errors().map(|error| error.code.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, codes, "{:#?}", errors(&composition));
    assert!(composition.supergraph.is_none(), "a supergraph in spite of errors");
    for error in composition.errors() {
        assert!(!error.message.is_empty());
        assert!(error.help.is_some(), "no remedy: {error}");
        assert!(
            !error.places.is_empty()
                || ["NO_QUERIES", "INVALID_SUBGRAPH_NAME"].contains(&error.code.as_str()),
            "no place: {error}"
        );
    }
}

/// Expects a supergraph.
#[track_caller]
pub fn accepts(text: &str) {
    let composition = compose_all(&subgraphs(text));
    assert!(composition.supergraph.is_some(), "{:#?}", errors(&composition));
}

/// One subgraph.
#[track_caller]
fn alone(sdl: &str, codes: &[&str]) {
    refuses(&format!("# a\n{sdl}"), codes);
}

const QUERY: &str = "type Query { q: Int }\n";

#[track_caller]
fn beside_a_query(sdl: &str, codes: &[&str]) {
    alone(&format!("{QUERY}{sdl}"), codes);
}

#[test]
fn invalid_schemas() {
    alone("type Query { a: Missing }", &["INVALID_GRAPHQL"]);
    alone("type Query { a: Int a: Int }", &["INVALID_GRAPHQL"]);
    alone("schema { query: Root } type T { a: Int }", &["INVALID_GRAPHQL"]);
    alone("type Query { a: Int @nothing }", &["INVALID_GRAPHQL"]);
    beside_a_query("interface I { a: Int } type T implements I { b: Int }", &["INVALID_GRAPHQL"]);
    alone("type Query { a(b: Int = \"x\"): Int }", &["INVALID_GRAPHQL"]);
    alone("type Query { a(b: E = X): Int } enum E { Y }", &["INVALID_GRAPHQL"]);
    alone("type Query { a(b: I = { c: null }): Int } input I { c: Int! }", &["INVALID_GRAPHQL"]);
}

#[test]
fn names() {
    refuses("# a\ntype Query { a: Int }\n# a\ntype Query { b: Int }", &["INVALID_SUBGRAPH_NAME"]);
    refuses("# _\ntype Query { a: Int }", &["INVALID_SUBGRAPH_NAME"]);
    refuses("# a\ntype Thing @key(fields: \"id\") { id: ID! }", &["NO_QUERIES"]);
    alone("schema { query: Root } type Root { a: Int } type Query { b: Int }", &["ROOT_QUERY_USED"]);
    let among = |more: &str| format!("schema {{ query: Root }} type A {{ b: Int }} {more}");
    let code = &["RENAMED_ROOT_IN_ABSTRACT_TYPE"];
    alone(&among("type Root { any: Any } union Any = A | Root"), code);
    alone(&among("type Root implements Node { id: ID node: Node } interface Node { id: ID }"), code);
    alone(
        "schema { query: Query mutation: Root } type Query { a: Int } type Root { a: Int } type Mutation { b: Int }",
        &["ROOT_MUTATION_USED"],
    );
    alone("type Query @inaccessible { a: Int }", &["QUERY_ROOT_TYPE_INACCESSIBLE"]);
}

#[test]
fn keys() {
    beside_a_query("type T @key(fields: [\"id\"]) { id: ID! }", &["KEY_INVALID_FIELDS_TYPE"]);
    beside_a_query("type T @key(fields: \"id {\") { id: ID! }", &["KEY_INVALID_FIELDS"]);
    beside_a_query("type T @key(fields: \"\") { id: ID! }", &["KEY_INVALID_FIELDS"]);
    beside_a_query("type T @key(fields: \"sku\") { id: ID! }", &["KEY_INVALID_FIELDS"]);
    beside_a_query("type T @key(fields: \"id { x }\") { id: ID! }", &["KEY_INVALID_FIELDS"]);
    beside_a_query("type T @key(fields: \"u\") { u: U } type U { id: ID! }", &["KEY_INVALID_FIELDS"]);
    beside_a_query("type T @key(fields: \"id\") { id(x: Int): ID! }", &["KEY_FIELDS_HAS_ARGS"]);
    beside_a_query(
        "type T @key(fields: \"i { id }\") { i: I } interface I { id: ID }",
        &["KEY_FIELDS_SELECT_INVALID_TYPE"],
    );
    beside_a_query(
        "type T @key(fields: \"id @include(if: true)\") { id: ID! }",
        &["KEY_DIRECTIVE_IN_FIELDS_ARG"],
    );
    refuses(
        "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.2\", import: [\"@key\"])\ntype Query { q: Int } interface I @key(fields: \"id\") { id: ID! }",
        &["KEY_UNSUPPORTED_ON_INTERFACE"],
    );
}

#[test]
fn requirements() {
    let with = |requires: &str, codes: &[&str]| {
        let text = format!(
            "type T @key(fields: \"id\") {{ id: ID! n(x: Int!): Int @external a: Int @external own: Int b: Int {requires} }}"
        );
        refuses(
            &format!(
                "# a\n{QUERY}{text}\n# b\ntype T @key(fields: \"id\") {{ id: ID! a: Int n(x: Int!): Int }}"
            ),
            codes,
        );
    };
    with("@requires(fields: 1) c: Int @requires(fields: \"a n(x: 1)\")", &["REQUIRES_INVALID_FIELDS_TYPE"]);
    with("@requires(fields: \"x\") c: Int @requires(fields: \"a n(x: 1)\")", &["REQUIRES_INVALID_FIELDS"]);
    with("@requires(fields: \"a n\")", &["REQUIRES_INVALID_FIELDS"]);
    with("@requires(fields: \"own a n(x: 1)\")", &["REQUIRES_FIELDS_MISSING_EXTERNAL"]);
    with("@requires(fields: \"a @skip(if: true) n(x: 1)\")", &["REQUIRES_DIRECTIVE_IN_FIELDS_ARG"]);
    beside_a_query(
        "interface I { a: Int b: Int @requires(fields: \"a\") }",
        &["REQUIRES_UNSUPPORTED_ON_INTERFACE"],
    );
}

#[test]
fn provisions() {
    let with = |field: &str, codes: &[&str]| {
        let text = "type T @key(fields: \"id\") { id: ID! a: Int @external n(x: Int): Int own: Int }";
        let used = "used: T @provides(fields: \"a\")";
        refuses(
            &format!(
                "# a\ntype Query {{ {used} t: {field} }} {text}\n# b\ntype T @key(fields: \"id\") {{ id: ID! a: Int }}"
            ),
            codes,
        );
    };
    with("T @provides(fields: 1)", &["PROVIDES_INVALID_FIELDS_TYPE"]);
    with("T @provides(fields: \"x\")", &["PROVIDES_INVALID_FIELDS"]);
    with("T @provides(fields: \"n\")", &["PROVIDES_FIELDS_HAS_ARGS", "PROVIDES_FIELDS_MISSING_EXTERNAL"]);
    with("T @provides(fields: \"own\")", &["PROVIDES_FIELDS_MISSING_EXTERNAL"]);
    with("T @provides(fields: \"a @skip(if: true)\")", &["PROVIDES_DIRECTIVE_IN_FIELDS_ARG"]);
    with("Int @provides(fields: \"a\")", &["PROVIDES_ON_NON_OBJECT_FIELD"]);
}

#[test]
fn external_fields() {
    beside_a_query("type T @key(fields: \"id\") { id: ID! a: Int @external }", &["EXTERNAL_UNUSED"]);
    beside_a_query("interface I { a: Int @external }", &["EXTERNAL_ON_INTERFACE"]);
    let text = r#"
        # a
        type Query { t: T @provides(fields: "a") }
        type T @key(fields: "id") { id: ID! a: Int @external MARK }
        # b
        type T @key(fields: "id") { id: ID! FIELD }
    "#;
    accepts(&text.replace("MARK", "").replace("FIELD", "a: Int"));
    refuses(&text.replace("MARK", "").replace("FIELD", ""), &["EXTERNAL_MISSING_ON_BASE"]);
    refuses(&text.replace("MARK", "").replace("FIELD", "a: String"), &["EXTERNAL_TYPE_MISMATCH"]);
    refuses(
        &text.replace("MARK", "@tag(name: \"x\")").replace("FIELD", "a: Int"),
        &["MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"],
    );
}

#[test]
fn arguments_of_external_fields() {
    let text = r#"
        # a
        type Query { q: Int }
        type T @key(fields: "id") { id: ID! aARGS: Int @external b: Int @requires(fields: "a") }
        # b
        type T @key(fields: "id") { id: ID! a(x: Int): Int }
    "#;
    accepts(&text.replace("ARGS", "(x: Int)"));
    refuses(&text.replace("ARGS", ""), &["EXTERNAL_ARGUMENT_MISSING"]);
    refuses(&text.replace("ARGS", "(x: String)"), &["EXTERNAL_ARGUMENT_TYPE_MISMATCH"]);
    refuses(&text.replace("ARGS", "(x: Int = 1)"), &["EXTERNAL_ARGUMENT_DEFAULT_MISMATCH"]);
    accepts(&text.replace("ARGS", "(x: Int = 1)").replace("a(x: Int):", "a(x: Int = 1):"));
}

#[test]
fn external_fields_that_say_nothing() {
    refuses(
        r#"
        # a
        type Query { q: Int }
        type T @key(fields: "id") { id: ID! u: U @external @provides(fields: "n") b: Int @requires(fields: "u { n }") }
        type U @key(fields: "id") { id: ID! n: Int @external }
        # b
        type T @key(fields: "id") { id: ID! u: U } type U @key(fields: "id") { id: ID! n: Int }
    "#,
        &["EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE"],
    );
    refuses(
        "# a v1\ntype Query { t: T } extend type T { n: Int @external }\n# b v1\ntype T @key(fields: \"id\") { id: ID! n: Int }",
        &["TYPE_WITH_ONLY_UNUSED_EXTERNAL"],
    );
}

#[test]
fn sharing() {
    let text = "# a\ntype Query { a: Int ONE }\n# b\ntype Query { a: Int OTHER }";
    accepts(&text.replace("ONE", "@shareable").replace("OTHER", "@shareable"));
    refuses(&text.replace("ONE", "@shareable").replace("OTHER", ""), &["INVALID_FIELD_SHARING"]);
    refuses(&text.replace("ONE", "").replace("OTHER", ""), &["INVALID_FIELD_SHARING"]);
    accepts("# a v1\ntype Query { a: V } type V { x: Int }\n# b v1\ntype Query { b: V } type V { x: Int }");
    refuses(
        "# a\ntype Query { q: Int } type Subscription { s: Int @shareable }\n# b\ntype Subscription { s: Int @shareable }",
        &["INVALID_FIELD_SHARING"],
    );
    beside_a_query("interface I { a: Int @shareable }", &["INVALID_SHAREABLE_USAGE"]);
}

#[test]
fn shared_fields_return_the_same_types() {
    let text = r#"
        # a
        type Query { m: M @shareable } union M = A | B
        type A @shareable { x: Int } type B @shareable { x: Int }
        # b
        type Query { m: M @shareable } union M = MEMBERS
        type B @shareable { x: Int } type C @shareable { x: Int }
    "#;
    refuses(&text.replace("MEMBERS", "C"), &["SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"]);
    let composition = compose_all(&subgraphs(&text.replace("MEMBERS", "B | C")));
    let hints: Vec<&str> = composition.diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert!(composition.supergraph.is_some());
    assert!(hints.contains(&"INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"), "{hints:?}");
    // A subgraph never resolves what it doesn't share.
    accepts(
        &text
            .replace("MEMBERS", "C")
            .replacen("m: M @shareable", "m: M", 1)
            .replace("m: M @shareable", "n: M"),
    );
}

#[test]
fn overriding() {
    let text = "# a\ntype Query { a: Int }\n# b\ntype Query { a: Int @override(ARGS) EXTRA }";
    accepts(&text.replace("ARGS", "from: \"a\"").replace("EXTRA", ""));
    accepts(&text.replace("ARGS", "from: \"a\", label: \"percent(5)\"").replace("EXTRA", ""));
    refuses(
        &text.replace("ARGS", "from: \"a\", label: \"5%\"").replace("EXTRA", ""),
        &["OVERRIDE_LABEL_INVALID"],
    );
    refuses(&text.replace("ARGS", "from: \"c\"").replace("EXTRA", ""), &["INVALID_FIELD_SHARING"]);
    alone("type Query { a: Int @override(from: \"a\") }", &["OVERRIDE_FROM_SELF_ERROR"]);
    beside_a_query("interface I { a: Int @override(from: \"b\") }", &["OVERRIDE_ON_INTERFACE"]);
    refuses(
        "# a\ntype Query { a: Int @override(from: \"b\") }\n# b\ntype Query { a: Int @override(from: \"a\") }",
        &["OVERRIDE_SOURCE_HAS_OVERRIDE"],
    );
    refuses(
        "# a\ntype Query { q: Int } type T @key(fields: \"id\") { id: ID! a: Int @external @override(from: \"b\") b: Int @requires(fields: \"a\") }\n# b\ntype T @key(fields: \"id\") { id: ID! a: Int }",
        &["OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"],
    );
}

/// A field of an interface object is a field of every implementation, and moves from each of them.
#[test]
fn overriding_on_interface_objects() {
    refuses(
        r#"
        # a
        type Query { i: I }
        interface I @key(fields: "id") { id: ID! x: Int }
        type T implements I @key(fields: "id") { id: ID! x: Int }
        # b
        type I @interfaceObject @key(fields: "id") { id: ID! x: Int @override(from: "a") }
    "#,
        &["OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"],
    );
}

#[test]
fn kinds_and_bases() {
    refuses(
        "# a\ntype Query { a: T } type T { a: Int }\n# b\ntype Query { b: T } scalar T",
        &["TYPE_KIND_MISMATCH"],
    );
    beside_a_query("extend type T @key(fields: \"id\") { id: ID! }", &["EXTENSION_WITH_NO_BASE"]);
}

#[test]
fn types_of_fields() {
    let text = "# a\ntype Query { a: ONE @shareable }\n# b\ntype Query { a: OTHER @shareable }";
    let check = |one: &str, other: &str| text.replace("ONE", one).replace("OTHER", other);
    accepts(&check("Int", "Int!"));
    accepts(&check("[Int!]", "[Int]"));
    refuses(&check("Int", "String"), &["FIELD_TYPE_MISMATCH"]);
    refuses(&check("Int", "[Int]"), &["FIELD_TYPE_MISMATCH"]);
    refuses(&check("[Int!]", "[Int]!"), &["FIELD_TYPE_MISMATCH"]);
}

#[test]
fn arguments() {
    let text = "# a\ntype Query { aONE: Int @shareable }\n# b\ntype Query { aOTHER: Int @shareable }";
    let check = |one: &str, other: &str| text.replace("ONE", one).replace("OTHER", other);
    accepts(&check("(x: Int)", "(x: Int!)"));
    accepts(&check("(x: Int)", ""));
    refuses(&check("(x: Int)", "(x: String)"), &["FIELD_ARGUMENT_TYPE_MISMATCH"]);
    refuses(&check("(x: Int!)", ""), &["REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"]);
    refuses(&check("(x: Int = 1)", "(x: Int = 2)"), &["FIELD_ARGUMENT_DEFAULT_MISMATCH"]);
    accepts(&check("(x: Float = 1)", "(x: Float = 1.0)"));
}

#[test]
fn inputs() {
    let text = "# a\ntype Query { a(i: I): Int @shareable } input I { z: Int ONE }\n# b\ntype Query { a(i: I): Int @shareable } input I { z: Int OTHER }";
    let check = |one: &str, other: &str| text.replace("ONE", one).replace("OTHER", other);
    accepts(&check("x: Int", "x: Int!"));
    accepts(&check("x: Int", ""));
    refuses(&check("x: Int", "x: String"), &["FIELD_TYPE_MISMATCH"]);
    refuses(&check("x: Int!", ""), &["REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"]);
    refuses(&check("x: Int = 1", "x: Int = 2"), &["INPUT_FIELD_DEFAULT_MISMATCH"]);
    let none = text.replace("z: Int ONE", "x: Int").replace("z: Int OTHER", "y: Int");
    refuses(&none, &["EMPTY_MERGED_INPUT_TYPE"]);
    let left_out = "\n# c\ntype Query { c(i: I): Int } input I { z: Int }";
    refuses(&(check("x: Int", "x: String") + left_out), &["FIELD_TYPE_MISMATCH"]);
}

#[test]
fn enums() {
    let text = "# a\ntype Query { aIN: OUT @shareable } enum E { ONE }\n# b\ntype Query { aIN: OUT @shareable } enum E { OTHER }";
    let check = |input: &str, output: &str, one: &str, other: &str| {
        text.replace("IN", input).replace("OUT", output).replace("ONE", one).replace("OTHER", other)
    };
    accepts(&check("", "E", "X", "Y"));
    accepts(&check("(e: E)", "Int", "X Y", "Y"));
    refuses(&check("(e: E)", "Int", "X", "Y"), &["EMPTY_MERGED_ENUM_TYPE"]);
    refuses(&check("(e: E)", "E", "X Y", "Y"), &["ENUM_VALUE_MISMATCH"]);
    accepts(&check("(e: E)", "E", "X @inaccessible Y", "Y"));
}

#[test]
fn interfaces() {
    refuses(
        "# a\ntype Query { i: I } interface I { a: Int } type T implements I @key(fields: \"id\") { id: ID! a: Int }\n# b\ntype Query { j: I } interface I { b: Int } type U implements I { b: Int a: Int }",
        &["INTERFACE_FIELD_NO_IMPLEM"],
    );
    beside_a_query(
        "interface I @key(fields: \"id\") { id: ID! } type T implements I { id: ID! }",
        &["INTERFACE_KEY_NOT_ON_IMPLEMENTATION"],
    );
    refuses(
        "# a\ntype Query { i: I } interface I { a: Int @tag(name: \"x\") } type T implements I { a: Int @shareable }\n# b\ntype Query { t: T } type T { a: String @shareable }",
        &["FIELD_TYPE_MISMATCH"],
    );
    beside_a_query("type I @interfaceObject { id: ID! }", &["INTERFACE_OBJECT_USAGE_ERROR"]);
    beside_a_query(
        "type I @interfaceObject @key(fields: \"id\") { id: ID! }",
        &["INTERFACE_OBJECT_USAGE_ERROR"],
    );
    refuses(
        "# a\ntype Query { i: I } interface I @key(fields: \"id\") { id: ID! } type T implements I @key(fields: \"id\") { id: ID! }\n# b\ntype Query { j: I } interface I @key(fields: \"id\") { id: ID! } type U implements I @key(fields: \"id\") { id: ID! }",
        &["INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"],
    );
}

#[test]
fn inaccessible_elements() {
    beside_a_query("type T { a: Int @inaccessible }", &["ONLY_INACCESSIBLE_CHILDREN"]);
    beside_a_query("enum E { A @inaccessible }", &["ONLY_INACCESSIBLE_CHILDREN"]);
    alone("type Query { q: Int t: T } type T @inaccessible { a: Int }", &["REFERENCED_INACCESSIBLE"]);
    alone("type Query { q(i: I): Int } input I @inaccessible { a: Int }", &["REFERENCED_INACCESSIBLE"]);
    alone("type Query { q(i: Int! @inaccessible): Int }", &["REQUIRED_INACCESSIBLE"]);
    alone(
        "type Query { q(e: E = A): Int } enum E { A @inaccessible B }",
        &["DEFAULT_VALUE_USES_INACCESSIBLE"],
    );
    alone(
        "type Query { i: I } interface I { a: Int b: Int } type T implements I { a: Int @inaccessible b: Int }",
        &["IMPLEMENTED_BY_INACCESSIBLE"],
    );
    accepts("# a\ntype Query { q: Int t: T @inaccessible } type T @inaccessible { a: Int }");
    beside_a_query(
        "directive @key(fields: String! @inaccessible) repeatable on OBJECT | INTERFACE",
        &["DISALLOWED_INACCESSIBLE"],
    );
    beside_a_query("scalar federation__FieldSet @inaccessible", &["DISALLOWED_INACCESSIBLE"]);
    refuses(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@inaccessible"]) @link(url: "https://example.com/x/v1.0", import: ["@x"]) @composeDirective(name: "@x")
        type Query { q: Int @x } directive @x(y: Int @inaccessible) on FIELD_DEFINITION
    "#,
        &["DISALLOWED_INACCESSIBLE"],
    );
}

#[test]
fn definitions_of_the_specification() {
    let with = |definition: &str, codes: &[&str]| {
        beside_a_query(&format!("type T @key(fields: \"id\") {{ id: ID! }} {definition}"), codes);
    };
    with(
        "scalar X directive @key(fields: X!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        &["DIRECTIVE_DEFINITION_INVALID"],
    );
    with(
        "directive @key(resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        &["DIRECTIVE_DEFINITION_INVALID"],
    );
    with(
        "directive @key(fields: String!, x: Int) repeatable on OBJECT | INTERFACE",
        &["DIRECTIVE_DEFINITION_INVALID"],
    );
    with("directive @key(fields: String!) repeatable on OBJECT | FIELD", &["DIRECTIVE_DEFINITION_INVALID"]);
    with("input federation__FieldSet { x: Int }", &["TYPE_DEFINITION_INVALID"]);
}

#[test]
fn authorisation() {
    let on_interface = &["AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"];
    beside_a_query("interface I @authenticated { a: Int }", on_interface);
    beside_a_query("interface I { a: Int @policy(policies: [[\"p\"]]) }", on_interface);
    let text = r#"
        # a
        type Query { q: Int }
        type T @key(fields: "id") { id: ID! secret: Int @external b: Int @requires(fields: "secret") DEMAND }
        # b
        type T @key(fields: "id") { id: ID! secret: Int @requiresScopes(scopes: [["s"]]) }
    "#;
    accepts(&text.replace("DEMAND", "@requiresScopes(scopes: [[\"s\"]])"));
    refuses(&text.replace("DEMAND", ""), &["MISSING_TRANSITIVE_AUTH_REQUIREMENTS"]);
}

#[test]
fn costs() {
    beside_a_query("interface I { a: Int @cost(weight: 1) }", &["COST_APPLIED_TO_INTERFACE_FIELD"]);
    let sized = |size: &str, codes: &[&str]| {
        alone(
            &format!(
                "type Query {{ q(n: Int, s: String): [Int] {size} c: C @listSize(sizedFields: [\"l\"]) }} type C {{ l: [Int] x: Int }}"
            ),
            codes,
        );
    };
    sized("@listSize(assumedSize: -1)", &["LIST_SIZE_INVALID_ASSUMED_SIZE"]);
    sized("@listSize(slicingArguments: [\"s\"])", &["LIST_SIZE_INVALID_SLICING_ARGUMENT"]);
    sized("@listSize(slicingArguments: [\"x\"])", &["LIST_SIZE_INVALID_SLICING_ARGUMENT"]);
    sized("@listSize(sizedFields: [\"x\"])", &["LIST_SIZE_INVALID_SIZED_FIELD"]);
    sized("d: C @listSize(sizedFields: [\"y\"])", &["LIST_SIZE_INVALID_SIZED_FIELD"]);
    sized("d: C @listSize(sizedFields: [\"x\"])", &["LIST_SIZE_APPLIED_TO_NON_LIST"]);
    refuses(
        "# a\ntype Query { q(n: Int): [Int] @listSize(slicingArguments: [\"n\"]) @shareable }\n# b\ntype Query { q: [Int] @shareable }",
        &["LIST_SIZE_INVALID_SLICING_ARGUMENT"],
    );
}

#[test]
fn directives_of_several_subgraphs() {
    refuses(
        "# a\ntype Query { a: Int } directive @d(x: Int) on FIELD\n# b\ntype Query { b: Int } directive @d(x: String) on FIELD",
        &["FIELD_ARGUMENT_TYPE_MISMATCH"],
    );
    let composed = |name: &str, import: &str, version: &str| {
        format!(
            "# s{name} extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@composeDirective\"]) @link(url: \"https://example.com/cache/{version}\", import: [{import}]) @composeDirective(name: \"@{name}\")\ntype Query {{ {name}: Int }} directive @{name} on FIELD_DEFINITION\n"
        )
    };
    let cache = composed("cache", "\"@cache\"", "v1.0");
    let renamed = |version| composed("other", "{ name: \"@cache\", as: \"@other\" }", version);
    refuses(&(cache.clone() + &renamed("v1.1")), &["DIRECTIVE_COMPOSITION_ERROR"]);
    refuses(&(cache + &composed("other", "\"@other\"", "v2.0")), &["DIRECTIVE_COMPOSITION_ERROR"]);
    let cost = |name: &str, import: &str| {
        format!(
            "# {name} extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [{import}])\ntype Query {{ {name}: Int }}\n"
        )
    };
    refuses(
        &(cost("a", "\"@cost\"") + &cost("b", "{ name: \"@cost\", as: \"@price\" }")),
        &["LINK_IMPORT_NAME_MISMATCH"],
    );
}

#[test]
fn all_at_once() {
    refuses(
        r#"
        # a
        type Query { a: Int @shareable b(x: Int!): Int @shareable e(e: E): Int @shareable }
        enum E { A }
        # b
        type Query { a: String @shareable b: Int @shareable e(e: E): Int }
        enum E { B }
    "#,
        &[
            "EMPTY_MERGED_ENUM_TYPE",
            "FIELD_TYPE_MISMATCH",
            "INVALID_FIELD_SHARING",
            "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        ],
    );
}
