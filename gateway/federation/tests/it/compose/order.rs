//! The result doesn't depend on the order in which subgraphs are given.

use proptest::prelude::*;

use crate::support::{Subgraphs, audit, compose_all, subgraphs};

/// Expects of a shuffled set what comes of it unshuffled.
pub fn check(all: &Subgraphs, seed: u64) {
    let expected = compose_all(all);
    let mut shuffled = all.clone();
    // A Fisher-Yates shuffle with a small generator: the seed that proptest prints is all that a failure needs.
    let mut state = seed | 1;
    for at in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        shuffled.swap(at, (state >> 33) as usize % (at + 1));
    }
    let found = compose_all(&shuffled);
    assert_eq!(found.supergraph, expected.supergraph);
    assert_eq!(found.diagnostics, expected.diagnostics, "seed {seed}: {all:?}");
}

const BROKEN: &str = r#"
    # c
    type Query { a: String @shareable thing: Thing }
    type Thing @key(fields: "id") { id: ID! size: Int }
    # a
    type Query { a: Int }
    type Thing @key(fields: "sku") { sku: ID! size: Int weight(unit: Unit!): Int }
    enum Unit { KG }
    # b
    type Query { a: [Int] }
    type Thing @key(fields: "id") { id: ID! weight(unit: Unit): Float }
    enum Unit { G KG }
"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn errors_are_the_same(seed in any::<u64>()) {
        check(&subgraphs(BROKEN), seed);
    }

    #[test]
    fn supergraphs_are_the_same(seed in any::<u64>()) {
        check(&subgraphs(super::snapshots::SHOP), seed);
    }
}

#[test]
fn audit_suites_are_the_same() {
    for suite in audit().unwrap_or_default() {
        for seed in 0..3 {
            check(&suite.subgraphs, seed);
        }
    }
}
