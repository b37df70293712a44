//! Tells gateways which sessions ended: what MongoDB knows is written into a bucket that every gateway watches.
//!
//! A session has ended when MongoDB has it so, whatever becomes of the rest. The bucket follows: at once where NATS
//! answers, else as soon as it does. Each instance tells what any of them ended, so an entry may be written twice,
//! which says the same. What is in the bucket isn't believed to stay there: after each start, each new connection,
//! and when the bucket was made anew, its keys are compared with MongoDB.

mod bucket;

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tributary_protocol::revocation;

use crate::error::Error;
use crate::store::{Ended, Sessions};
pub use bucket::{Bucket, BucketError, Difference, RevokedSettings};

/// How long JetStream may take to say that it has an entry.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// How often MongoDB is asked for what others ended, such as `auth create-admin`.
const POLL: Duration = Duration::from_millis(500);
/// How often the bucket is looked at, which somebody may have deleted.
const LOOK: Duration = Duration::from_secs(1);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Entries that are written at once.
const AT_ONCE: usize = 256;
/// How long a stop waits until everything is told. What isn't is told by other instances, or after the next start.
const LAST_ROUND: Duration = Duration::from_secs(5);

/// Writes the sessions that end into the bucket. Run one in every instance.
pub struct Revoked {
    sessions: Sessions,
    client: Client,
    jetstream: Context,
    settings: RevokedSettings,
}

/// Why gateways can't be told now.
#[derive(Debug, thiserror::Error)]
enum RevokedError {
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("the sessions can't be read: {0}")]
    Sessions(#[from] Error),
    #[error("the entry of {session} can't be written: {source}")]
    Write { session: String, source: PublishError },
}

/// What is known of the bucket.
#[derive(Debug, Clone, Copy)]
struct Seen {
    created: i128,
    connects: u64,
    at: Instant,
}

/// What is known while it runs.
struct Work<'a> {
    revoked: &'a Revoked,
    /// `None`: it has to be looked at, and compared with MongoDB.
    seen: Option<Seen>,
    /// What was said about it.
    differences: Vec<Difference>,
}

impl Revoked {
    /// Tells the bucket on that server of those sessions.
    #[must_use]
    pub fn new(sessions: Sessions, client: Client, settings: RevokedSettings) -> Self {
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ACK_TIMEOUT);
        Self { sessions, client, jetstream, settings }
    }

    /// Tells for as long as `service` runs, then what that left behind.
    pub async fn beside<F: Future>(self, service: F) -> F::Output {
        let (stop, stopped) = oneshot::channel::<()>();
        let service = async {
            let output = service.await;
            drop(stop);
            output
        };
        tokio::join!(service, self.run(async { drop(stopped.await) })).0
    }

    /// Tells until `shutdown` is ready, then what is left, if that can be done soon. What fails is logged and tried again.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut work = Work { revoked: &self, seen: None, differences: Vec::new() };
        let mut pause = FIRST_PAUSE;
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let outcome = work.round().await;
            let wait = async {
                match outcome {
                    Ok(()) => {
                        pause = FIRST_PAUSE;
                        drop(timeout(POLL, self.sessions.some_ended()).await);
                    }
                    Err(error) => {
                        tracing::warn!(bucket = self.settings.bucket, %error, again_in = ?pause,
                            "gateways can't be told which sessions ended; they still take the access tokens of these");
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = wait => {}
            }
        }
        if !matches!(timeout(LAST_ROUND, work.round()).await, Ok(Ok(()))) {
            tracing::warn!("stopped before gateways were told of all sessions that ended");
        }
    }
}

impl Work<'_> {
    /// Tells everything that wasn't told.
    async fn round(&mut self) -> Result<(), RevokedError> {
        let outcome = self.try_round().await;
        if outcome.is_err() {
            // It may be gone, or made anew.
            self.seen = None;
        }
        outcome
    }

    async fn try_round(&mut self) -> Result<(), RevokedError> {
        let sessions = &self.revoked.sessions;
        // Tokens of sessions that ended before have expired.
        let keep = TimeDelta::from_std(self.revoked.settings.keep).unwrap_or(TimeDelta::MAX);
        let horizon = Utc::now().checked_sub_signed(keep).unwrap_or(DateTime::<Utc>::MIN_UTC);
        self.look(horizon).await?;
        loop {
            let untold = sessions.untold(horizon, AT_ONCE as i64).await?;
            self.tell(&untold).await?;
            if untold.len() < AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Makes sure that the bucket is there, and that it has what it should where it may have lost it.
    async fn look(&mut self, horizon: DateTime<Utc>) -> Result<(), RevokedError> {
        let connects = self.revoked.client.statistics().connects.load(Ordering::Relaxed);
        let known = self.seen.filter(|seen| seen.connects == connects);
        if known.is_some_and(|seen| seen.at.elapsed() < LOOK) {
            return Ok(());
        }
        let at = Instant::now();
        let bucket = self.revoked.settings.open(&self.revoked.jetstream).await?;
        if known.is_none_or(|seen| seen.created != bucket.created) {
            self.report(&bucket.differences);
            self.compare(&bucket, horizon).await?;
        }
        self.seen = Some(Seen { created: bucket.created, connects, at });
        Ok(())
    }

    /// Writes what MongoDB knows and the bucket lacks.
    async fn compare(&self, bucket: &Bucket, horizon: DateTime<Utc>) -> Result<(), RevokedError> {
        let sessions = &self.revoked.sessions;
        sessions.need_not_be_told(horizon).await?;
        let keys = bucket.keys().await?;
        let mut missing = sessions.ended_after(horizon).await?;
        missing.retain(|ended| revocation::key(&ended.id).is_some_and(|key| !keys.contains(&key)));
        for some in missing.chunks(AT_ONCE) {
            self.tell(some).await?;
        }
        Ok(())
    }

    /// Returns when the bucket has all of them.
    async fn tell(&self, ended: &[Ended]) -> Result<(), RevokedError> {
        if ended.is_empty() {
            return Ok(());
        }
        let outcomes = join_all(ended.iter().map(|ended| self.revoked.write(ended))).await;
        let written = ended.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        self.revoked.sessions.told(written.map(|(ended, _)| ended.id.as_str()).collect()).await?;
        outcomes.into_iter().collect()
    }

    fn report(&mut self, differences: &[Difference]) {
        if differences != self.differences {
            let list = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            let bucket = &self.revoked.settings.bucket;
            tracing::warn!(
                bucket,
                differences = list,
                "the bucket of revoked sessions isn't as configured, and is left so"
            );
            self.differences = differences.to_vec();
        }
    }
}

impl Revoked {
    /// Returns when JetStream has the entry. What it says is for people; gateways go by its key.
    async fn write(&self, ended: &Ended) -> Result<(), RevokedError> {
        let bucket = &self.settings.bucket;
        let Some(key) = revocation::key(&ended.id) else { return Ok(()) };
        let message = PublishMessage::build()
            .payload(ended.at.to_rfc3339_opts(SecondsFormat::Secs, true).into())
            .expected_stream(revocation::stream(bucket));
        let failed = |source| RevokedError::Write { session: ended.id.clone(), source };
        let subject = revocation::subject(bucket, &key);
        self.jetstream.send_publish(subject, message).await.map_err(failed)?.await.map_err(failed)?;
        Ok(())
    }
}
