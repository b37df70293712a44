//! Whatever a subgraph sends, composition answers with a supergraph or with errors.

use proptest::prelude::*;

use crate::support::{Subgraphs, compose_all, errors, subgraphs};

/// Composes and checks that the answer is one of the two.
fn check(all: &Subgraphs) {
    let composition = compose_all(all);
    assert_eq!(composition.supergraph.is_some(), composition.errors().next().is_none());
}

/// The byte range between two fractions of a text, at character boundaries.
fn cut(text: &str, from: f64, length: f64) -> String {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary((text.len() as f64 * from) as usize);
    let end = boundary((start + (text.len() as f64 * length) as usize).min(text.len()));
    format!("{}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn parts_left_out(which in 0usize..4, from in 0.0..1.0, length in 0.0..0.2) {
        let mut all = subgraphs(super::snapshots::SHOP);
        all[which].1 = cut(&all[which].1, from, length);
        check(&all);
    }

    #[test]
    fn words_exchanged(which in 0usize..4, at in any::<prop::sample::Index>(), by in any::<prop::sample::Index>()) {
        let mut all = subgraphs(super::snapshots::SHOP);
        let words: Vec<String> = all.iter().flat_map(|(_, sdl)| sdl.split(' ')).map(str::to_owned).collect();
        let mut own: Vec<&str> = all[which].1.split(' ').collect();
        let at = at.index(own.len());
        own[at] = by.get(&words).as_str();
        let changed = own.join(" ");
        all[which].1 = changed;
        check(&all);
    }
}

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
    assert!((2..=101).contains(&count), "{count}");
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
    for text in [list, value, key] {
        assert!(compose_all(&subgraphs(&text)).supergraph.is_none());
    }
}
