//! Whatever a subgraph sends, composition answers with a supergraph or with errors.

use proptest::prelude::*;

use crate::support::{Subgraphs, compose_all, subgraphs};

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
