//! How many queries of a subgraph may be sent a second time.
//!
//! A second send helps when one instance is slow or gone. When all are slow, because there is too much to do, it only
//! makes more of that; so it is for few (Dean and Barroso, "The Tail at Scale", 2013: 5 % more load is enough).

use std::sync::atomic::{AtomicU32, Ordering};

/// A subgraph's second sends: one for each ten fetches, and some in store.
#[derive(Debug)]
pub struct Budget(AtomicU32);

/// What a second send takes; a fetch gives one.
const PRICE: u32 = 10;
/// The most that is kept: what an instance can have had under way that dies.
const MOST: u32 = 256 * PRICE;

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl Budget {
    /// A fetch was begun.
    pub(super) fn give(&self) {
        // Where two threads meet, one may be forgotten.
        let now = self.0.load(Ordering::Relaxed);
        if now < MOST {
            self.0.store(now + 1, Ordering::Relaxed);
        }
    }

    /// Whether one may be sent a second time; it is, then.
    pub(super) fn take(&self) -> bool {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| now.checked_sub(PRICE));
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_may_be_sent_twice() {
        let budget = Budget::default();
        let sent = |fetches: u32| {
            let twice = |_: &u32| {
                budget.give();
                budget.take()
            };
            (0..fetches).filter(twice).count()
        };
        assert_eq!(sent(256), 256, "some are in store");
        sent(1_000);
        assert_eq!(sent(1_000), 100);
    }
}
