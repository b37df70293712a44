//! For each rule the least that breaks it, written into one or two subgraphs of a set.

pub struct Fault {
    /// What both compositions must say, and nothing else.
    pub code: &'static str,
    /// The version of federation that it needs.
    pub minor: u16,
    /// The first version in which it is none.
    pub below: u16,
    /// For the schema of the one subgraph: links, and what else stands there.
    pub schema: &'static str,
    pub one: &'static str,
    pub other: &'static str,
    /// Why the other composition says something else, where it does.
    pub ours: Option<&'static str>,
}

impl Fault {
    /// The other composition says something else, and we don't.
    const fn ours(self, why: &'static str) -> Fault {
        Fault { ours: Some(why), ..self }
    }

    /// No fault any more from that version on.
    const fn below(self, minor: u16) -> Fault {
        Fault { below: minor, ..self }
    }
}

/// A fault of one subgraph.
const fn alone(code: &'static str, minor: u16, one: &'static str) -> Fault {
    Fault { code, minor, below: u16::MAX, schema: "", one, other: "", ours: None }
}

/// A fault of two subgraphs.
const fn between(code: &'static str, minor: u16, one: &'static str, other: &'static str) -> Fault {
    Fault { code, minor, below: u16::MAX, schema: "", one, other, ours: None }
}

/// A fault of a link.
const fn link(code: &'static str, minor: u16, schema: &'static str, one: &'static str) -> Fault {
    Fault { code, minor, below: u16::MAX, schema, one, other: "", ours: None }
}

pub const TABLE: &[Fault] = &[
    alone("INVALID_GRAPHQL", 0, "extend type Query { bad: Missing }"),
    alone("INVALID_GRAPHQL", 0, "type Bad { a: Int a: Int }"),
    alone("INVALID_GRAPHQL", 0, "type Bad { a: Int "),
    alone("INVALID_GRAPHQL", 0, "extend type Query { bad(x: Int = \"a\"): Int }"),
    alone("INVALID_GRAPHQL", 0, "extend type Query { bad: Int @nothing }"),
    alone("INVALID_GRAPHQL", 0, "extend type Query { bad: Int @deprecated(why: \"x\") }").ours("it checks no arguments of built-in directives"),
    alone("INVALID_GRAPHQL", 0, "type Bad implements BadI { b: Int } interface BadI { a: Int }"),
    alone("INVALID_GRAPHQL", 0, "type Bad implements BadI { a: String } interface BadI { a: Int }"),
    alone("INVALID_GRAPHQL", 0, "enum Bad { A A } extend type Query { bad: Bad }"),
    alone("INVALID_GRAPHQL", 0, "input Bad { a: Int a: Int } extend type Query { bad(x: Bad): Int }"),
    alone("INVALID_GRAPHQL", 0, "extend type Query { bad(x: E = B): Int } enum E { A }"),
    link(
        "INVALID_LINK_DIRECTIVE_USAGE",
        0,
        "@link(url: \"https://specs.apollo.dev/federation/v2.0\")",
        "",
    ),
    link("INVALID_LINK_IDENTIFIER", 0, "@link(url: \"https://specs.apollo.dev/tag\")", ""),
    link("UNKNOWN_LINK_VERSION", 0, "@link(url: \"https://specs.apollo.dev/tag/v9.0\")", ""),
    link("DIRECTIVE_COMPOSITION_ERROR", 1, "@composeDirective(name: \"@nothing\")", ""),
    link("DIRECTIVE_COMPOSITION_ERROR", 1, "@composeDirective(name: \"nothing\")", ""),
    link(
        "DIRECTIVE_COMPOSITION_ERROR",
        1,
        "@composeDirective(name: \"@loose\")",
        "directive @loose on FIELD_DEFINITION",
    ),
    alone("QUERY_ROOT_TYPE_INACCESSIBLE", 0, "extend type Query @inaccessible { bad: Int }").ours("it reads @inaccessible of definitions only, and not of extensions"),
    between(
        "TYPE_KIND_MISMATCH",
        0,
        "type Bad { a: Int } extend type Query { bad: Bad }",
        "enum Bad { A } extend type Query { badEnum: Bad }",
    ),
    alone("EXTENSION_WITH_NO_BASE", 0, "extend type Bad @key(fields: \"id\") { id: ID! }"),
    alone("KEY_INVALID_FIELDS_TYPE", 0, "type Bad @key(fields: [\"id\"]) { id: ID! }"),
    alone("KEY_INVALID_FIELDS", 0, "type Bad @key(fields: \"nope\") { id: ID! }"),
    alone("KEY_INVALID_FIELDS", 0, "type Bad @key(fields: \"id {\") { id: ID! }"),
    alone("KEY_INVALID_FIELDS", 0, "type Bad @key(fields: \"\") { id: ID! }"),
    alone("KEY_INVALID_FIELDS", 0, "type Bad @key(fields: \"id { x }\") { id: ID! }").ours("it takes a selection below a scalar"),
    alone("KEY_FIELDS_HAS_ARGS", 0, "type Bad @key(fields: \"id\") { id(x: Int): ID! }"),
    alone(
        "KEY_FIELDS_SELECT_INVALID_TYPE",
        0,
        "type Bad @key(fields: \"i { id }\") { i: BadI } interface BadI { id: ID }",
    ),
    alone("KEY_DIRECTIVE_IN_FIELDS_ARG", 0, "type Bad @key(fields: \"id @include(if: true)\") { id: ID! }").ours("it knows neither @skip nor @include here"),
    between(
        "REQUIRES_INVALID_FIELDS_TYPE",
        0,
        "type Bad @key(fields: \"id\") { id: ID! b: Int @requires(fields: 1) }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "REQUIRES_INVALID_FIELDS",
        0,
        "type Bad @key(fields: \"id\") { id: ID! b: Int @requires(fields: \"nope\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "REQUIRES_FIELDS_MISSING_EXTERNAL",
        0,
        "type Bad @key(fields: \"id\") { id: ID! c: Int b: Int @requires(fields: \"c\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external b: Int @requires(fields: \"a @skip(if: true)\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ).ours("it knows neither @skip nor @include here"),
    alone(
        "REQUIRES_UNSUPPORTED_ON_INTERFACE",
        0,
        "interface Bad { a: Int b: Int @requires(fields: \"a\") }",
    ),
    between(
        "PROVIDES_INVALID_FIELDS_TYPE",
        0,
        "type Bad @key(fields: \"id\") { id: ID! } extend type Query { bad: Bad @provides(fields: 1) }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "PROVIDES_INVALID_FIELDS",
        0,
        "type Bad @key(fields: \"id\") { id: ID! } extend type Query { bad: Bad @provides(fields: \"x\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "PROVIDES_FIELDS_MISSING_EXTERNAL",
        0,
        "type Bad @key(fields: \"id\") { id: ID! c: Int } extend type Query { bad: Bad @provides(fields: \"c\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external } extend type Query { bad: Bad @provides(fields: \"a @skip(if: true)\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ).ours("it knows neither @skip nor @include here"),
    alone("PROVIDES_ON_NON_OBJECT_FIELD", 0, "extend type Query { bad: Int @provides(fields: \"a\") }"),
    between(
        "EXTERNAL_UNUSED",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "EXTERNAL_MISSING_ON_BASE",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! }",
    ),
    between(
        "EXTERNAL_TYPE_MISMATCH",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: String }",
    ).ours("it tells the same a second time as FIELD_TYPE_MISMATCH"),
    between(
        "EXTERNAL_ARGUMENT_MISSING",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int): Int }",
    ),
    between(
        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external @tag(name: \"x\") b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    alone("INVALID_SHAREABLE_USAGE", 0, "interface Bad { a: Int @shareable }"),
    between(
        "INVALID_FIELD_SHARING",
        0,
        "extend type Query { bad: Int @shareable }",
        "extend type Query { bad: Int }",
    ),
    between("INVALID_FIELD_SHARING", 0, "type Bad { a: Int } extend type Query { badOne: Bad }", "type Bad { a: Int } extend type Query { badOther: Bad }"),
    alone("OVERRIDE_FROM_SELF_ERROR", 0, "extend type Query { bad: Int @override(from: \"ONE\") }"),
    between(
        "OVERRIDE_SOURCE_HAS_OVERRIDE",
        0,
        "extend type Query { bad: Int @override(from: \"OTHER\") }",
        "extend type Query { bad: Int @override(from: \"ONE\") }",
    ),
    between(
        "OVERRIDE_LABEL_INVALID",
        7,
        "extend type Query { bad: Int @override(from: \"OTHER\", label: \"5%\") }",
        "extend type Query { bad: Int }",
    ),
    alone("OVERRIDE_ON_INTERFACE", 3, "interface Bad { a: Int @override(from: \"nobody\") }"),
    between(
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external @override(from: \"OTHER\") b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int }",
    ),
    between(
        "FIELD_TYPE_MISMATCH",
        0,
        "extend type Query { bad: Int @shareable }",
        "extend type Query { bad: String @shareable }",
    ),
    between(
        "FIELD_TYPE_MISMATCH",
        0,
        "extend type Query { bad: Int @shareable }",
        "extend type Query { bad: [Int] @shareable }",
    ),
    between(
        "FIELD_ARGUMENT_TYPE_MISMATCH",
        0,
        "extend type Query { bad(x: Int): Int @shareable }",
        "extend type Query { bad(x: String): Int @shareable }",
    ),
    between(
        "FIELD_ARGUMENT_DEFAULT_MISMATCH",
        0,
        "extend type Query { bad(x: Int = 1): Int @shareable }",
        "extend type Query { bad(x: Int = 2): Int @shareable }",
    ),
    between(
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        0,
        "extend type Query { bad(x: Int!): Int @shareable }",
        "extend type Query { bad: Int @shareable }",
    ),
    between(
        "FIELD_TYPE_MISMATCH",
        0,
        "input Bad { a: Int } extend type Query { badOne(x: Bad): Int }",
        "input Bad { a: String } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "INPUT_FIELD_DEFAULT_MISMATCH",
        0,
        "input Bad { a: Int = 1 } extend type Query { badOne(x: Bad): Int }",
        "input Bad { a: Int = 2 } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
        0,
        "input Bad { a: Int b: Int! } extend type Query { badOne(x: Bad): Int }",
        "input Bad { a: Int } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "EMPTY_MERGED_INPUT_TYPE",
        0,
        "input Bad { a: Int } extend type Query { badOne(x: Bad): Int }",
        "input Bad { b: Int } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "EMPTY_MERGED_ENUM_TYPE",
        0,
        "enum Bad { A } extend type Query { badOne(x: Bad): Int }",
        "enum Bad { B } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "ENUM_VALUE_MISMATCH",
        0,
        "enum Bad { A B } extend type Query { badOne(x: Bad): Bad }",
        "enum Bad { A } extend type Query { badOther(x: Bad): Int }",
    ),
    between(
        "INTERFACE_FIELD_NO_IMPLEM",
        0,
        "interface Bad { a: Int } type BadOne implements Bad @key(fields: \"id\") { id: ID! a: Int } extend type Query { badOne: Bad }",
        "interface Bad { b: Int } type BadOther implements Bad @key(fields: \"id\") { id: ID! b: Int a: Int } extend type Query { badOther: Bad }",
    ),
    alone(
        "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
        3,
        "interface Bad @key(fields: \"id\") { id: ID! } type BadOne implements Bad { id: ID! }",
    ),
    alone("INTERFACE_OBJECT_USAGE_ERROR", 3, "type Bad @interfaceObject @key(fields: \"id\") { id: ID! }"),
    between(
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
        3,
        "interface Bad @key(fields: \"id\") { id: ID! } type BadOne implements Bad @key(fields: \"id\") { id: ID! } extend type Query { badOne: Bad }",
        "interface Bad @key(fields: \"id\") { id: ID! } type BadOther implements Bad @key(fields: \"id\") { id: ID! } extend type Query { badOther: Bad }",
    ).ours("it only looks for subgraphs that know no implementation at all"),
    between(
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
        3,
        "interface Bad @key(fields: \"id\") { id: ID! } type BadOne implements Bad @key(fields: \"id\") { id: ID! } extend type Query { badOne: Bad }",
        "interface Bad @key(fields: \"id\") { id: ID! } extend type Query { badOther: Bad }",
    ),
    alone(
        "ONLY_INACCESSIBLE_CHILDREN",
        0,
        "type Bad { a: Int @inaccessible } extend type Query { bad: Bad }",
    ),
    alone("ONLY_INACCESSIBLE_CHILDREN", 0, "enum Bad { A @inaccessible } extend type Query { bad: Bad }"),
    alone("REFERENCED_INACCESSIBLE", 0, "type Bad @inaccessible { a: Int } extend type Query { bad: Bad }"),
    alone("REFERENCED_INACCESSIBLE", 0, "input Bad @inaccessible { a: Int } extend type Query { bad(x: Bad): Int }"),
    alone("REQUIRED_INACCESSIBLE", 0, "extend type Query { bad(x: Int! @inaccessible): Int }"),
    alone(
        "DEFAULT_VALUE_USES_INACCESSIBLE",
        0,
        "enum Bad { A @inaccessible B } extend type Query { bad(x: Bad = A): Int }",
    ),
    alone(
        "IMPLEMENTED_BY_INACCESSIBLE",
        0,
        "interface Bad { a: Int b: Int } type BadOne implements Bad { a: Int @inaccessible b: Int } extend type Query { bad: Bad }",
    ),
    alone("AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", 5, "interface Bad @authenticated { a: Int }"),
    between(
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        5,
        "type Bad @key(fields: \"id\") { id: ID! a: Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a: Int @authenticated }",
    ),
    alone("COST_APPLIED_TO_INTERFACE_FIELD", 9, "interface Bad { a: Int @cost(weight: 1) }"),
    alone(
        "LIST_SIZE_INVALID_ASSUMED_SIZE",
        9,
        "extend type Query { bad: [Int] @listSize(assumedSize: -1) }",
    ),
    alone(
        "LIST_SIZE_INVALID_SLICING_ARGUMENT",
        9,
        "extend type Query { bad(s: String): [Int] @listSize(slicingArguments: [\"s\"]) }",
    ),
    between(
        "LIST_SIZE_INVALID_SLICING_ARGUMENT",
        9,
        "extend type Query { bad(n: Int): [Int] @listSize(slicingArguments: [\"n\"]) @shareable }",
        "extend type Query { bad: [Int] @shareable }",
    ),
    alone("LIST_SIZE_INVALID_SIZED_FIELD", 9, "extend type Query { bad: Int @listSize(sizedFields: [\"x\"]) }"),
    alone(
        "LIST_SIZE_APPLIED_TO_NON_LIST",
        9,
        "type Bad { x: Int } extend type Query { bad: Bad @listSize(sizedFields: [\"x\"]) }",
    ),
    alone("DIRECTIVE_DEFINITION_INVALID", 0, "directive @key(fields: String!, x: Int) repeatable on OBJECT | INTERFACE").ours("it takes arguments that the specification lacks"),
    alone("DIRECTIVE_DEFINITION_INVALID", 1, "scalar BadX directive @key(fields: BadX!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE").ours("it tells the same a second time as INVALID_GRAPHQL"),
    alone("TYPE_DEFINITION_INVALID", 0, "input federation__FieldSet { x: Int }").ours("it takes any type of that name"),
    between(
        "SATISFIABILITY_ERROR",
        0,
        "type Bad { a: Int } extend type Query { bad: Bad }",
        "type Bad { b: Int }",
    ),
    between(
        "SATISFIABILITY_ERROR",
        0,
        "type Bad @key(fields: \"id\") { id: ID! } extend type Query { bad: Bad }",
        "type Bad @key(fields: \"sku\") { sku: ID! b: Int }",
    ),
    alone(
        "CONTEXT_NAME_INVALID",
        8,
        "type Bad @context(name: \"_c\") { a: String }",
    ),
    alone(
        "CONTEXT_NOT_SET",
        8,
        "type Bad @key(fields: \"id\") { id: ID! b(x: String @fromContext(field: \"$c { a }\")): Int }",
    ),
    alone(
        "NO_CONTEXT_IN_SELECTION",
        8,
        "type Bad @context(name: \"c\") { a: String u: BadU } type BadU @key(fields: \"id\") { id: ID! b(x: String @fromContext(field: \"{ a }\")): Int }",
    ),
    alone(
        "CONTEXT_INVALID_SELECTION",
        8,
        "type Bad @context(name: \"c\") { a: Int u: BadU } type BadU @key(fields: \"id\") { id: ID! b(x: String @fromContext(field: \"$c { a }\")): Int }",
    ),
    alone(
        "CONTEXT_NO_RESOLVABLE_KEY",
        8,
        "type Bad @context(name: \"c\") { a: String u: BadU } type BadU { b(x: String @fromContext(field: \"$c { a }\")): Int }",
    ),
    between(
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
        8,
        "type Bad @context(name: \"c\") { a: String u: BadU } type BadU @key(fields: \"id\") { id: ID! b(x: String @fromContext(field: \"$c { a }\")): Int @shareable }",
        "type BadU @key(fields: \"id\") { id: ID! b(x: String!): Int @shareable }",
    ),
    alone(
        "SATISFIABILITY_ERROR",
        8,
        "type Bad @context(name: \"c\") { a: String u: BadU } type BadU @key(fields: \"id\") { id: ID! b(x: String @fromContext(field: \"$c { a }\")): Int } extend type Query { bad: Bad badU: BadU }",
    ),
    alone("KEY_UNSUPPORTED_ON_INTERFACE", 0, "interface Bad @key(fields: \"id\") { id: ID! }").below(3),
    alone("EXTERNAL_ON_INTERFACE", 0, "interface Bad { a: Int @external }").ours("it has no such rule"),
    alone("DISALLOWED_INACCESSIBLE", 0, "scalar federation__FieldSet @inaccessible").ours("it has no such rule"),
    alone(
        "ROOT_MUTATION_USED",
        0,
        "extend schema { mutation: BadRoot } type BadRoot { bad: Int } type Mutation { bad: Int }",
    ),
    between(
        "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a(x: String): Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int): Int }",
    ).ours("it tells it as FIELD_ARGUMENT_TYPE_MISMATCH, as where nobody is external"),
    between(
        "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int = 1): Int @external b: Int @requires(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int): Int }",
    ).ours("it has no such rule"),
    between(
        "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
        0,
        "type Bad @key(fields: \"id\") { id: ID! u: BadU @external @provides(fields: \"n\") b: Int @requires(fields: \"u { n }\") } type BadU @key(fields: \"id\") { id: ID! n: Int @external }",
        "type Bad @key(fields: \"id\") { id: ID! u: BadU } type BadU @key(fields: \"id\") { id: ID! n: Int }",
    ).ours("it has no such rule"),
    between(
        "PROVIDES_FIELDS_HAS_ARGS",
        0,
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int): Int @external } extend type Query { bad: Bad @provides(fields: \"a\") }",
        "type Bad @key(fields: \"id\") { id: ID! a(x: Int): Int }",
    ),
    between(
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
        0,
        "type BadA { x: Int } union Bad = BadA extend type Query { bad: Bad @shareable }",
        "type BadB { x: Int } union Bad = BadB extend type Query { bad: Bad @shareable }",
    ).ours("it has no such rule"),
];
