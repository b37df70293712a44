//! Conditions in disjunctive normal form. "Always" is one alternative without literals, "never" none at all.

use crate::plan::{Condition, Literal};

pub(super) fn always() -> Condition {
    Condition { any: vec![Vec::new()] }
}

pub(super) fn literal(literal: Literal) -> Condition {
    Condition { any: vec![vec![literal]] }
}

/// Both hold: every alternative of one with every alternative of the other.
pub(super) fn and(a: &Condition, b: &Condition) -> Condition {
    let pairs = a.any.iter().flat_map(|x| b.any.iter().map(move |y| (x, y)));
    simplify(pairs.filter_map(|(x, y)| conjunction(x, y)).collect())
}

/// One of them holds.
pub(super) fn or(a: &Condition, b: &Condition) -> Condition {
    simplify(a.any.iter().chain(&b.any).cloned().collect())
}

fn conjunction(x: &[Literal], y: &[Literal]) -> Option<Vec<Literal>> {
    let mut all: Vec<Literal> = x.iter().chain(y).copied().collect();
    all.sort_unstable();
    all.dedup();
    let contradicts = all.windows(2).any(|pair| pair[0].variable == pair[1].variable);
    (!contradicts).then_some(all)
}

/// Drops alternatives that another one includes; `x or not x` is always.
fn simplify(mut any: Vec<Vec<Literal>>) -> Condition {
    any.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut kept: Vec<Vec<Literal>> = Vec::new();
    for alternative in any {
        let included = kept.iter().any(|wider| wider.iter().all(|literal| alternative.contains(literal)));
        if !included {
            kept.push(alternative);
        }
    }
    let opposite = |a: &[Literal], b: &[Literal]| {
        a.len() == 1 && b.len() == 1 && a[0].variable == b[0].variable && a[0].expected != b[0].expected
    };
    if kept.iter().enumerate().any(|(at, a)| kept[at + 1..].iter().any(|b| opposite(a, b))) {
        return always();
    }
    Condition { any: kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::VariableId;
    use proptest::prelude::*;

    fn condition() -> impl Strategy<Value = Condition> {
        let literal = (0u32..4, any::<bool>())
            .prop_map(|(variable, expected)| Literal { variable: VariableId(variable), expected });
        let leaf = literal.prop_map(super::literal).boxed();
        leaf.prop_recursive(3, 8, 2, |inner| {
            (inner.clone(), inner, any::<bool>())
                .prop_map(|(a, b, both)| if both { and(&a, &b) } else { or(&a, &b) })
        })
    }

    proptest! {
        #[test]
        fn means_what_its_parts_mean(a in condition(), b in condition(), values in any::<[bool; 4]>()) {
            let holds = |c: &Condition| c.holds(|variable| values[variable.index()]);
            prop_assert_eq!(holds(&and(&a, &b)), holds(&a) && holds(&b));
            prop_assert_eq!(holds(&or(&a, &b)), holds(&a) || holds(&b));
        }
    }
}
