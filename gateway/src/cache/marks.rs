//! What entries depend on, and whether an event told of it since.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tributary_protocol::event::EVENTS;

/// Stands for something that answers depend on, as it was when they were asked for.
#[derive(Debug, Default)]
pub struct Mark(AtomicBool);

impl Mark {
    /// Whether an event told of it since.
    pub fn is_dropped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn drop_it(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Something that events tell of.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Thing<'a> {
    /// Anything of that subgraph.
    Subgraph(&'a str),
    /// Entities of that type, told of by any subgraph.
    Type(&'a str),
    /// Entities of that type, told of by that subgraph.
    OwnType { subgraph: &'a str, ty: &'a str },
    /// One entity: its type and its id, encoded as in a subject.
    Entity { ty: &'a str, id: &'a str },
}

/// `events.<subgraph>.<Type>.<id>.…`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject<'a> {
    pub subgraph: &'a str,
    pub ty: &'a str,
    pub id: &'a str,
}

impl<'a> Subject<'a> {
    /// `None`: it doesn't tell of an entity.
    pub fn read(subject: &'a str) -> Option<Self> {
        let mut tokens = subject.split('.');
        if tokens.next() != Some(EVENTS) {
            return None;
        }
        let (subgraph, ty, id) = (tokens.next()?, tokens.next()?, tokens.next()?);
        Some(Self { subgraph, ty, id })
    }

    fn things(&self) -> [Thing<'a>; 4] {
        let Self { subgraph, ty, id } = *self;
        [
            Thing::Subgraph(subgraph),
            Thing::Type(ty),
            Thing::OwnType { subgraph, ty },
            Thing::Entity { ty, id },
        ]
    }
}

/// The marks that somebody holds.
///
/// Things are known by a hash of 64 bits. Two that have the same share a mark, and an event about one drops entries of
/// the other, too: too much is dropped, once in a very long time, and never too little.
#[derive(Debug)]
pub(super) struct Marks {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    era: Mutex<Arc<Mark>>,
}

/// No mark in it is dropped: it is taken out in the same moment.
#[derive(Debug, Default)]
struct Shard {
    held: HashMap<u64, Weak<Mark>>,
    /// At how many marks those are looked for that nobody holds any more.
    look_at: usize,
}

/// Requests that ask for different things rarely wait for each other.
const SHARDS: usize = 16;
/// The fewest marks among which it is worth to look for those that nobody holds.
const FEW: usize = 1024;

impl Default for Marks {
    fn default() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { hasher: RandomState::new(), shards, era: Mutex::default() }
    }
}

impl Marks {
    /// The mark of something, as it is from now on.
    pub fn of(&self, thing: Thing<'_>) -> Arc<Mark> {
        let hash = self.hasher.hash_one(thing);
        let mut shard = self.shard(hash);
        if let Some(mark) = shard.held.get(&hash).and_then(Weak::upgrade) {
            return mark;
        }
        if shard.held.len() >= shard.look_at.max(FEW) {
            shard.held.retain(|_, mark| mark.strong_count() > 0);
            shard.look_at = shard.held.len() * 2;
        }
        let mark = Arc::<Mark>::default();
        shard.held.insert(hash, Arc::downgrade(&mark));
        mark
    }

    /// An event told of that; how many things somebody depended on.
    pub fn drop_told(&self, subject: &Subject<'_>) -> u64 {
        let mut dropped = 0;
        for thing in subject.things() {
            let hash = self.hasher.hash_one(thing);
            let mut shard = self.shard(hash);
            // Under the lock, so that nobody takes a mark from now on that is to be dropped.
            if let Some(mark) = shard.held.remove(&hash).and_then(|mark| mark.upgrade()) {
                mark.drop_it();
                dropped += 1;
            }
        }
        dropped
    }

    /// The mark of everything.
    pub fn era(&self) -> Arc<Mark> {
        self.lock_era().clone()
    }

    /// Drops the mark of everything; the next one.
    pub fn end_era(&self) -> Arc<Mark> {
        let mut era = self.lock_era();
        let next = Arc::<Mark>::default();
        std::mem::replace(&mut *era, next.clone()).drop_it();
        next
    }

    /// How many there are, those included that nobody holds any more.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).held.len();
        self.shards.iter().map(len).sum()
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        self.shards[hash as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_era(&self) -> MutexGuard<'_, Arc<Mark>> {
        self.era.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
