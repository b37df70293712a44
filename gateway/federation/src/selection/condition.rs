//! Conditions of `@skip` and `@include`, as ordered binary decision diagrams (Bryant, 1986).
//!
//! Each is one node, equal ones are the same node, and what is always true is known to be, however it was written:
//! fragments that spread each other under conditions stay small. What plans show and subgraphs are asked by are
//! alternatives (a disjunctive normal form), of which none is superfluous (Minato, 1992).

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::CondId;
use crate::plan::{Condition, Literal, VariableId};

/// Not among the conditions of anything: what never holds is left out.
const NEVER: CondId = CondId(1);

/// Steps after which conditions aren't worked out any more. Each is some tens of nanoseconds.
const MOST_STEPS: u32 = 2_000_000;

/// Alternatives that one condition may have.
const MOST_ALTERNATIVES: usize = 1_000;

/// All conditions of one planning.
#[derive(Debug, Default)]
pub(super) struct Conditions(RefCell<Diagrams>);

#[derive(Debug, Default)]
struct Diagrams {
    /// The first has number 2, after [`CondId::ALWAYS`] and [`NEVER`].
    nodes: Vec<Node>,
    ids: FxHashMap<Node, CondId>,
    known: FxHashMap<(Operation, CondId, CondId), CondId>,
    /// Conditions as alternatives, worked out once.
    alternatives: FxHashMap<CondId, Option<Condition>>,
    steps: u32,
}

/// What holds is decided by one variable after the other, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    variable: u32,
    otherwise: CondId,
    then: CondId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
    /// The first and not the second.
    Without,
}

/// A product of literals.
type Alternative = Vec<Literal>;

impl Conditions {
    pub fn literal(&self, literal: Literal) -> CondId {
        let (otherwise, then) =
            if literal.expected { (NEVER, CondId::ALWAYS) } else { (CondId::ALWAYS, NEVER) };
        self.0.borrow_mut().node(Node { variable: literal.variable.0, otherwise, then })
    }

    /// Both hold. `None`: that can't be.
    pub fn and(&self, a: CondId, b: CondId) -> Option<CondId> {
        let both = self.0.borrow_mut().apply(Operation::And, a, b);
        (both != NEVER).then_some(both)
    }

    /// One of them holds.
    pub fn or(&self, a: CondId, b: CondId) -> CondId {
        self.0.borrow_mut().apply(Operation::Or, a, b)
    }

    /// The condition as alternatives; `None`: there are too many.
    pub fn alternatives(&self, id: CondId) -> Option<Condition> {
        let mut diagrams = self.0.borrow_mut();
        if let Some(known) = diagrams.alternatives.get(&id) {
            return known.clone();
        }
        let found = diagrams.cover(id, id).filter(|_| !diagrams.is_exhausted()).map(|(mut any, _)| {
            any.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            Condition { any }
        });
        diagrams.alternatives.insert(id, found.clone());
        found
    }

    /// It was too much work; what was answered since isn't true.
    pub fn are_too_complex(&self) -> bool {
        self.0.borrow().is_exhausted()
    }
}

impl Diagrams {
    fn is_exhausted(&self) -> bool {
        self.steps >= MOST_STEPS
    }

    fn node(&mut self, node: Node) -> CondId {
        if node.then == node.otherwise {
            return node.then;
        }
        *self.ids.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            CondId(self.nodes.len() as u32 + 1)
        })
    }

    /// `None`: it is one of the two that no variable decides.
    fn get(&self, id: CondId) -> Option<Node> {
        self.nodes.get(id.0.checked_sub(2)? as usize).copied()
    }

    /// The variable that is asked first in any of them.
    fn first(&self, ids: &[CondId]) -> Option<u32> {
        ids.iter().filter_map(|id| Some(self.get(*id)?.variable)).min()
    }

    /// What is left of a condition if the variable is false, and if it is true.
    fn halves(&self, id: CondId, variable: u32) -> (CondId, CondId) {
        match self.get(id) {
            Some(node) if node.variable == variable => (node.otherwise, node.then),
            _ => (id, id),
        }
    }

    fn apply(&mut self, operation: Operation, a: CondId, b: CondId) -> CondId {
        match (operation, a, b) {
            (Operation::And, CondId::ALWAYS, other) | (Operation::And, other, CondId::ALWAYS) => {
                return other;
            }
            (Operation::Or, NEVER, other) | (Operation::Or, other, NEVER) => return other,
            (Operation::And, NEVER, _) | (Operation::And, _, NEVER) => return NEVER,
            (Operation::Or, CondId::ALWAYS, _) | (Operation::Or, _, CondId::ALWAYS) => return CondId::ALWAYS,
            (Operation::Without, NEVER, _) | (Operation::Without, _, CondId::ALWAYS) => return NEVER,
            (Operation::Without, all, NEVER) => return all,
            (Operation::Without, ..) if a == b => return NEVER,
            _ if a == b => return a,
            _ => {}
        }
        let (a, b) = if operation != Operation::Without && b < a { (b, a) } else { (a, b) };
        if let Some(&known) = self.known.get(&(operation, a, b)) {
            return known;
        }
        if self.is_exhausted() {
            return a;
        }
        self.steps += 1;
        let Some(variable) = self.first(&[a, b]) else { return a };
        let ((a0, a1), (b0, b1)) = (self.halves(a, variable), self.halves(b, variable));
        let (otherwise, then) = stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            (self.apply(operation, a0, b0), self.apply(operation, a1, b1))
        });
        let result = self.node(Node { variable, otherwise, then });
        self.known.insert((operation, a, b), result);
        result
    }

    /// Alternatives that hold at least where `least` does, and nowhere where `most` doesn't; and what they hold for
    /// together. `None`: too many.
    fn cover(&mut self, least: CondId, most: CondId) -> Option<(Vec<Alternative>, CondId)> {
        if least == NEVER {
            return Some((Vec::new(), NEVER));
        }
        if most == CondId::ALWAYS {
            return Some((vec![Vec::new()], CondId::ALWAYS));
        }
        if self.is_exhausted() {
            return None;
        }
        self.steps += 1;
        let variable = self.first(&[least, most])?;
        let ((least0, least1), (most0, most1)) = (self.halves(least, variable), self.halves(most, variable));
        let (only0, only1) =
            (self.apply(Operation::Without, least0, most1), self.apply(Operation::Without, least1, most0));
        let (found0, holds0) = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.cover(only0, most0))?;
        let (found1, holds1) = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.cover(only1, most1))?;
        let rest0 = self.apply(Operation::Without, least0, holds0);
        let rest1 = self.apply(Operation::Without, least1, holds1);
        let rest = self.apply(Operation::Or, rest0, rest1);
        let both = self.apply(Operation::And, most0, most1);
        let (found, holds) = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.cover(rest, both))?;
        if found0.len() + found1.len() + found.len() > MOST_ALTERNATIVES {
            return None;
        }
        let with = |expected| {
            move |mut alternative: Alternative| {
                alternative.insert(0, Literal { variable: VariableId(variable), expected });
                alternative
            }
        };
        let mut all: Vec<Alternative> = found0.into_iter().map(with(false)).collect();
        all.extend(found1.into_iter().map(with(true)));
        all.extend(found);
        let otherwise = self.apply(Operation::Or, holds0, holds);
        let then = self.apply(Operation::Or, holds1, holds);
        Some((all, self.node(Node { variable, otherwise, then })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VARIABLES: u32 = 5;

    #[derive(Clone, Debug)]
    enum Written {
        Literal(u32, bool),
        And(Box<Written>, Box<Written>),
        Or(Box<Written>, Box<Written>),
    }

    impl Written {
        fn holds(&self, values: &[bool]) -> bool {
            match self {
                Self::Literal(variable, expected) => values[*variable as usize] == *expected,
                Self::And(a, b) => a.holds(values) && b.holds(values),
                Self::Or(a, b) => a.holds(values) || b.holds(values),
            }
        }

        /// `None`: never.
        fn build(&self, conditions: &Conditions) -> Option<CondId> {
            match self {
                Self::Literal(variable, expected) => {
                    let literal = Literal { variable: VariableId(*variable), expected: *expected };
                    Some(conditions.literal(literal))
                }
                Self::And(a, b) => conditions.and(a.build(conditions)?, b.build(conditions)?),
                Self::Or(a, b) => match (a.build(conditions), b.build(conditions)) {
                    (Some(a), Some(b)) => Some(conditions.or(a, b)),
                    (a, b) => a.or(b),
                },
            }
        }
    }

    fn written() -> impl Strategy<Value = Written> {
        let leaf = (0..VARIABLES, any::<bool>())
            .prop_map(|(variable, expected)| Written::Literal(variable, expected));
        leaf.prop_recursive(5, 40, 2, |inner| {
            let both = |make: fn(Box<Written>, Box<Written>) -> Written, inner: BoxedStrategy<Written>| {
                (inner.clone(), inner).prop_map(move |(a, b)| make(Box::new(a), Box::new(b)))
            };
            prop_oneof![both(Written::And, inner.clone().boxed()), both(Written::Or, inner.boxed())]
        })
    }

    fn all_values() -> impl Iterator<Item = Vec<bool>> {
        (0..1u32 << VARIABLES).map(|bits| (0..VARIABLES).map(|at| bits >> at & 1 == 1).collect())
    }

    proptest! {
        #[test]
        fn alternatives_mean_what_was_written_and_none_is_superfluous(written in written()) {
            let conditions = Conditions::default();
            let built = written.build(&conditions);
            let any = built.map_or_else(Vec::new, |id| conditions.alternatives(id).unwrap().any);
            let holds = |any: &[Alternative], values: &[bool]| {
                let any = Condition { any: any.to_vec() };
                any.holds(|variable| values[variable.index()])
            };
            for values in all_values() {
                prop_assert_eq!(holds(&any, &values), written.holds(&values));
            }
            for at in 0..any.len() {
                let mut fewer = any.clone();
                fewer.remove(at);
                prop_assert!(all_values().any(|values| holds(&fewer, &values) != written.holds(&values)));
            }
        }

        #[test]
        fn what_means_the_same_is_the_same(a in written(), b in written()) {
            let conditions = Conditions::default();
            let same = all_values().all(|values| a.holds(&values) == b.holds(&values));
            prop_assert_eq!(a.build(&conditions) == b.build(&conditions), same);
        }
    }

    #[test]
    fn what_gets_too_complex_is_said_to_be() {
        let conditions = Conditions::default();
        let literal =
            |variable, expected| conditions.literal(Literal { variable: VariableId(variable), expected });
        // Whether an odd number of them holds has no short form with alternatives, but a small diagram.
        let odd = (1..40).fold(literal(0, true), |odd, at| {
            let even = conditions.and(odd, literal(at, false)).unwrap();
            let own = literal(at, true);
            let not = conditions.0.borrow_mut().apply(Operation::Without, own, odd);
            conditions.or(even, not)
        });
        assert_eq!(conditions.alternatives(odd), None);
        assert!(!conditions.are_too_complex());
        // With pairs in an order that asks for all first halves before any second one, the diagram is exponential.
        let pairs = (0..24).map(|at| conditions.and(literal(at, true), literal(at + 24, true)).unwrap());
        pairs.reduce(|a, b| conditions.or(a, b));
        assert!(conditions.are_too_complex());
    }
}
