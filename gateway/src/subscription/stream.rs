//! The stream of events, as far as the gateway reads it: its state, and consumers that miss nothing.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::jetstream::{self, Context};
use async_nats::{HeaderMap, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Place;
use crate::transport::{Link, LinkState};

/// The stream in which events are kept.
#[derive(Clone)]
pub struct EventStream {
    link: Link,
    jetstream: Context,
    name: String,
}

/// What a stream has at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// When it was made, in nanoseconds since 1970.
    pub created: i64,
    /// The number of its first event, or of the next one if it has none.
    pub first: u64,
    /// The number of its last event; 0 before the first.
    pub last: u64,
}

/// Why a stream can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// There is none of that name.
    #[error("there is no stream {0} in JetStream, in which events are kept")]
    Missing(String),
    /// JetStream doesn't answer, or refuses.
    #[error("the stream of events can't be read: {0}")]
    Unavailable(String),
}

/// Why a place can't be gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// It is a place in a stream that was deleted since.
    #[error("the stream was made anew since")]
    OtherStream,
    /// Events after it are gone.
    #[error("events after it aren't kept any more")]
    Forgotten,
    /// The stream hasn't come so far.
    #[error("it lies beyond the stream's end")]
    Beyond,
}

impl StreamState {
    /// The place after all that is there.
    pub fn end(&self) -> Place {
        Place { created: self.created, sequence: self.last }
    }

    /// Whether everything after a place is still there.
    ///
    /// JetStream itself doesn't tell: it begins at the nearest event that it has.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, place: Place) -> Result<(), Gap> {
        if place.created != self.created {
            Err(Gap::OtherStream)
        } else if place.sequence > self.last {
            Err(Gap::Beyond)
        } else if place.sequence + 1 < self.first {
            Err(Gap::Forgotten)
        } else {
            Ok(())
        }
    }
}

/// How often a consumer that has nothing to say says so.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// After so long a silence a consumer is gone.
const SILENCE: Duration = Duration::from_secs(16);
/// JetStream removes a consumer that nobody listens to after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

impl EventStream {
    /// The stream of that name.
    pub fn new(link: Link, name: impl Into<String>) -> Self {
        let mut jetstream = jetstream::new(link.client().clone());
        jetstream.set_timeout(Duration::from_secs(5));
        Self { link, jetstream, name: name.into() }
    }

    /// The connection below.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Its state now.
    ///
    /// # Errors
    /// Where it isn't there, or nobody answers.
    pub async fn state(&self) -> Result<StreamState, StreamError> {
        let stream = self.jetstream.get_stream(&self.name).await.map_err(|error| {
            use async_nats::jetstream::ErrorCode;
            use async_nats::jetstream::context::GetStreamErrorKind as Kind;
            match error.kind() {
                Kind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    StreamError::Missing(self.name.clone())
                }
                _ => StreamError::Unavailable(error.to_string()),
            }
        })?;
        let info = stream.cached_info();
        let created = info.created.unix_timestamp_nanos();
        Ok(StreamState {
            created: i64::try_from(created).unwrap_or(i64::MAX),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
        })
    }

    /// Reads the events on a pattern that come after `after`, in order.
    ///
    /// # Errors
    /// Where JetStream doesn't let it.
    pub async fn read(&self, pattern: &str, after: u64) -> Result<Events, StreamError> {
        let unavailable = |error: &dyn std::fmt::Display| StreamError::Unavailable(error.to_string());
        let client = self.link.client();
        let inbox = client.new_inbox();
        let state = self.link.state();
        let connects = state.borrow().connects;
        // Subscribed first, so that the first message finds somebody.
        let messages = client.subscribe(inbox.clone()).await.map_err(|error| unavailable(&error))?;
        let config = push::Config {
            name: Some(format!("{}-{:016x}", self.link.gateway(), rand::random::<u64>())),
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            ack_policy: AckPolicy::None,
            filter_subject: pattern.to_owned(),
            flow_control: true,
            idle_heartbeat: HEARTBEAT,
            inactive_threshold: FORGOTTEN_AFTER,
            max_deliver: 1,
            num_replicas: 1,
            memory_storage: true,
            ..push::Config::default()
        };
        let consumer = self.jetstream.create_consumer_on_stream(config, &*self.name).await;
        let consumer = consumer.map_err(|error| unavailable(&error))?;
        let info = consumer.cached_info();
        Ok(Events {
            messages,
            // What the server had sent already when it answered counts as well.
            pending: info.num_pending + info.delivered.consumer_sequence,
            delivered: 0,
            name: info.name.clone(),
            stream: self.clone(),
            state,
            connects,
        })
    }
}

/// An event as it lies in the stream.
#[derive(Debug)]
pub struct RawEvent {
    /// Its number.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub payload: Bytes,
}

/// The consumer is gone, or something of it got lost: it has to be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// Events in order, without gaps.
pub struct Events {
    messages: Subscriber,
    /// How many there were to read when it was made.
    pending: u64,
    /// How many came.
    delivered: u64,
    name: String,
    stream: EventStream,
    state: watch::Receiver<LinkState>,
    connects: u64,
}

impl Events {
    /// Whether everything came that was there when the consumer was made.
    pub fn has_caught_up(&self) -> bool {
        self.delivered >= self.pending
    }

    /// How many there were to read when it was made.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// The number of the stream's last event, if everything on the pattern up to it has come.
    ///
    /// # Errors
    /// Where nobody answers.
    pub async fn end(&self) -> Result<Option<u64>, StreamError> {
        // In this order: what is published in between is pending then.
        let last = self.stream.state().await?.last;
        let stream = self.stream.jetstream.get_stream_no_info(&self.stream.name).await;
        let unavailable = |error: &dyn std::fmt::Display| StreamError::Unavailable(error.to_string());
        let stream = stream.map_err(|error| unavailable(&error))?;
        let info = stream.consumer_info(&self.name).await.map_err(|error| unavailable(&error))?;
        let is_there = info.num_pending == 0 && info.delivered.consumer_sequence == self.delivered;
        Ok(is_there.then_some(last))
    }

    /// The next event. Safe to drop while it waits.
    ///
    /// # Errors
    /// Where it has to be made again, from the last event that came.
    pub async fn next(&mut self) -> Result<RawEvent, Broken> {
        loop {
            let message = tokio::select! {
                biased;
                message = timeout(SILENCE, self.messages.next()) => message,
                _ = self.state.wait_for(|state| state.connects != self.connects) => return Err(Broken),
            };
            let Ok(Some(message)) = message else { return Err(Broken) };
            match message.status {
                // A heartbeat, or the question whether it all arrived.
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    let stalled = header(&message.headers, "Nats-Consumer-Stalled").map(Subject::from);
                    if let Some(reply) = message.reply.or(stalled) {
                        let client = self.stream.link.client();
                        client.publish(reply, Bytes::new()).await.map_err(|_| Broken)?;
                    } else if self.missed(&message.headers) {
                        return Err(Broken);
                    }
                }
                Some(_) => return Err(Broken),
                None => {
                    let message = jetstream::Message { message, context: self.stream.jetstream.clone() };
                    let (sequence, number) = match message.info() {
                        Ok(info) => (info.stream_sequence, info.consumer_sequence),
                        // Somebody else writes into the inbox.
                        Err(_) => continue,
                    };
                    if number != self.delivered + 1 {
                        return Err(Broken);
                    }
                    self.delivered = number;
                    let message = message.message;
                    return Ok(RawEvent {
                        sequence,
                        subject: message.subject.into_string(),
                        payload: message.payload,
                    });
                }
            }
        }
    }

    /// Whether a heartbeat tells of events that didn't come.
    fn missed(&self, headers: &Option<HeaderMap>) -> bool {
        let last = header(headers, "Nats-Last-Consumer").and_then(|last| last.parse::<u64>().ok());
        last.is_some_and(|last| last > self.delivered)
    }
}

fn header<'h>(headers: &'h Option<HeaderMap>, name: &str) -> Option<&'h str> {
    headers.as_ref()?.get(name).map(|value| value.as_str())
}

impl Drop for Events {
    fn drop(&mut self) {
        let (jetstream, name) = (self.stream.jetstream.clone(), std::mem::take(&mut self.name));
        let stream = self.stream.name.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // If it doesn't work, JetStream finds out by itself that nobody listens.
            runtime.spawn(async move { drop(jetstream.delete_consumer_from_stream(&name, &stream).await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_good_as_long_as_nothing_after_it_is_gone() {
        let state = StreamState { created: 5, first: 10, last: 20 };
        for (created, sequence, expected) in [
            (5, 20, Ok(())),
            (5, 10, Ok(())),
            (5, 9, Ok(())),
            (5, 8, Err(Gap::Forgotten)),
            (5, 0, Err(Gap::Forgotten)),
            (5, 21, Err(Gap::Beyond)),
            (6, 15, Err(Gap::OtherStream)),
        ] {
            assert_eq!(state.check(Place { created, sequence }), expected, "{sequence} of {created}");
        }
        let empty = StreamState { created: 5, first: 1, last: 0 };
        assert_eq!(empty.check(Place { created: 5, sequence: 0 }), Ok(()));
        let purged = StreamState { created: 5, first: 21, last: 20 };
        assert_eq!(purged.check(Place { created: 5, sequence: 20 }), Ok(()));
        assert_eq!(purged.check(Place { created: 5, sequence: 19 }), Err(Gap::Forgotten));
    }
}
