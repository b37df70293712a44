//! Publishes what the outbox has, for as long as it runs.

use std::future::Future;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{DirectGetError, Stream};
use async_nats::jetstream::{self, Context};
use futures_util::future::join_all;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tributary_protocol::SubgraphName;

use super::bell::Bell;
use super::queue::{Pending, Turns};
use super::stream::{self, StreamError};
use super::{Difference, Outbox, StreamSettings};

/// How long JetStream may take to say that it has an event.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a stop waits until everything is published. What isn't is published by others, or after the next start.
const LAST_ROUNDS: Duration = Duration::from_secs(5);

/// Publishes a subgraph's events. Run one in every instance: they share the work, and each entity's events keep their order.
pub struct Relay {
    subgraph: SubgraphName,
    pool: PgPool,
    jetstream: Context,
    settings: StreamSettings,
    poll: Duration,
}

/// Why nothing can be published now.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("the outbox can't be read: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{subject} can't be published: {source}")]
    Publish { subject: String, source: PublishError },
    #[error(
        "the last message on {subject} can't be read, and without that an old event might be published twice: {source}"
    )]
    Last { subject: String, source: DirectGetError },
}

impl Relay {
    /// A relay from that outbox in that database to that server's JetStream.
    #[must_use]
    pub fn new(outbox: &Outbox, pool: PgPool, client: Client) -> Self {
        let mut jetstream = jetstream::new(client);
        jetstream.set_timeout(ACK_TIMEOUT);
        let subgraph = outbox.subgraph.clone();
        Self { subgraph, pool, jetstream, settings: StreamSettings::default(), poll: Duration::from_secs(5) }
    }

    /// How the stream should be.
    #[must_use]
    pub fn stream(mut self, settings: StreamSettings) -> Self {
        self.settings = settings;
        self
    }

    /// How often the outbox is looked at although nobody says that there is something in it (5 s).
    #[must_use]
    pub fn poll(mut self, every: Duration) -> Self {
        self.poll = every;
        self
    }

    /// Publishes for as long as `service` runs, then what that left behind.
    pub async fn beside<F: Future>(self, service: F) -> F::Output {
        let (stop, stopped) = oneshot::channel::<()>();
        let service = async {
            let output = service.await;
            drop(stop);
            output
        };
        tokio::join!(service, self.run(async { drop(stopped.await) })).0
    }

    /// Publishes until `shutdown` is ready, then what is left, if that can be done soon. What fails is logged and tried again.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut work = Work::new(&self);
        let mut bell = Bell::new(self.pool.clone(), self.poll);
        let mut pause = FIRST_PAUSE;
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let Round { published, failure } = work.round().await;
            if published > 0 || failure.is_none() {
                pause = FIRST_PAUSE;
            }
            let wait = async {
                if let Some(error) = failure {
                    tracing::warn!(subgraph = %self.subgraph, %error, again_in = ?pause, "events wait");
                    sleep(pause).await;
                } else if published == 0 {
                    bell.rung().await;
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = wait => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
        let rest = async { while work.round().await.published > 0 {} };
        if timeout(LAST_ROUNDS, rest).await.is_err() {
            tracing::warn!(subgraph = %self.subgraph, "stopped before all events were published");
        }
    }
}

/// What came of one round.
#[derive(Debug, Default)]
struct Round {
    /// How many events JetStream took.
    published: usize,
    /// Why it didn't take all of them.
    failure: Option<RelayError>,
}

/// What a relay knows while it runs.
struct Work<'a> {
    relay: &'a Relay,
    turns: Turns,
    /// `None`: it has to be looked at, again if need be.
    stream: Option<Stream>,
    /// What was said about it.
    differences: Vec<Difference>,
}

impl<'a> Work<'a> {
    fn new(relay: &'a Relay) -> Self {
        Self { relay, turns: Turns::default(), stream: None, differences: Vec::new() }
    }

    /// Publishes the oldest event of some entities.
    async fn round(&mut self) -> Round {
        self.try_round().await.unwrap_or_else(|error| Round { published: 0, failure: Some(error) })
    }

    async fn try_round(&mut self) -> Result<Round, RelayError> {
        let stream = match &self.stream {
            Some(stream) => stream,
            None => {
                let opened = self.open().await?;
                self.stream.insert(opened)
            }
        };
        let taken = self.turns.take(&self.relay.pool).await?;
        if taken.events.is_empty() {
            return Ok(Round::default());
        }
        let outcomes = join_all(taken.events.iter().map(|event| self.relay.publish(stream, event))).await;
        let published: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
        taken.published(&published).await?;
        let failure = outcomes.into_iter().find_map(Result::err);
        if failure.is_some() {
            // It may be gone, or made anew.
            self.stream = None;
        }
        Ok(Round { published: published.iter().filter(|published| **published).count(), failure })
    }

    async fn open(&mut self) -> Result<Stream, StreamError> {
        let (stream, differences) = self.relay.settings.open(&self.relay.jetstream).await?;
        if differences != self.differences {
            let list = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            tracing::warn!(
                stream = self.relay.settings.name,
                differences = list,
                "the stream of events isn't as configured, and is left so"
            );
            self.differences = differences;
        }
        Ok(stream)
    }
}

impl Relay {
    /// Returns when JetStream has the event.
    async fn publish(&self, stream: &Stream, event: &Pending) -> Result<(), RelayError> {
        let id = format!("{}.{}", self.subgraph, event.id);
        let subject = || event.subject.clone();
        // It may have been published so long ago that JetStream forgot. Then it is the last one on its subject: nothing of its
        // entity was published since.
        if event.age >= stream.cached_info().config.duplicate_window / 2 {
            let last = stream::last_id(stream, &event.subject).await;
            if last.map_err(|source| RelayError::Last { subject: subject(), source })?.as_ref() == Some(&id) {
                return Ok(());
            }
        }
        let message = PublishMessage::build()
            .payload(event.payload.clone().into())
            .message_id(&id)
            .expected_stream(&self.settings.name);
        let failed = |source| RelayError::Publish { subject: subject(), source };
        let ack = self.jetstream.send_publish(event.subject.clone(), message).await.map_err(failed)?;
        ack.await.map_err(failed)?;
        Ok(())
    }
}
