//! Which events were told already, by the ids that their publishers gave them.
//!
//! JetStream drops what is published again under the same `Nats-Msg-Id`, for as long as its duplicate window is. A
//! publisher that was away for longer than that may publish an event a second time (PROTOCOL.md, section 5).

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An event's id, as far as it is remembered. Two of 64 bits are the same by chance once in millions of years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId(u64);

/// The ids of the newest events.
#[derive(Debug, Default)]
pub struct Handled {
    known: HashSet<EventId>,
    order: VecDeque<EventId>,
}

/// How many are remembered of one pattern: half a megabyte.
const MOST: usize = 16_384;

impl EventId {
    /// Of that text.
    pub fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Handled {
    /// Whether an event wasn't told yet; it is from now on. What has no id always is new.
    pub fn is_new(&mut self, id: Option<EventId>) -> bool {
        let Some(id) = id else { return true };
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_as_long_as_it_is_remembered() {
        let mut handled = Handled::default();
        let id = |number: usize| Some(EventId::of(&format!("orders.{number}")));
        assert!(handled.is_new(id(0)) && !handled.is_new(id(0)));
        assert!(handled.is_new(None) && handled.is_new(None));
        for number in 1..MOST {
            assert!(handled.is_new(id(number)));
        }
        assert!(!handled.is_new(id(0)), "still remembered");
        assert!(handled.is_new(id(MOST)));
        assert_eq!((handled.known.len(), handled.order.len()), (MOST, MOST));
        assert!(handled.is_new(id(0)) && !handled.is_new(id(2)), "the oldest go first");
    }
}
