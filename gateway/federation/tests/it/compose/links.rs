//! Links: versions, imports, other names, and SDLs that bring their own definitions.

use super::codes::{accepts, refuses};
use super::hints::hints;
use crate::support::{compose_all, subgraphs, supergraph};

#[track_caller]
fn linked(link: &str, codes: &[&str]) {
    refuses(&format!("# a extend schema {link}\ntype Query {{ q: Int }}"), codes);
}

#[test]
fn wrong_links() {
    linked("@link(url: \"https://specs.apollo.dev/federation/v2.99\")", &["UNKNOWN_FEDERATION_LINK_VERSION"]);
    linked("@link(url: \"https://specs.apollo.dev/federation\")", &["INVALID_LINK_IDENTIFIER"]);
    linked("@link(url: \"https://specs.apollo.dev/tag/v9.0\")", &["UNKNOWN_LINK_VERSION"]);
    linked(
        "@link(url: \"https://specs.apollo.dev/federation/v2.0\", import: [\"@interfaceObject\"])",
        &["INVALID_LINK_DIRECTIVE_USAGE"],
    );
    linked(
        "@link(url: \"https://specs.apollo.dev/federation/v2.0\", import: [{ name: \"@key\", as: \"k\" }])",
        &["INVALID_LINK_DIRECTIVE_USAGE"],
    );
    linked(
        "@link(url: \"https://specs.apollo.dev/federation/v2.0\") @link(url: \"https://specs.apollo.dev/federation/v2.1\")",
        &["INVALID_LINK_DIRECTIVE_USAGE"],
    );
}

#[test]
fn every_published_version_is_known() {
    for minor in 0..=13 {
        accepts(&format!(
            "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.{minor}\", import: [\"@key\"])\ntype Query {{ q: T }} type T @key(fields: \"id\") {{ id: ID! }}"
        ));
    }
}

#[test]
fn directives_under_other_names() {
    let texts = [
        ("import: [{ name: \"@key\", as: \"@id\" }]", "@id"),
        ("import: []", "@federation__key"),
        ("as: \"fed\"", "@fed__key"),
    ];
    let mut seen = Vec::new();
    for (arguments, key) in texts {
        seen.push(supergraph(&format!(
            "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", {arguments})\ntype Query {{ t: T }}\ntype T {key}(fields: \"id\") {{ id: ID! }}"
        )));
    }
    assert!(seen[0].contains("type T @join__type(graph: A, key: \"id\")"), "{}", seen[0]);
    assert!(seen.iter().all(|sdl| *sdl == seen[0]));
}

#[test]
fn renamed_roots_get_their_usual_names() {
    let sdl = supergraph(
        "# a\nschema { query: Root mutation: Change } type Root { me: Root a: Int } type Change { set(x: Int): Root }",
    );
    assert!(sdl.contains("query: Query") && sdl.contains("mutation: Mutation"), "{sdl}");
    assert!(sdl.contains("me: Query") && sdl.contains("set(x: Int): Query"), "{sdl}");
    assert!(!sdl.contains("Root"), "{sdl}");
}

/// What a server prints for `_service { sdl }` may hold everything of the protocol, or nothing.
#[test]
fn the_protocol_itself_is_left_out() {
    let bare = "type Query { t: T }\ntype T @key(fields: \"id\") { id: ID! }\n";
    let full = r#"
        type Query { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
        type T @key(fields: "id") { id: ID! }
        scalar _Any
        scalar FieldSet
        union _Entity = T
        type _Service { sdl: String }
        directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
        directive @shareable repeatable on OBJECT | FIELD_DEFINITION
        directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
        scalar link__Import
        enum link__Purpose { SECURITY EXECUTION }
    "#;
    assert_eq!(supergraph(&format!("# a\n{bare}")), supergraph(&format!("# a\n{full}")));
}

#[test]
fn custom_directives_survive_when_they_are_composed() {
    let sdl = supergraph(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.1", import: ["@composeDirective"]) @link(url: "https://example.com/cache/v1.2", import: ["@cache"]) @composeDirective(name: "@cache")
        directive @cache(seconds: Int!) on FIELD_DEFINITION
        directive @private on FIELD_DEFINITION
        type Query { a: Int @cache(seconds: 5) @private }
    "#,
    );
    assert!(sdl.contains("@link(url: \"https://example.com/cache/v1.2\", import: [\"@cache\"])"), "{sdl}");
    assert!(sdl.contains("a: Int @cache(seconds: 5)\n"), "{sdl}");
    assert!(!sdl.contains("private"), "{sdl}");
}

#[test]
fn only_custom_directives_of_a_link_are_composed() {
    let text = r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.1", import: ["@composeDirective"]) LINK @composeDirective(name: "NAME")
        directive @cache(seconds: Int!) on FIELD_DEFINITION
        type Query { a: Int }
    "#;
    let check = |link: &str, name: &str| {
        refuses(&text.replace("LINK", link).replace("NAME", name), &["DIRECTIVE_COMPOSITION_ERROR"]);
    };
    check("", "@cache");
    check("", "@nothing");
    check("", "cache");
    check("", "@federation__key");
}

#[test]
fn cache_directives_stay_with_their_subgraphs() {
    let sdl = supergraph(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@shareable", { name: "@cacheTag", as: "@tagged" }])
        directive @cacheControl(maxAge: Int, scope: CacheControlScope) on FIELD_DEFINITION | OBJECT
        enum CacheControlScope { PUBLIC PRIVATE }
        type Query { a: T @cacheControl(maxAge: 5, scope: PRIVATE) @tagged(format: "a") }
        type T @key(fields: "id") @tagged(format: "t-{$key.id}") { id: ID! }
        # b extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
        type T @key(fields: "id") @cacheControl(maxAge: 9) { id: ID! b: Int }
    "#,
    );
    for line in [
        "@join__directive(graphs: [A], name: \"cacheControl\", args: {maxAge: 5, scope: PRIVATE})",
        "@join__directive(graphs: [B], name: \"cacheControl\", args: {maxAge: 9})",
        "@join__directive(graphs: [A], name: \"federation__cacheTag\", args: {format: \"t-{$key.id}\"})",
        "@link(url: \"https://specs.apollo.dev/cacheTag/v0.1\", for: EXECUTION)",
    ] {
        assert!(sdl.contains(line), "no {line:?} in\n{sdl}");
    }
    assert!(!sdl.contains("CacheControlScope"), "{sdl}");
}

/// Somebody else's directive of that name is composed as they say.
#[test]
fn a_linked_cache_control_is_a_custom_directive() {
    let sdl = supergraph(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.1", import: ["@composeDirective"]) @link(url: "https://example.com/cache/v1.0", import: ["@cacheControl"]) @composeDirective(name: "@cacheControl")
        directive @cacheControl(seconds: Int) on FIELD_DEFINITION
        type Query { a: Int @cacheControl(seconds: 5) }
    "#,
    );
    assert!(sdl.contains("a: Int @cacheControl(seconds: 5)\n"), "{sdl}");
}

/// What survives anyway may be named, as Apollo's composition allows.
#[test]
fn federation_directives_are_composed_anyway() {
    let text = |compose: &str| {
        format!(
            "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@composeDirective\", \"@tag\", \"@key\"]) {compose}\ntype Query {{ a: Int @tag(name: \"t\") }}"
        )
    };
    let named = text("@composeDirective(name: \"@tag\")");
    hints(&named, &["DIRECTIVE_COMPOSITION_INFO"]);
    assert_eq!(supergraph(&named), supergraph(&text("")));
    refuses(&text("@composeDirective(name: \"@key\")"), &["DIRECTIVE_COMPOSITION_ERROR"]);
}

/// In the supergraph a name means one directive.
#[test]
fn federation_has_its_names_in_the_supergraph() {
    let text = |link: &str, locations: &str, compose: &str, uses: &str| {
        format!(
            "# a extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@composeDirective\", {{ name: \"@tag\", as: \"@label\" }}]) {link} {compose}\ndirective @tag(name: String!, weight: Int!) on {locations}\ntype Query {{ a: Int {uses} }}"
        )
    };
    let (link, compose) = (
        "@link(url: \"https://example.com/tag/v1.0\", import: [\"@tag\"])",
        "@composeDirective(name: \"@tag\")",
    );
    let (own, both) = ("@tag(name: \"x\", weight: 1)", "@tag(name: \"x\", weight: 1) @label(name: \"y\")");
    let refused = |text: &str| refuses(text, &["DIRECTIVE_COMPOSITION_ERROR"]);
    refused(&text(link, "FIELD_DEFINITION", compose, both));
    refused(&text("", "FIELD", "", "@label(name: \"y\")"));
    refused(
        r#"
        # a extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", { name: "@context", as: "@ctx" }]) @link(url: "https://example.com/x/v1.0", import: ["@context"]) @composeDirective(name: "@context")
        directive @context(of: Int) on FIELD_DEFINITION
        type Query { t: T } type T @ctx(name: "c") { a: Int @context(of: 1) }
    "#,
    );
    accepts(&text(link, "FIELD_DEFINITION", compose, own));
    accepts(&text(link, "FIELD_DEFINITION", "", both));
    accepts(&text("", "FIELD", "", ""));
}

/// Who forgot the import is told it, and not only that the directive isn't there.
#[test]
fn directives_that_were_not_imported() {
    let help = |sdl: &str| {
        let composition = compose_all(&subgraphs(&format!("# a v1\n{sdl}")));
        composition.errors().next().and_then(|error| error.help.clone()).expect("an error with its remedy")
    };
    let unimported = help("type Query { a: T } type T @interfaceObject { b: Int }");
    let link = "@link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@interfaceObject\"])";
    assert_eq!(unimported, format!("import it from federation v2.3 or later: {link}"));
    assert!(help("type Query { a: Int @nothing }").starts_with("correct the SDL"));
}
