//! What waits for one client: results of its subscriptions, in order and bounded.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tributary_federation::event::SlowConsumer;

use super::Place;
use super::version::Versioned;
use crate::error::Rejection;

/// Tells the subscriptions of one client apart.
pub type Tag = u32;

/// A result, shared by everyone who gets the same.
#[derive(Debug)]
pub struct Delivery {
    /// Where it stands in its stream; those of a subgraph's own stream have none.
    pub place: Option<Place>,
    /// What it tells about; of two with the same one the later makes the earlier one dispensable.
    pub entity: u64,
    /// Which version of its entity it tells, where that can be known.
    pub version: Option<Versioned>,
    /// The execution result's JSON, with extensions where it has a place, as far as it is the same for everyone.
    open: Bytes,
}

/// What a client is to be told.
#[derive(Debug)]
pub enum Entry {
    /// A result of one of its subscriptions.
    Next {
        /// Of which.
        tag: Tag,
        /// The result.
        delivery: Arc<Delivery>,
        /// How many older ones about the same entity it stands for, beside its own.
        skipped: u64,
    },
    /// A subscription is over.
    End {
        /// Which.
        tag: Tag,
        /// Why.
        ending: Ending,
    },
    /// Up to that place nothing else is of interest to a subscription.
    Progress {
        /// Which.
        tag: Tag,
        /// From where it can be resumed.
        place: Place,
    },
    /// A whole answer to a query or mutation.
    Answer {
        /// Of which operation.
        tag: Tag,
        /// Its JSON.
        body: Bytes,
    },
    /// Something else that a client is to be sent, ready to go.
    Frame(Bytes),
    /// Nothing, so that the client knows that somebody is there.
    KeepAlive,
}

/// Why a subscription is over.
#[derive(Clone, Debug)]
pub enum Ending {
    /// Nothing more will come.
    Complete,
    /// It can't go on. Errors that have `extensions.place` tell from where it can be resumed.
    Failed(Rejection),
}

/// How much may wait for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxLimits {
    /// `--max-waiting-results`
    pub results: usize,
    /// `--max-waiting-bytes`
    pub bytes: usize,
}

/// A queue with many writers and one reader.
#[derive(Debug)]
pub struct Mailbox {
    state: Mutex<State>,
    reader: AtomicWaker,
    /// Told when there is room again.
    room: Notify,
    limits: MailboxLimits,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Entry>,
    results: usize,
    bytes: usize,
    closed: bool,
}

/// What a snapshot is about, which no event is.
const SNAPSHOT: u64 = u64::MAX;

/// No room for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Delivery {
    /// A result: `open` is its JSON without the last brace.
    pub fn new(place: Option<Place>, entity: u64, mut open: Vec<u8>) -> Self {
        if let Some(place) = place {
            open.extend_from_slice(format!(",\"extensions\":{{\"place\":\"{place}\"").as_bytes());
        }
        Self { place, entity, version: None, open: open.into() }
    }

    /// The same, with the version that it tells.
    pub fn telling(self, version: Option<Versioned>) -> Self {
        Self { version, ..self }
    }

    /// The state at a place, from which events go on: a whole answer.
    pub fn snapshot(place: Place, answer: &[u8]) -> Self {
        let mut open = answer.strip_suffix(b"}").unwrap_or(answer).to_vec();
        // A subgraph may have laid it out in lines; within texts there are none.
        open.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        open.extend_from_slice(
            format!(",\"extensions\":{{\"snapshot\":true,\"place\":\"{place}\"").as_bytes(),
        );
        Self { place: Some(place), entity: SNAPSHOT, version: None, open: open.into() }
    }

    /// Appends the result's JSON.
    pub fn write(&self, skipped: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open);
        if self.place.is_some() {
            if skipped > 0 {
                out.extend_from_slice(b",\"skipped\":");
                out.extend_from_slice(skipped.to_string().as_bytes());
            }
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// About how many bytes that is.
    pub fn size(&self) -> usize {
        self.open.len() + 32
    }
}

impl Mailbox {
    /// An empty one.
    pub fn new(limits: MailboxLimits) -> Self {
        Self { state: Mutex::default(), reader: AtomicWaker::new(), room: Notify::new(), limits }
    }

    /// Adds a result. Where only the newest of an entity is of interest, it takes the place of an older one.
    ///
    /// # Errors
    /// Where too much waits already; nothing has changed then.
    pub fn give(&self, tag: Tag, delivery: Arc<Delivery>, slow: SlowConsumer) -> Result<(), Full> {
        let mut state = self.lock();
        if state.closed {
            return Ok(());
        }
        let mut skipped = 0;
        if slow == SlowConsumer::Latest
            && let Some(at) = state.queue.iter().position(|entry| entry.is_about(tag, delivery.entity))
            && let Some(Entry::Next { delivery: old, skipped: before, .. }) = state.queue.remove(at)
        {
            state.results -= 1;
            state.bytes -= old.size();
            skipped = before + 1;
        }
        // One always fits: a result that is larger than everything that may wait would never be told otherwise.
        let is_full = state.results >= self.limits.results
            || state.results > 0 && state.bytes + delivery.size() > self.limits.bytes;
        if is_full {
            return Err(Full);
        }
        state.results += 1;
        state.bytes += delivery.size();
        state.queue.push_back(Entry::Next { tag, delivery, skipped });
        drop(state);
        self.reader.wake();
        Ok(())
    }

    /// Adds what is no result: there is only so much of it as the client asks for.
    pub fn tell(&self, entry: Entry) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        if let Entry::Progress { tag, .. } = entry {
            // The newest one says it all.
            let same = |known: &Entry| matches!(known, Entry::Progress { tag: other, .. } if *other == tag);
            state.queue.retain(|known| !same(known));
        }
        state.queue.push_back(entry);
        drop(state);
        self.reader.wake();
    }

    /// Adds something that answers what the client sent. Whether there was room: a client that sends and never reads
    /// could fill the memory otherwise.
    pub fn reply(&self, frame: Bytes) -> bool {
        const MOST: usize = 64;
        let waiting = self.lock().queue.iter().filter(|entry| matches!(entry, Entry::Frame(_))).count();
        if waiting < MOST {
            self.tell(Entry::Frame(frame));
        }
        waiting < MOST
    }

    /// Forgets what waits of one subscription: its client wants no more of it.
    pub fn forget(&self, tag: Tag) {
        let mut state = self.lock();
        let State { queue, results, bytes, .. } = &mut *state;
        queue.retain(|entry| match entry {
            Entry::Next { tag: other, delivery, .. } if *other == tag => {
                *results -= 1;
                *bytes -= delivery.size();
                false
            }
            Entry::End { tag: other, .. }
            | Entry::Progress { tag: other, .. }
            | Entry::Answer { tag: other, .. } => *other != tag,
            _ => true,
        });
        drop(state);
        self.room.notify_waiters();
    }

    /// Nobody reads any more.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue = VecDeque::new();
        drop(state);
        self.room.notify_waiters();
    }

    /// The next entry, if one is there.
    pub fn take(&self) -> Option<Entry> {
        let mut state = self.lock();
        let entry = state.queue.pop_front()?;
        if let Entry::Next { delivery, .. } = &entry {
            state.results -= 1;
            state.bytes -= delivery.size();
        }
        let has_room = state.queue.len() <= self.limits.results / 2 || state.results == 0;
        if state.queue.is_empty() {
            // Most clients wait most of the time.
            state.queue = VecDeque::new();
        }
        drop(state);
        if has_room {
            self.room.notify_waiters();
        }
        Some(entry)
    }

    /// Waits for the next entry. Only one may wait.
    pub async fn next(&self) -> Entry {
        poll_fn(|context| {
            self.reader.register(context.waker());
            self.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Waits until at least half of the room is free, and enough for a result of that size, or nobody reads any more.
    pub async fn has_room(&self, size: usize) {
        loop {
            let told = self.room.notified();
            let free = {
                let state = self.lock();
                let half = state.queue.len() <= self.limits.results / 2;
                state.closed || state.results == 0 || half && state.bytes + size <= self.limits.bytes
            };
            if free {
                return;
            }
            told.await;
        }
    }

    /// Whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_about(&self, tag: Tag, entity: u64) -> bool {
        matches!(self, Self::Next { tag: of, delivery, .. } if *of == tag && delivery.entity == entity)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LIMITS: MailboxLimits = MailboxLimits { results: 4, bytes: 10_000 };

    fn delivery(sequence: u64, entity: u64, bytes: usize) -> Arc<Delivery> {
        let place = Place { created: 1, sequence };
        Arc::new(Delivery::new(Some(place), entity, vec![b'x'; bytes]))
    }

    /// The tags and sequences of what waits, with what was skipped.
    fn all(mailbox: &Mailbox) -> Vec<(Tag, u64, u64)> {
        let entries = std::iter::from_fn(|| mailbox.take());
        entries
            .map(|entry| match entry {
                Entry::Next { tag, delivery, skipped } => (tag, delivery.place.unwrap().sequence, skipped),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_result_says_its_place() {
        let json = |place, skipped| {
            let mut out = Vec::new();
            Delivery::new(place, 0, br#"{"data":{"a":1}"#.to_vec()).write(skipped, &mut out);
            serde_json::from_slice::<serde_json::Value>(&out).unwrap()
        };
        let place = Place { created: 1, sequence: 7 };
        let token = place.to_string();
        use serde_json::json as j;
        assert_eq!(json(None, 0), j!({"data": {"a": 1}}));
        assert_eq!(json(Some(place), 0), j!({"data": {"a": 1}, "extensions": {"place": token}}));
        assert_eq!(
            json(Some(place), 3),
            j!({"data": {"a": 1}, "extensions": {"place": token, "skipped": 3}})
        );
    }

    #[test]
    fn what_is_too_much_is_refused_and_changes_nothing() {
        let mailbox = Mailbox::new(LIMITS);
        for sequence in 1..=4 {
            mailbox.give(0, delivery(sequence, sequence, 10), SlowConsumer::All).unwrap();
        }
        assert_eq!(mailbox.give(0, delivery(5, 5, 10), SlowConsumer::All), Err(Full));
        assert_eq!(mailbox.give(0, delivery(5, 5, 10), SlowConsumer::Latest), Err(Full));
        assert_eq!(all(&mailbox), [(0, 1, 0), (0, 2, 0), (0, 3, 0), (0, 4, 0)]);
        mailbox.give(0, delivery(1, 1, 50_000), SlowConsumer::All).expect("one fits always");
        assert_eq!(mailbox.give(0, delivery(2, 2, 10), SlowConsumer::All), Err(Full));
        assert_eq!(all(&mailbox).len(), 1);
        mailbox.give(0, delivery(2, 2, 10), SlowConsumer::All).expect("its bytes are free again");
    }

    #[test]
    fn the_newest_of_an_entity_stands_for_the_others() {
        let mailbox = Mailbox::new(LIMITS);
        for (sequence, tag, entity) in
            [(1, 0, 7), (2, 0, 8), (3, 0, 7), (4, 1, 7), (5, 0, 7), (6, 0, 8), (7, 0, 7)]
        {
            mailbox.give(tag, delivery(sequence, entity, 10), SlowConsumer::Latest).unwrap();
        }
        assert_eq!(all(&mailbox), [(1, 4, 0), (0, 6, 1), (0, 7, 3)]);
    }

    #[test]
    fn who_reads_is_woken_and_who_writes_waits_for_room() {
        let mailbox = Mailbox::new(LIMITS);
        assert!(mailbox.next().now_or_never().is_none());
        for sequence in 1..=4 {
            mailbox.give(0, delivery(sequence, 0, 10), SlowConsumer::All).unwrap();
        }
        let mut room = Box::pin(mailbox.has_room(0));
        assert!(room.as_mut().now_or_never().is_none());
        assert!(mailbox.next().now_or_never().is_some() && room.as_mut().now_or_never().is_none());
        assert!(mailbox.next().now_or_never().is_some() && room.as_mut().now_or_never().is_some());
        mailbox.close();
        mailbox.give(0, delivery(9, 0, 10), SlowConsumer::All).unwrap();
        assert!(mailbox.take().is_none() && mailbox.is_closed());
    }

    /// Whoever waits for room would otherwise be told that there is some, again and again.
    #[test]
    fn room_is_room_for_what_is_to_be_given() {
        let mailbox = Mailbox::new(LIMITS);
        mailbox.give(0, delivery(1, 0, 4_000), SlowConsumer::All).unwrap();
        assert!(mailbox.has_room(5_000).now_or_never().is_some());
        assert!(mailbox.has_room(50_000).now_or_never().is_none());
        mailbox.forget(0);
        assert!(mailbox.has_room(50_000).now_or_never().is_some(), "one fits always");
    }

    #[test]
    fn a_snapshot_is_one_line() {
        let place = Place { created: 1, sequence: 1 };
        let mut json = Vec::new();
        Delivery::snapshot(place, b"{\r\n\"data\": {}\n}").write(0, &mut json);
        let text = String::from_utf8(json).unwrap();
        assert!(!text.contains(['\n', '\r']), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["extensions"]["snapshot"], true);
    }

    #[test]
    fn a_subscription_that_is_over_leaves_nothing() {
        let mailbox = Mailbox::new(LIMITS);
        for tag in [0, 1, 0] {
            mailbox.give(tag, delivery(1, 0, 10), SlowConsumer::All).unwrap();
        }
        let place = Place { created: 1, sequence: 1 };
        mailbox.tell(Entry::Progress { tag: 0, place });
        mailbox.tell(Entry::End { tag: 0, ending: Ending::Complete });
        mailbox.forget(0);
        assert_eq!(all(&mailbox), [(1, 1, 0)]);
    }

    #[test]
    fn of_progress_the_last_word_counts() {
        let mailbox = Mailbox::new(LIMITS);
        for (tag, sequence) in [(0, 1), (1, 1), (0, 2)] {
            mailbox.tell(Entry::Progress { tag, place: Place { created: 1, sequence } });
        }
        let told: Vec<_> = std::iter::from_fn(|| mailbox.take())
            .map(|entry| match entry {
                Entry::Progress { tag, place } => (tag, place.sequence),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [(1, 1), (0, 2)]);
    }
}
