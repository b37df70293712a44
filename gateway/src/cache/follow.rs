//! Tells the cache of every event, and stops it from being read while that isn't so.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use super::EntityCache;
use crate::{
    registry::Live,
    subscription::{EventStream, Gap, Patience, Place, StreamError, StreamState},
};

/// Every event there is: an answer may depend on any.
const PATTERN: &str = "events.>";
/// How often the stream says that there is nothing to say, and after how long a silence nothing is read any more: as
/// long as that an entry may be older than its event where a connection dies without a word.
const PATIENCE: Patience = Patience { heartbeat: Duration::from_secs(1), silence: Duration::from_secs(4) };
/// Between attempts to read a stream that can't be read.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What ends a time in which every event was told.
enum Interrupted {
    /// NATS is away, or the consumer broke.
    Broken,
    /// No subgraph lets anything be kept any more.
    Needless,
}

/// Follows the stream whenever a subgraph of the live graph lets anything be kept, for as long as it is polled.
pub async fn follow(
    cache: Arc<EntityCache>,
    stream: EventStream,
    live: watch::Receiver<Option<Arc<Live>>>,
) -> Infallible {
    let mut follower = Follower { cache, stream, live, place: None, told: None };
    let mut pause = PAUSE_MIN;
    loop {
        follower.is_needed(true).await;
        match follower.read().await {
            Ok(Interrupted::Broken) => pause = PAUSE_MIN,
            Ok(Interrupted::Needless) => {
                // What is told meanwhile isn't heard.
                follower.place = None;
                follower.cache.forget();
            }
            Err(error) => {
                follower.tell(error);
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

struct Follower {
    cache: Arc<EntityCache>,
    stream: EventStream,
    live: watch::Receiver<Option<Arc<Live>>>,
    /// Everything up to here was told.
    place: Option<Place>,
    /// What was logged last.
    told: Option<StreamError>,
}

impl Follower {
    /// Resolves when it is needed, or when it no longer is.
    async fn is_needed(&mut self, needed: bool) {
        let has_hints =
            |live: &Option<Arc<Live>>| live.as_ref().is_some_and(|live| live.supergraph.has_cache_hints());
        if self.live.wait_for(|live| has_hints(live) == needed).await.is_err() {
            // Nothing will be live any more.
            std::future::pending::<()>().await;
        }
    }

    /// Reads until something interrupts it; the cache is read only meanwhile.
    async fn read(&mut self) -> Result<Interrupted, StreamError> {
        let outcome = self.read_on().await;
        self.cache.pause();
        outcome
    }

    async fn read_on(&mut self) -> Result<Interrupted, StreamError> {
        let link = self.stream.link().clone();
        let mut state = link.state();
        drop(state.wait_for(|state| state.down_since.is_none()).await);
        let found = self.stream.state().await?;
        let place = self.go_on(found);
        let mut events = self.stream.read_with(PATTERN, place.sequence, PATIENCE).await?;
        // A stream that was made anew in between would have begun at its beginning, or anywhere.
        if self.stream.state().await?.created != found.created {
            return Ok(Interrupted::Broken);
        }
        loop {
            // What was there when it began to read may concern what is kept.
            if events.has_caught_up() {
                self.in_step();
            }
            let event = tokio::select! {
                biased;
                _ = state.wait_for(|state| state.down_since.is_some()) => return Ok(Interrupted::Broken),
                event = events.next() => event,
                () = self.is_needed(false) => return Ok(Interrupted::Needless),
            };
            let Ok(event) = event else { return Ok(Interrupted::Broken) };
            self.cache.changed(&event.subject);
            self.place = Some(Place { created: found.created, sequence: event.sequence });
        }
    }

    /// The place to go on from: the last one, or the stream's end where nothing was read yet or events are lost.
    fn go_on(&mut self, found: StreamState) -> Place {
        let checked = self.place.map(|place| found.check(place).map(|()| place));
        match checked {
            Some(Ok(place)) => return place,
            Some(Err(gap)) => self.gap(gap),
            None => {}
        }
        *self.place.insert(found.end())
    }

    fn gap(&self, gap: Gap) {
        tracing::warn!(code = "CACHE_FORGOTTEN", %gap, "events were lost: everything that was kept is forgotten");
        self.cache.forget();
    }

    fn in_step(&mut self) {
        if self.told.take().is_some() {
            tracing::info!("events are read again; answers are kept");
        }
        self.cache.begin();
    }

    fn tell(&mut self, error: StreamError) {
        if self.told.as_ref() != Some(&error) {
            tracing::warn!(code = "CACHE_WITHOUT_EVENTS", %error,
                "answers aren't kept while events can't be read, unless --cache-without-events is set");
            self.told = Some(error);
        }
    }
}
