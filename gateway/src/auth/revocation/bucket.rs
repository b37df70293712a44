//! The bucket of revoked sessions: a consumer of its own that tells everything that is in it, then what comes.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{HeaderMap, Message, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;
use tributary_protocol::revocation;

use crate::transport::{Link, LinkState};

/// How often a consumer that has nothing to say says so: how old what is known gets while all is well.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After so long a silence a consumer is gone.
const SILENCE: Duration = Duration::from_secs(4);
/// JetStream removes a consumer that nobody listens to after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);
/// JetStream answers from memory.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why the bucket can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BucketError {
    #[error("there is no bucket {0} (--revoked-bucket): auth makes it when it starts")]
    Missing(String),
    #[error("JetStream doesn't let it be read: {0}")]
    Unavailable(String),
    #[error("its consumer is gone")]
    Broken,
}

/// What a consumer told.
#[derive(Debug)]
pub(super) enum Told {
    /// A session was revoked; `last`: nothing more was there then.
    Entry { key: Option<String>, last: bool },
    /// Everything that is there was told.
    Nothing,
}

/// What the bucket has, then what comes.
pub(super) struct Entries {
    messages: Subscriber,
    /// How many came.
    delivered: u64,
    /// Whether there was nothing when it was made.
    pub(super) empty: bool,
    /// How long an entry is kept; `None`: for ever.
    pub(super) keep: Option<Duration>,
    consumer: String,
    bucket: String,
    jetstream: Context,
    link: Link,
    state: watch::Receiver<LinkState>,
    connects: u64,
}

impl Entries {
    /// Reads a bucket from its beginning.
    pub(super) async fn read(link: &Link, bucket: &str) -> Result<Self, BucketError> {
        let mut jetstream = jetstream::new(link.client().clone());
        jetstream.set_timeout(TIMEOUT);
        let state = link.state();
        let connects = state.borrow().connects;
        let keep = keep(&jetstream, bucket).await?;
        let inbox = link.client().new_inbox();
        // Subscribed first, so that the first message finds somebody.
        let messages = link.client().subscribe(inbox.clone()).await.map_err(unavailable)?;
        let name = format!("{}-{:016x}", link.gateway(), rand::random::<u64>());
        let config = definition(name, inbox, bucket);
        let stream = revocation::stream(bucket);
        let consumer = jetstream.create_consumer_on_stream(config, &stream).await.map_err(unavailable)?;
        let info = consumer.cached_info();
        Ok(Self {
            messages,
            delivered: 0,
            // What the server had sent already when it answered counts as well.
            empty: info.num_pending + info.delivered.consumer_sequence == 0,
            keep,
            consumer: info.name.clone(),
            bucket: bucket.to_owned(),
            jetstream,
            link: link.clone(),
            state,
            connects,
        })
    }

    /// What is told next.
    ///
    /// # Errors
    /// Where it has to be read again from its beginning.
    pub(super) async fn next(&mut self) -> Result<Told, BucketError> {
        loop {
            let message = tokio::select! {
                biased;
                message = timeout(SILENCE, self.messages.next()) => message,
                _ = self.state.wait_for(|state| state.connects != self.connects) => return Err(BucketError::Broken),
            };
            let Ok(Some(message)) = message else { return Err(BucketError::Broken) };
            match message.status {
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    if self.heartbeat(message).await? {
                        return Ok(Told::Nothing);
                    }
                }
                Some(_) => return Err(BucketError::Broken),
                None => {
                    if let Some(told) = self.entry(message)? {
                        return Ok(told);
                    }
                }
            }
        }
    }

    /// A heartbeat, or the question whether it all arrived; returns whether it says that nothing is left.
    async fn heartbeat(&self, message: Message) -> Result<bool, BucketError> {
        let stalled = header(&message.headers, "Nats-Consumer-Stalled").map(Subject::from);
        if let Some(reply) = message.reply.or(stalled) {
            self.link.client().publish(reply, Bytes::new()).await.map_err(unavailable)?;
            return Ok(false);
        }
        let last = header(&message.headers, "Nats-Last-Consumer").and_then(|last| last.parse::<u64>().ok());
        match last {
            Some(last) if last > self.delivered => Err(BucketError::Broken),
            last => Ok(last == Some(self.delivered)),
        }
    }

    fn entry(&mut self, message: Message) -> Result<Option<Told>, BucketError> {
        let key = revocation::key_of(&self.bucket, &message.subject).map(str::to_owned);
        let message = jetstream::Message { message, context: self.jetstream.clone() };
        // Somebody else may write into the inbox.
        let Ok(info) = message.info() else { return Ok(None) };
        if info.consumer_sequence != self.delivered + 1 {
            return Err(BucketError::Broken);
        }
        self.delivered += 1;
        // Who deletes an entry doesn't take it back.
        let deleted = header(&message.message.headers, "KV-Operation").is_some();
        Ok(Some(Told::Entry { key: key.filter(|_| !deleted), last: info.pending == 0 }))
    }
}

fn definition(name: String, inbox: String, bucket: &str) -> push::Config {
    push::Config {
        name: Some(name),
        deliver_subject: inbox,
        deliver_policy: DeliverPolicy::LastPerSubject,
        ack_policy: AckPolicy::None,
        filter_subject: revocation::subjects(bucket),
        flow_control: true,
        idle_heartbeat: HEARTBEAT,
        inactive_threshold: FORGOTTEN_AFTER,
        max_deliver: 1,
        num_replicas: 1,
        memory_storage: true,
        ..push::Config::default()
    }
}

/// How long the bucket keeps its entries.
async fn keep(jetstream: &Context, bucket: &str) -> Result<Option<Duration>, BucketError> {
    let stream =
        jetstream.get_stream(revocation::stream(bucket)).await.map_err(|error| match error.kind() {
            GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                BucketError::Missing(bucket.to_owned())
            }
            _ => unavailable(error),
        })?;
    let keep = stream.cached_info().config.max_age;
    Ok((!keep.is_zero()).then_some(keep))
}

fn unavailable(error: impl std::fmt::Display) -> BucketError {
    BucketError::Unavailable(error.to_string())
}

fn header<'h>(headers: &'h Option<HeaderMap>, name: &str) -> Option<&'h str> {
    headers.as_ref()?.get(name).map(|value| value.as_str())
}

impl Drop for Entries {
    fn drop(&mut self) {
        let (jetstream, name) = (self.jetstream.clone(), std::mem::take(&mut self.consumer));
        let stream = revocation::stream(&self.bucket);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // If it doesn't work, JetStream finds out by itself that nobody listens.
            runtime.spawn(async move { drop(jetstream.delete_consumer_from_stream(&name, &stream).await) });
        }
    }
}
