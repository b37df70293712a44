//! Prepared operations, kept for the next request with the same text.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter, sync::Cache};

use super::prepare::Prepared;
use crate::error::Rejection;

/// What preparing gave. A refusal is kept as well: it is as dear to find out, and the same each time.
pub(super) type Entry = Result<Arc<Prepared>, Arc<Rejection>>;

/// Bounded in bytes.
#[derive(Debug)]
pub(super) struct PreparedCache {
    entries: Cache<Key, Kept, ByBytes>,
}

/// An entry with what it weighed when it was put in: the cache counts on that to stay the same, and an operation
/// gets more plans in time.
#[derive(Debug, Clone)]
struct Kept {
    entry: Entry,
    weight: u64,
}

impl Kept {
    fn new(key: &Key, entry: Entry) -> Self {
        let value = match &entry {
            Ok(prepared) => prepared.weight(),
            Err(rejection) => rejection.errors().len() * 256,
        };
        Self { entry, weight: (size_of::<Key>() + key.query.len() + value) as u64 }
    }
}

/// What a prepared operation depends on. The text itself is compared, since a hash alone would let one
/// client's operation answer another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Which graph it was prepared for.
    pub(super) graph: u64,
    pub(super) operation_name: Option<Box<str>>,
    pub(super) query: Box<str>,
}

/// A key that is only looked up.
struct KeyRef<'a> {
    graph: u64,
    operation_name: Option<&'a str>,
    query: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.graph, self.operation_name.as_deref(), &*self.query).hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.graph, self.operation_name, self.query).hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.graph == key.graph
            && self.operation_name == key.operation_name.as_deref()
            && self.query == &*key.query
    }
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        kept.weight
    }
}

/// What an operation takes typically; the cache sizes its tables by it.
const TYPICAL_BYTES: u64 = 8 * 1024;

impl PreparedCache {
    pub(super) fn new(bytes: u64) -> Self {
        let mut options = OptionsBuilder::new();
        options.weight_capacity(bytes).estimated_items_capacity((bytes / TYPICAL_BYTES).max(64) as usize);
        // Few shards: an operation that is larger than its shard isn't kept at all.
        let options = options.shards(4).build().expect("both capacities are set");
        let entries =
            Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), Default::default());
        Self { entries }
    }

    /// A prepared operation, if it is there.
    pub(super) fn get(&self, graph: u64, operation_name: Option<&str>, query: &str) -> Option<Entry> {
        Some(self.entries.get(&KeyRef { graph, operation_name, query })?.entry)
    }

    /// Puts an operation in.
    pub(super) fn insert(&self, key: Key, entry: Entry) {
        let kept = Kept::new(&key, entry);
        self.entries.insert(key, kept);
    }

    /// Weighs an operation anew that got another plan. One that had to go comes back: someone uses it.
    pub(super) fn weigh(&self, key: Key, prepared: &Arc<Prepared>) {
        let is_it = |kept: Kept| kept.entry.is_ok_and(|known| Arc::ptr_eq(&known, prepared));
        if self.entries.peek(&key).is_none_or(is_it) {
            self.insert(key, Ok(prepared.clone()));
        }
    }

    /// The most used operations that were prepared for that graph, most used first.
    pub(super) fn hottest(&self, graph: u64, count: usize) -> Vec<(Key, Arc<Prepared>)> {
        let mut found: Vec<(Key, Arc<Prepared>)> = self
            .entries
            .iter()
            .filter(|(key, _)| key.graph == graph)
            .filter_map(|(key, kept)| Some((key, kept.entry.ok()?)))
            .collect();
        found.sort_by_key(|(_, prepared)| std::cmp::Reverse(prepared.uses()));
        found.truncate(count);
        found
    }

    /// Drops what was prepared for other graphs.
    pub(super) fn retain_graphs(&self, graphs: &[u64]) {
        self.entries.retain(|key, _| graphs.contains(&key.graph));
    }

    /// Operations and bytes kept.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.entries.len(), self.entries.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, GraphqlError};

    fn key(graph: u64, query: &str) -> Key {
        Key { graph, operation_name: None, query: query.into() }
    }

    fn refusal() -> Entry {
        Err(Arc::new(GraphqlError::new(Code::ParseFailed, "no").into()))
    }

    #[test]
    fn keys_differ_in_every_part() {
        let cache = PreparedCache::new(1 << 20);
        cache.insert(key(1, "{a}"), refusal());
        assert!(cache.get(1, None, "{a}").is_some());
        assert!(cache.get(2, None, "{a}").is_none());
        assert!(cache.get(1, Some("a"), "{a}").is_none());
        assert!(cache.get(1, None, "{b}").is_none());
        cache.retain_graphs(&[2]);
        assert!(cache.get(1, None, "{a}").is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let cache = PreparedCache::new(64 * 1024);
        for n in 0..1000 {
            cache.insert(key(1, &format!("{{f{n}{}}}", " ".repeat(1024))), refusal());
        }
        let (entries, bytes) = cache.size();
        assert!(entries < 64 && bytes <= 64 * 1024, "{entries} entries, {bytes} bytes");
    }
}
