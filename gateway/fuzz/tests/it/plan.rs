//! Plan.

use proptest::prelude::*;

use crate::{corpus, mutate::mutated};

/// A selection on a type, with names that it has; deeper selections are rarer.
fn selection(ty: &'static str) -> BoxedStrategy<String> {
    let leaves: &[&str] = match ty {
        "Query" => &["__typename", "config", "config"],
        "Product" => &[
            "id",
            "name",
            "a: id",
            "__typename",
            "price",
            "stock",
            "shipping(fast: true)",
            "shipping",
            "cells",
            "color",
        ],
        "Review" => &["text", "stars", "__typename", "text @include(if: $yes)"],
        "User" => &["email", "name", "age", "name @skip(if: $no)"],
        "Media" => &[
            "id",
            "title",
            "rating",
            "__typename",
            "... on Book { pages }",
            "... on Film { title: minutes }",
        ],
        _ => &[
            "__typename",
            "... on Book { title pages }",
            "... on Film { minutes rating }",
            "... on Product { stock }",
        ],
    };
    let objects: &[(&str, &'static str)] = match ty {
        "Query" => &[
            ("top", "Product"),
            ("media", "Media"),
            ("any", "Any"),
            ("latest", "Review"),
            ("me", "User"),
            ("best", "Media"),
        ],
        "Product" => &[("reviews", "Review"), ("b: reviews(first: 1)", "Review")],
        "Review" => &[("product", "Product"), ("author", "User"), ("x: product", "Product")],
        "User" => &[("friends", "User"), ("reviews", "Review")],
        "Media" => &[("similar", "Media"), ("... on Book @include(if: $yes)", "Media")],
        _ => &[("... on Media", "Media"), ("... on Product @skip(if: $no)", "Product")],
    };
    let leaf = proptest::sample::select(leaves.to_vec()).prop_map(str::to_owned);
    (Just(objects.to_vec()), proptest::collection::vec(leaf, 1..4), any::<u8>())
        .prop_flat_map(|(objects, leaves, depth)| {
            let below: Vec<BoxedStrategy<String>> = objects
                .into_iter()
                .filter(|_| depth % 3 != 0)
                .map(|(field, ty)| {
                    (Just(field), selection(ty)).prop_map(|(field, set)| format!("{field} {set}")).boxed()
                })
                .collect();
            let below = if below.is_empty() { vec![Just("__typename".to_owned()).boxed()] } else { below };
            let below = proptest::collection::vec(proptest::strategy::Union::new(below), 0..3);
            (Just(leaves), below)
                .prop_map(|(leaves, below)| format!("{{ {} {} }}", leaves.join(" "), below.join(" ")))
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn documents_with_mistakes(text in mutated(corpus::texts("plan"), 3)) {
        tributary_fuzz::plan(&text);
    }

    #[test]
    fn documents_without(set in selection("Query")) {
        tributary_fuzz::plan(&format!("query($yes: Boolean!, $no: Boolean!) {set}"));
    }
}
