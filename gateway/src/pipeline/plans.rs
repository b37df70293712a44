//! The plans of one operation: one for each combination of facts that came up.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use tributary_federation::{Fact, Plan};

use super::facts;
use crate::error::Rejection;

/// What planning came to, and the facts that it rests upon: it holds for every request of which the same is true.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    pub(super) facts: Vec<(Fact, bool)>,
    /// A refusal is as dear to find out as a plan.
    pub(super) outcome: Result<Arc<Plan>, Rejection>,
}

/// More combinations of facts than anyone has roles for; beyond that the one goes that was used longest ago.
const MOST: usize = 16;

/// At most [`MOST`] variants. Reading takes no lock and, as long as none is added, writes nothing.
#[derive(Debug)]
pub(super) struct Plans {
    kept: ArcSwap<Vec<Arc<Kept>>>,
    /// Grows with each variant that is added: the time by which it is told when one was last used.
    time: AtomicU64,
}

#[derive(Debug)]
struct Kept {
    variant: Variant,
    used: AtomicU64,
}

impl Variant {
    pub(super) fn of(plan: Plan) -> Self {
        Self { facts: plan.facts.clone(), outcome: Ok(Arc::new(plan)) }
    }

    pub(super) fn fits(&self, holds: impl Fn(Fact) -> bool) -> bool {
        facts::fit(&self.facts, holds)
    }

    fn weight(&self) -> usize {
        let facts = self.facts.len() * size_of::<(Fact, bool)>();
        facts
            + match &self.outcome {
                Ok(plan) => plan_weight(plan),
                Err(rejection) => rejection.errors().len() * 256,
            }
    }
}

impl Plans {
    pub(super) fn new(first: Variant) -> Self {
        let kept = Arc::new(Kept { variant: first, used: AtomicU64::new(0) });
        Self { kept: ArcSwap::from_pointee(vec![kept]), time: AtomicU64::new(0) }
    }

    /// What planning came to for a request of which these facts hold, if that is known.
    pub(super) fn find(&self, holds: impl Fn(Fact) -> bool) -> Option<Result<Arc<Plan>, Rejection>> {
        self.kept(holds).map(|kept| kept.variant.outcome.clone())
    }

    /// The same, with what it rests upon.
    pub(super) fn variant(&self, holds: impl Fn(Fact) -> bool) -> Option<Variant> {
        self.kept(holds).map(|kept| kept.variant.clone())
    }

    fn kept(&self, holds: impl Fn(Fact) -> bool) -> Option<Arc<Kept>> {
        let kept = self.kept.load();
        let found = kept.iter().find(|kept| kept.variant.fits(&holds))?;
        let now = self.time.load(Ordering::Relaxed);
        // All requests of a busy operation come by here: they would fight for a value that each of them writes.
        if found.used.load(Ordering::Relaxed) != now {
            found.used.store(now, Ordering::Relaxed);
        }
        Some(found.clone())
    }

    /// Adds a variant, in place of the one that was used longest ago if there are too many.
    pub(super) fn add(&self, variant: Variant) {
        let now = self.time.fetch_add(1, Ordering::Relaxed) + 1;
        let added = Arc::new(Kept { variant, used: AtomicU64::new(now) });
        self.kept.rcu(|kept| {
            let mut kept = Vec::clone(kept);
            if kept.iter().any(|known| known.variant.facts == added.variant.facts) {
                return kept;
            }
            if kept.len() == MOST {
                let used = |(_, kept): &(usize, &Arc<Kept>)| kept.used.load(Ordering::Relaxed);
                // Of those that were used at the same time the first, which was made first.
                let oldest = kept.iter().enumerate().min_by_key(used).map_or(0, |(at, _)| at);
                kept.remove(oldest);
            }
            kept.push(added.clone());
            kept
        });
    }

    /// Every plan that was made and is kept, the last used ones first.
    pub(super) fn all(&self) -> Vec<Arc<Plan>> {
        let mut kept = Vec::clone(&self.kept.load());
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.used.load(Ordering::Relaxed)));
        kept.iter().filter_map(|kept| kept.variant.outcome.clone().ok()).collect()
    }

    /// Roughly what they take in memory.
    pub(super) fn weight(&self) -> usize {
        self.kept.load().iter().map(|kept| mem::size_of::<Kept>() + kept.variant.weight()).sum()
    }
}

/// The plan's texts count exactly; its tables by their rows, which are small and alike.
fn plan_weight(plan: &Plan) -> usize {
    const ROW: usize = 96;
    let texts: usize = plan.fetches.iter().map(|fetch| fetch.query.len() + fetch.head.len()).sum();
    let shapes: usize = plan.shapes.iter().map(|shape| shape.slots.len()).sum();
    let reads: usize = plan.reads.iter().map(|read| read.fields.len()).sum();
    let outputs: usize = plan.outputs.iter().map(|output| output.fields.len()).sum();
    let enums: usize = plan.enums.iter().map(|values| values.values.len()).sum();
    let rows = plan.fetches.len() * 8 + shapes + reads + outputs * 2 + enums + plan.variables.len() * 2;
    size_of::<Plan>() + texts + rows * ROW
}

#[cfg(test)]
mod tests {
    use tributary_federation::plan::VariableId;

    use super::*;
    use crate::error::{Code, GraphqlError};

    /// What is true of requests of which the facts are these bits.
    fn holds(bits: u32) -> impl Fn(Fact) -> bool {
        move |fact| matches!(fact, Fact::Variable(VariableId(at)) if bits & (1 << at) != 0)
    }

    /// Refused with those bits as the message, which rests upon eight facts.
    fn variant(bits: u32) -> Variant {
        let facts = (0..8).map(|at| Fact::Variable(VariableId(at))).map(|fact| (fact, holds(bits)(fact)));
        let refusal = GraphqlError::new(Code::PlanningFailed, bits.to_string());
        Variant { facts: facts.collect(), outcome: Err(refusal.into()) }
    }

    fn found(plans: &Plans, bits: u32) -> Option<String> {
        Some(plans.find(holds(bits))?.unwrap_err().errors()[0].message.to_string())
    }

    #[test]
    fn a_variant_serves_those_of_whom_the_same_is_true() {
        let plans = Plans::new(variant(3));
        plans.add(variant(5));
        assert_eq!(found(&plans, 3).as_deref(), Some("3"));
        assert_eq!(
            found(&plans, 5 | 1 << 20).as_deref(),
            Some("5"),
            "what it doesn't rest upon doesn't count"
        );
        assert_eq!(found(&plans, 4), None);
    }

    #[test]
    fn the_one_that_was_used_longest_ago_goes() {
        let plans = Plans::new(variant(0));
        (1..MOST as u32).for_each(|bits| plans.add(variant(bits)));
        // In use all the time, the very first and the third.
        for bits in 100..140 {
            assert!(found(&plans, 0).is_some() && found(&plans, 2).is_some(), "{bits}");
            plans.add(variant(bits));
            assert!(found(&plans, bits).is_some());
        }
        assert_eq!(plans.kept.load().len(), MOST);
        assert_eq!(found(&plans, 1), None, "nobody asked for it");
        assert!((126..140).all(|bits| found(&plans, bits).is_some()), "the newest are there");
        assert_eq!(found(&plans, 125), None);
    }

    #[test]
    fn the_same_is_kept_once() {
        let plans = Plans::new(variant(1));
        let weight = plans.weight();
        plans.add(variant(1));
        assert_eq!((plans.kept.load().len(), plans.weight()), (1, weight));
    }
}
