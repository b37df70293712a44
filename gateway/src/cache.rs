//! What subgraphs answered, kept for as long as they say it may be (`@cacheControl`), and no longer than their events
//! allow.
//!
//! ```text
//! execute ── View ──▶ EntityCache: key ──▶ Kept: text, age, marks
//!                        ▲                              │ dropped?
//! stream EVENTS ─ follow ┴─▶ Marks: type, type and id ──┘
//! ```
//!
//! Nothing looks for the entries that an event concerns. Whoever asks a subgraph takes a **mark** of each thing that
//! the answer will depend on *before* the question is sent, and the entry holds these marks. An event drops the marks
//! of what it tells of, so an answer that was under way while the event came is dropped before it is kept. An entry one
//! of whose marks is dropped is as good as none.
//!
//! Entries are read only while the stream of events is read in step; where something of it may have been missed, all
//! of them go. Start reading at [`EntityCache`] and [`View`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use smallvec::SmallVec;

mod follow;
mod freshness;
mod key;
mod marks;
mod store;
mod view;

pub use follow::follow;
pub use freshness::Freshness;
pub use key::{Key, Scope};
pub use marks::Mark;
pub use view::{Asker, Expected, Question, View};

use marks::{Marks, Subject};
use store::Store;

/// How much is kept, and whether without events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// `--cache-bytes`: memory for entries; 0: none are kept.
    pub bytes: u64,
    /// `--cache-without-events`: entries count until they are as old as they may be, also where the stream of events
    /// can't be read.
    pub without_events: bool,
}

/// What subgraphs answered.
#[derive(Debug)]
pub struct EntityCache {
    store: Store,
    marks: Marks,
    /// The mark of all that is kept since the stream was missed last. There while entries may be read.
    era: ArcSwapOption<Mark>,
    without_events: bool,
    /// How many events came, and how often events were missed.
    changes: AtomicU64,
    counts: Counts,
}

/// What is counted.
#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    dropped: AtomicU64,
    forgotten: AtomicU64,
}

/// What happened so far, and what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatus {
    /// Whether entries are read now.
    pub usable: bool,
    /// Entities and root selections that were found.
    pub hits: u64,
    /// Those that weren't, and were asked for.
    pub misses: u64,
    /// Times that an event said of something entries depend on that it is another now.
    pub dropped: u64,
    /// Times that everything was forgotten because events were missed.
    pub forgotten: u64,
    /// Entries, those included that no longer count and haven't been removed yet.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// An entry.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Of a lookup: the entity's JSON. Of a root selection: `{"data":{…}}`, without anything around it.
    pub text: Bytes,
    /// When it was asked for: it is no younger than that.
    asked: Instant,
    max_age: Duration,
    /// What all entities of one lookup depend on, the era among it.
    shared: Arc<[Arc<Mark>]>,
    own: SmallVec<[Arc<Mark>; 2]>,
}

impl Kept {
    /// Whether it still counts.
    fn counts(&self) -> bool {
        let marks = self.shared.iter().chain(&self.own);
        self.asked.elapsed() < self.max_age && marks.into_iter().all(|mark| !mark.is_dropped())
    }

    /// How old it is.
    pub fn age(&self) -> Duration {
        self.asked.elapsed()
    }

    /// For how long it still counts, if no event comes.
    pub fn remaining(&self) -> Duration {
        self.max_age.saturating_sub(self.age())
    }
}

impl EntityCache {
    /// An empty one, from which nothing is read before [`Self::begin`], unless it may be used without events.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        let cache = Self {
            store: Store::new(config.bytes),
            marks: Marks::default(),
            era: ArcSwapOption::empty(),
            without_events: config.without_events,
            changes: AtomicU64::new(0),
            counts: Counts::default(),
        };
        if config.without_events {
            cache.begin();
        }
        cache
    }

    /// From now on every event is told to it.
    pub fn begin(&self) {
        if self.era.load().is_none() {
            self.era.store(Some(self.marks.era()));
        }
    }

    /// Events may come late: nothing is read from it until [`Self::begin`]. Entries stay, and what is told meanwhile
    /// counts.
    pub fn pause(&self) {
        if !self.without_events {
            self.era.store(None);
        }
    }

    /// Events were missed: nothing that was asked for until now counts any more.
    pub fn forget(&self) {
        self.note_change();
        let is_read = self.era.load().is_some();
        let era = self.marks.end_era();
        if is_read {
            self.era.store(Some(era));
        }
        self.store.clear();
        self.counts.forgotten.fetch_add(1, Ordering::Relaxed);
    }

    /// An event came on that subject.
    pub fn changed(&self, subject: &str) {
        self.note_change();
        let dropped = match Subject::read(subject) {
            Some(subject) => self.marks.drop_told(&subject),
            // Whatever it tells of, it isn't said as PROTOCOL.md says it.
            None => {
                self.forget();
                return;
            }
        };
        self.counts.dropped.fetch_add(dropped, Ordering::Relaxed);
    }

    /// Grows with every event, before it ends anything. A question that was sent when it was another number isn't one
    /// that is sent now: its answer may be of a time before what the one who asks now takes for granted.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// What happened so far, and what is there.
    pub fn status(&self) -> CacheStatus {
        let (entries, bytes) = self.store.size();
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheStatus {
            usable: self.era.load().is_some(),
            hits: count(&self.counts.hits),
            misses: count(&self.counts.misses),
            dropped: count(&self.counts.dropped),
            forgotten: count(&self.counts.forgotten),
            entries,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests;
