//! SDLs that are broken or meant to break: what can be told of them.

use crate::support::{compose_all, errors, subgraphs};

#[test]
fn sdl_that_does_not_parse() {
    let composition =
        compose_all(&subgraphs("# a v1\ntype Query { a: Int\n# b v1\ntype Query { b: Int }\ntype Thing {"));
    let places: Vec<String> =
        composition.errors().flat_map(|error| &error.places).map(ToString::to_string).collect();
    assert_eq!(places, ["a:2:21", "b:3:14", "b:3:14"], "both are told: {:#?}", errors(&composition));
}

/// A thousand errors in one SDL are told in bounded length, and quickly.
#[test]
fn an_sdl_with_a_thousand_errors() {
    let fields: String = (0..1000).map(|n| format!("f{n}: Missing{n}\n")).collect();
    let composition = compose_all(&subgraphs(&format!("# a\ntype Query {{ {fields} }}")));
    let count = composition.errors().count();
    assert_eq!(count, 101);
    assert!(composition.errors().all(|error| error.code.as_str() == "INVALID_GRAPHQL"));
    assert!(
        errors(&composition).iter().any(|error| error.contains("more errors like these")),
        "the rest is counted"
    );
}

#[test]
fn sdl_that_nests_without_end() {
    let list = format!("# a\ntype Query {{ a: {}Int{} }}", "[".repeat(5000), "]".repeat(5000));
    let value = format!("# a\ntype Query {{ a(x: Int = {}1{}): Int }}", "[".repeat(5000), "]".repeat(5000));
    let key = format!(
        "# a\ntype Query {{ q: Int }} type T @key(fields: \"{}id{}\") {{ t: T id: ID! }}",
        "t { ".repeat(5000),
        " }".repeat(5000)
    );
    for (text, code) in [(list, "INVALID_GRAPHQL"), (value, "INVALID_GRAPHQL"), (key, "KEY_INVALID_FIELDS")] {
        let composition = compose_all(&subgraphs(&text));
        assert!(composition.supergraph.is_none());
        assert!(composition.errors().any(|error| error.code.as_str() == code), "{:#?}", errors(&composition));
        assert!(composition.errors().all(|error| error.message.len() < 10_000), "{code}");
    }
}
