//! Streams of JetStream, and push consumers that tell when something is missing.
//!
//! async-nats's own ordered consumer makes itself anew without a word, also where the stream was made anew.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, Context, ErrorCode, stream};
use async_nats::{HeaderMap, Message, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;

use super::link::{Link, LinkState};

/// JetStream removes a consumer that nobody listens to after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// Why a stream can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// There is none of that name.
    #[error("there is no such stream")]
    Missing,
    /// JetStream doesn't answer, or refuses.
    #[error("{0}")]
    Unavailable(String),
}

/// Which messages a consumer reads.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// Of which stream.
    pub stream: &'a str,
    /// From where on.
    pub policy: DeliverPolicy,
    /// On which subjects.
    pub subjects: String,
    /// How often it says that there is nothing to say.
    pub heartbeat: Duration,
    /// After so long a silence it is gone.
    pub silence: Duration,
}

/// Messages of a stream in order, without gaps. Nothing is acknowledged; dropping it removes it.
pub struct Consumer {
    messages: Subscriber,
    /// How many there were to read when it was made.
    pending: u64,
    /// How many came.
    delivered: u64,
    silence: Duration,
    name: String,
    stream: String,
    jetstream: Context,
    link: Link,
    state: watch::Receiver<LinkState>,
    connects: u64,
}

/// What a consumer told.
#[derive(Debug)]
pub enum Heard {
    /// The next message.
    Message {
        /// Its number in the stream.
        sequence: u64,
        /// How many more there are at this moment.
        pending: u64,
        /// What it says.
        message: Message,
    },
    /// Everything that is there has come.
    Nothing,
}

/// The consumer is gone, or something of it got lost: it has to be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// A stream's state and definition.
///
/// # Errors
/// Where it isn't there, or nobody answers.
pub async fn stream_info(jetstream: &Context, name: &str) -> Result<stream::Info, StreamFault> {
    let stream = jetstream.get_stream(name).await.map_err(|error| match error.kind() {
        GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
            StreamFault::Missing
        }
        _ => unavailable(error),
    })?;
    Ok(stream.cached_info().clone())
}

impl Consumer {
    /// Makes a consumer.
    ///
    /// # Errors
    /// Where JetStream doesn't let it.
    pub async fn create(
        link: &Link,
        jetstream: &Context,
        selection: Selection<'_>,
    ) -> Result<Self, StreamFault> {
        let Selection { stream, policy, subjects, heartbeat, silence } = selection;
        let state = link.state();
        let connects = state.borrow().connects;
        let inbox = link.client().new_inbox();
        // Subscribed first, so that the first message finds somebody.
        let messages = link.client().subscribe(inbox.clone()).await.map_err(unavailable)?;
        let config = push::Config {
            name: Some(format!("{}-{:016x}", link.gateway(), rand::random::<u64>())),
            deliver_subject: inbox,
            deliver_policy: policy,
            ack_policy: AckPolicy::None,
            filter_subject: subjects,
            flow_control: true,
            idle_heartbeat: heartbeat,
            inactive_threshold: FORGOTTEN_AFTER,
            max_deliver: 1,
            num_replicas: 1,
            memory_storage: true,
            ..push::Config::default()
        };
        let consumer = jetstream.create_consumer_on_stream(config, stream).await.map_err(unavailable)?;
        let info = consumer.cached_info();
        Ok(Self {
            messages,
            // What the server had sent already when it answered counts as well.
            pending: info.num_pending + info.delivered.consumer_sequence,
            delivered: 0,
            silence,
            name: info.name.clone(),
            stream: stream.to_owned(),
            jetstream: jetstream.clone(),
            link: link.clone(),
            state,
            connects,
        })
    }

    /// How many there were to read when it was made.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Whether everything came that was there when it was made.
    pub fn has_caught_up(&self) -> bool {
        self.delivered >= self.pending
    }

    /// Whether everything that JetStream has for it now has come.
    ///
    /// # Errors
    /// Where nobody answers.
    pub async fn has_everything(&self) -> Result<bool, StreamFault> {
        let stream = self.jetstream.get_stream_no_info(&self.stream).await.map_err(unavailable)?;
        let info = stream.consumer_info(&self.name).await.map_err(unavailable)?;
        Ok(info.num_pending == 0 && info.delivered.consumer_sequence == self.delivered)
    }

    /// What it tells next. Safe to drop while it waits.
    ///
    /// # Errors
    /// Where it has to be made again, after the last message that came.
    pub async fn next(&mut self) -> Result<Heard, Broken> {
        loop {
            let message = tokio::select! {
                biased;
                message = timeout(self.silence, self.messages.next()) => message,
                _ = self.state.wait_for(|state| state.connects != self.connects) => return Err(Broken),
            };
            let Ok(Some(message)) = message else { return Err(Broken) };
            match message.status {
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    if self.heartbeat(message).await? {
                        return Ok(Heard::Nothing);
                    }
                }
                Some(_) => return Err(Broken),
                None => {
                    if let Some(heard) = self.message(message)? {
                        return Ok(heard);
                    }
                }
            }
        }
    }

    /// A heartbeat, or the question whether it all arrived; returns whether it says that nothing is left.
    async fn heartbeat(&self, message: Message) -> Result<bool, Broken> {
        let stalled = header(&message.headers, "Nats-Consumer-Stalled").map(Subject::from);
        if let Some(reply) = message.reply.or(stalled) {
            self.link.client().publish(reply, Bytes::new()).await.map_err(|_| Broken)?;
            return Ok(false);
        }
        let last = header(&message.headers, "Nats-Last-Consumer").and_then(|last| last.parse::<u64>().ok());
        match last {
            Some(last) if last > self.delivered => Err(Broken),
            last => Ok(last == Some(self.delivered)),
        }
    }

    fn message(&mut self, message: Message) -> Result<Option<Heard>, Broken> {
        let message = jetstream::Message { message, context: self.jetstream.clone() };
        // Somebody else may write into the inbox.
        let Ok(info) = message.info() else { return Ok(None) };
        if info.consumer_sequence != self.delivered + 1 {
            return Err(Broken);
        }
        self.delivered = info.consumer_sequence;
        let (sequence, pending) = (info.stream_sequence, info.pending);
        Ok(Some(Heard::Message { sequence, pending, message: message.message }))
    }
}

/// A header's text.
pub fn header<'h>(headers: &'h Option<HeaderMap>, name: &str) -> Option<&'h str> {
    headers.as_ref()?.get(name).map(|value| value.as_str())
}

fn unavailable(error: impl std::fmt::Display) -> StreamFault {
    StreamFault::Unavailable(error.to_string())
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let (name, stream) = (std::mem::take(&mut self.name), std::mem::take(&mut self.stream));
        let jetstream = self.jetstream.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // If it doesn't work, JetStream finds out by itself that nobody listens.
            runtime.spawn(async move { drop(jetstream.delete_consumer_from_stream(&name, &stream).await) });
        }
    }
}
