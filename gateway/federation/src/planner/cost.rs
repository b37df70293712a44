//! What a choice costs: the requests it needs, as a set of (level, subgraph).

use smallvec::SmallVec;

use crate::SubgraphId;

/// Ordered by what can't be answered or might not be, then depth, then number of requests, then weight.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cost {
    /// Sorted, without repeats. Levels count from the fetch in which the object was reached.
    fetches: SmallVec<[(u8, SubgraphId); 4]>,
    /// Fields that have no source.
    pub missing: u32,
    /// Fields of members of unions that the union doesn't have where it is taken from.
    pub foreign: u32,
    /// A tie-breaker: fields that aren't taken where the object already is.
    pub weight: u32,
}

impl Clone for Cost {
    /// The list as a whole; derived, it would be cloned one by one.
    fn clone(&self) -> Self {
        let fetches = SmallVec::from_slice(&self.fetches);
        Self { fetches, missing: self.missing, foreign: self.foreign, weight: self.weight }
    }
}

impl Cost {
    pub fn of(level: u8, subgraph: SubgraphId) -> Self {
        Self { fetches: SmallVec::from_slice(&[(level, subgraph)]), ..Self::default() }
    }

    /// Nothing but fields without a source.
    pub fn missing(fields: u32) -> Self {
        Self { missing: fields, ..Self::default() }
    }

    pub fn is_free(&self) -> bool {
        self.fetches.is_empty() && self.missing == 0 && self.foreign == 0
    }

    /// The deepest level at which something is fetched; 0: nothing but what is there.
    pub fn depth(&self) -> u8 {
        self.fetches.last().map_or(0, |(level, _)| *level)
    }

    pub fn add(&mut self, other: &Self) {
        self.missing = self.missing.saturating_add(other.missing);
        self.foreign = self.foreign.saturating_add(other.foreign);
        self.weight = self.weight.saturating_add(other.weight);
        self.add_fetches(other.fetches.iter().copied());
    }

    /// Adds what was counted from a fetch that is itself `level` levels down.
    pub fn add_below(&mut self, other: &Self, level: u8) {
        self.missing = self.missing.saturating_add(other.missing);
        self.foreign = self.foreign.saturating_add(other.foreign);
        self.weight = self.weight.saturating_add(other.weight);
        self.add_fetches(other.fetches.iter().map(|(own, subgraph)| (own.saturating_add(level), *subgraph)));
    }

    pub fn add_fetch(&mut self, level: u8, subgraph: SubgraphId) {
        self.add_fetches(std::iter::once((level, subgraph)));
    }

    fn add_fetches(&mut self, fetches: impl Iterator<Item = (u8, SubgraphId)>) {
        for fetch in fetches {
            if let Err(at) = self.fetches.binary_search(&fetch) {
                self.fetches.insert(at, fetch);
            }
        }
    }

    fn rank(&self) -> (u32, u32, u8, usize, u32) {
        (self.missing, self.foreign, self.depth(), self.fetches.len(), self.weight)
    }

    pub fn is_less(&self, other: &Self) -> bool {
        self.rank() < other.rank()
    }
}
