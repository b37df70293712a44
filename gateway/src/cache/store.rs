//! The entries: at most so many bytes of them, each for as long as it may be kept.

use std::time::{Duration, Instant};

use moka::{Expiry, sync::Cache};

use super::{Kept, Key};

/// What an entry takes besides its key and its text: in the cache's tables, and its marks.
const OVERHEAD: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Store {
    entries: Cache<Key, Kept>,
}

/// An entry goes when it is as old as it may be.
struct ByAge;

impl Expiry<Key, Kept> for ByAge {
    fn expire_after_create(&self, _: &Key, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.remaining())
    }

    fn expire_after_update(&self, _: &Key, kept: &Kept, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(kept.remaining())
    }
}

impl Store {
    pub fn new(bytes: u64) -> Self {
        let weight = |key: &Key, kept: &Kept| {
            u32::try_from(key.len() + kept.text.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self { entries: Cache::builder().max_capacity(bytes).weigher(weight).expire_after(ByAge).build() }
    }

    /// The entry of that key, if it still counts.
    pub fn find(&self, key: &Key) -> Option<Kept> {
        let kept = self.entries.get(key)?;
        if kept.counts() {
            return Some(kept);
        }
        self.entries.invalidate(key);
        None
    }

    pub fn keep(&self, key: Key, kept: Kept) {
        self.entries.insert(key, kept);
    }

    pub fn clear(&self) {
        self.entries.invalidate_all();
    }

    /// How many entries there are, and their bytes.
    pub fn size(&self) -> (u64, u64) {
        (self.entries.entry_count(), self.entries.weighted_size())
    }

    /// Does now what is otherwise done now and then.
    #[cfg(test)]
    pub fn settle(&self) {
        self.entries.run_pending_tasks();
    }
}
