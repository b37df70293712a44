//! Events of one pattern: read once from the stream, kept for a while, given to whoever means them.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::handled::{EventId, Handled};
use super::stream::{Broken, EventStream, Gap, RawEvent, StreamError, StreamState};
use super::topic::Topic;
use super::{Payload, PayloadError, Place, Router, Wanted};
use crate::telemetry::Metrics;

/// An event, read.
#[derive(Debug)]
pub struct Event {
    /// Its number in the stream.
    pub sequence: u64,
    /// When its stream was made.
    pub created: i64,
    /// Its subject.
    pub subject: String,
    /// What its publisher calls it.
    pub id: Option<EventId>,
    /// What it says.
    pub payload: Result<Payload, PayloadError>,
}

impl Event {
    /// Reads what came from a stream that was made then.
    pub(super) fn read(raw: RawEvent, created: i64) -> Self {
        let RawEvent { sequence, subject, id, payload } = raw;
        Self { sequence, created, payload: Payload::read(&payload), subject, id }
    }

    /// Its place.
    pub fn place(&self) -> Place {
        Place { created: self.created, sequence: self.sequence }
    }

    /// What it tells about: `events.<subgraph>.<Type>.<id>` of its subject.
    pub fn entity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.subject.split('.').take(4).for_each(|token| token.hash(&mut hasher));
        hasher.finish()
    }

    fn size(&self) -> usize {
        // A tree takes about that much more than its text.
        self.subject.len() + self.payload.as_ref().map_or(0, |payload| payload.fields.len() * 64) + 256
    }
}

/// Tells the topics of a feed apart.
pub type TopicId = u64;

/// How a feed stands with its stream.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It hasn't read anything yet.
    Starting,
    /// It reads.
    Reading,
    /// It can't right now, and tries again.
    Failing(StreamError),
}

/// One consumer, and everyone who means what it reads.
pub struct Feed {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    pattern: String,
    stream: EventStream,
    metrics: Arc<Metrics>,
    /// How often it is found out how far the stream has come on other subjects.
    progress: Duration,
    state: Mutex<State>,
    standing: watch::Sender<Standing>,
}

struct State {
    router: Router<TopicId>,
    topics: HashMap<TopicId, Weak<Topic>>,
    next: TopicId,
    /// When the stream was made.
    created: i64,
    /// Up to this event everything on the pattern was given out.
    last: u64,
    /// Up to where those who get nothing were told.
    told: u64,
    handled: Handled,
    /// The newest events, all of them after `floor`.
    recent: VecDeque<Arc<Event>>,
    recent_bytes: usize,
    floor: u64,
}

/// Events that are kept for those who were away for a moment.
const RECENT: usize = 1024;
/// And the memory for them.
const RECENT_BYTES: usize = 4 << 20;
/// Between attempts to read a stream that can't be read.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

impl Feed {
    /// Starts to read what is published on a pattern from now on.
    pub fn start(
        pattern: String,
        stream: EventStream,
        metrics: Arc<Metrics>,
        progress: Duration,
    ) -> Arc<Self> {
        let state = State {
            router: Router::default(),
            topics: HashMap::new(),
            next: 0,
            created: 0,
            last: 0,
            told: 0,
            handled: Handled::default(),
            recent: VecDeque::new(),
            recent_bytes: 0,
            floor: 0,
        };
        let standing = watch::Sender::new(Standing::Starting);
        let shared =
            Arc::new(Shared { pattern, stream, metrics, progress, state: Mutex::new(state), standing });
        let task = tokio::spawn(run(shared.clone())).abort_handle();
        Arc::new(Self { shared, task })
    }

    /// What it reads.
    pub fn pattern(&self) -> &str {
        &self.shared.pattern
    }

    /// Waits until it reads.
    ///
    /// # Errors
    /// Why it can't.
    pub async fn reads(&self) -> Result<(), StreamError> {
        let mut standing = self.shared.standing.subscribe();
        let settled = standing.wait_for(|standing| !matches!(standing, Standing::Starting)).await;
        match settled.as_deref() {
            Ok(Standing::Failing(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// From now on events that are `wanted` are for that topic.
    pub fn attach(&self, topic: &Weak<Topic>, wanted: &Wanted) -> TopicId {
        let mut state = self.shared.lock();
        let id = state.next;
        state.next += 1;
        state.router.insert(id, wanted);
        state.topics.insert(id, topic.clone());
        id
    }

    /// No event is for that topic any more.
    pub fn detach(&self, id: TopicId) {
        let mut state = self.shared.lock();
        state.router.remove(&id);
        state.topics.remove(&id);
    }

    /// Whether everything after a place is at hand.
    pub fn has(&self, place: Place) -> bool {
        let state = self.shared.lock();
        place.created == state.created && (state.floor..=state.last).contains(&place.sequence)
    }

    /// The place after everything that was given out.
    pub fn place(&self) -> Place {
        self.join(|place| place)
    }

    /// Calls `join` with the place after everything that was given out, while nothing is.
    pub fn join<T>(&self, join: impl FnOnce(Place) -> T) -> T {
        let state = self.shared.lock();
        join(Place { created: state.created, sequence: state.last })
    }

    /// Calls `join` with the events after a place, and the place after them, while none is given out. `None`: it was
    /// too long ago, and they have to be read from the stream.
    pub fn join_after<T>(&self, after: Place, join: impl FnOnce(Vec<Arc<Event>>, Place) -> T) -> Option<T> {
        let state = self.shared.lock();
        if after.created != state.created || after.sequence < state.floor {
            return None;
        }
        let from = state.recent.partition_point(|event| event.sequence <= after.sequence);
        let missed = state.recent.range(from..).cloned().collect();
        let last = Place { created: state.created, sequence: state.last.max(after.sequence) };
        Some(join(missed, last))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to that place everything on the pattern has been given out: those who get nothing learn how far they are,
    /// so that what the stream forgets meanwhile is no gap to them.
    fn progress(&self, end: Option<u64>) {
        let (topics, place) = {
            let mut state = self.lock();
            // Events of others on the pattern count, too.
            state.last = state.last.max(end.unwrap_or_default());
            let sequence = state.last;
            if std::mem::replace(&mut state.told, sequence) == sequence {
                return;
            }
            let topics: Vec<Arc<Topic>> = state.topics.values().filter_map(Weak::upgrade).collect();
            (topics, Place { created: state.created, sequence })
        };
        topics.iter().for_each(|topic| topic.progress(place));
    }

    /// Whether the stream goes on from where this feed is; for the first time it begins at the stream's end.
    fn go_on(&self, found: StreamState) -> Result<u64, Gap> {
        let mut state = self.lock();
        if state.created == 0 {
            (state.created, state.last, state.floor) = (found.created, found.last, found.last);
            return Ok(found.last);
        }
        found.check(Place { created: state.created, sequence: state.last })?;
        Ok(state.last)
    }

    /// What is between the last event and the next is lost: everyone is told, and it begins anew.
    fn gap(&self, found: StreamState, gap: Gap) {
        let topics: Vec<Arc<Topic>> = {
            let mut state = self.lock();
            (state.created, state.last, state.floor) = (found.created, found.last, found.last);
            state.recent.clear();
            state.recent_bytes = 0;
            state.topics.values().filter_map(Weak::upgrade).collect()
        };
        self.metrics.event_gaps.inc();
        tracing::warn!(pattern = self.pattern, %gap, subscriptions = topics.len(), "events were lost");
        topics.iter().for_each(|topic| topic.lost(gap));
    }

    fn give_out(&self, raw: RawEvent) {
        // Topics that nobody needs any more end outside of the lock that they take then.
        let mut meant: Vec<Arc<Topic>> = Vec::new();
        self.metrics.events.inc();
        // Nobody else changes that, and reading takes its time.
        let created = self.lock().created;
        let event = Arc::new(Event::read(raw, created));
        let mut state = self.lock();
        state.last = event.sequence;
        if !state.handled.is_new(event.id) {
            tracing::debug!(event.subject, event.sequence, "an event was published again");
            return;
        }
        state.keep(event.clone());
        let State { router, topics, .. } = &*state;
        router.find(&event.subject, |id| meant.extend(topics.get(id).and_then(Weak::upgrade)));
        meant.iter().for_each(|topic| topic.offer(&event));
        drop(state);
    }
}

impl State {
    fn keep(&mut self, event: Arc<Event>) {
        self.recent_bytes += event.size();
        self.recent.push_back(event);
        while self.recent.len() > RECENT || self.recent_bytes > RECENT_BYTES {
            let Some(oldest) = self.recent.pop_front() else { return };
            self.recent_bytes -= oldest.size();
            self.floor = oldest.sequence;
        }
    }
}

async fn run(shared: Arc<Shared>) {
    let mut pause = PAUSE_MIN;
    loop {
        match read(&shared).await {
            Ok(Broken) => pause = PAUSE_MIN,
            Err(error) => {
                tracing::warn!(pattern = shared.pattern, %error, "events can't be read; trying again");
                shared.standing.send_replace(Standing::Failing(error));
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Reads until the consumer breaks.
async fn read(shared: &Shared) -> Result<Broken, StreamError> {
    let link = shared.stream.link();
    if !link.is_up() {
        // What was told of it stays: those who come while it is away are refused for that.
        let mut state = link.state();
        shared.standing.send_replace(Standing::Failing(StreamError::Unavailable("NATS is away".into())));
        drop(state.wait_for(|state| state.down_since.is_none()).await);
    }
    let found = shared.stream.state().await?;
    let after = match shared.go_on(found) {
        Ok(after) => after,
        Err(gap) => {
            shared.gap(found, gap);
            found.last
        }
    };
    let mut events = shared.stream.read(&shared.pattern, after).await?;
    // A stream that was made anew in between would have begun at its beginning, or anywhere.
    if shared.stream.state().await?.created != found.created {
        return Ok(Broken);
    }
    shared.standing.send_replace(Standing::Reading);
    let mut looking = tokio::time::interval_at(Instant::now() + shared.progress, shared.progress);
    looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            biased;
            event = events.next() => event,
            _ = looking.tick() => {
                let end = events.end().await?;
                shared.progress(end);
                continue;
            }
        };
        match event {
            Ok(event) => shared.give_out(event),
            Err(broken) => {
                tracing::debug!(pattern = shared.pattern, "a consumer broke; it is made again");
                return Ok(broken);
            }
        }
    }
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("pattern", &self.shared.pattern).finish_non_exhaustive()
    }
}
