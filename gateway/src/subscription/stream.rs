//! The stream of events, as far as the gateway reads it: its state, and consumers that miss nothing.

use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::{self, Context};
use bytes::Bytes;

use super::Place;
use super::handled::EventId;
pub use crate::transport::Broken;
use crate::transport::{Consumer, Heard, Link, Selection, StreamFault, header, stream_info};

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

/// What publishers call a message, so that JetStream knows one that comes again.
const MESSAGE_ID: &str = "Nats-Msg-Id";
/// How a consumer shows that it is there.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often one that has nothing to say says so.
    pub heartbeat: Duration,
    /// After so long a silence it is gone.
    pub silence: Duration,
}

/// Of those who tell clients, who can wait.
const PATIENCE: Patience = Patience { heartbeat: Duration::from_secs(5), silence: Duration::from_secs(16) };

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
        let info = stream_info(&self.jetstream, &self.name).await.map_err(|fault| self.fault(fault))?;
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
        self.read_with(pattern, after, PATIENCE).await
    }

    /// The same for somebody with another patience.
    ///
    /// # Errors
    /// Where JetStream doesn't let it.
    pub async fn read_with(
        &self,
        pattern: &str,
        after: u64,
        patience: Patience,
    ) -> Result<Events, StreamError> {
        let selection = Selection {
            stream: &self.name,
            policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            subjects: pattern.to_owned(),
            heartbeat: patience.heartbeat,
            silence: patience.silence,
        };
        let consumer = Consumer::create(&self.link, &self.jetstream, selection).await;
        Ok(Events { consumer: consumer.map_err(|fault| self.fault(fault))?, stream: self.clone() })
    }

    fn fault(&self, fault: StreamFault) -> StreamError {
        match fault {
            StreamFault::Missing => StreamError::Missing(self.name.clone()),
            StreamFault::Unavailable(why) => StreamError::Unavailable(why),
        }
    }
}

/// An event as it lies in the stream.
#[derive(Debug)]
pub struct RawEvent {
    /// Its number.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// What its publisher calls it: `Nats-Msg-Id`.
    pub id: Option<EventId>,
    /// What it says.
    pub payload: Bytes,
}

/// Events in order, without gaps.
pub struct Events {
    consumer: Consumer,
    stream: EventStream,
}

impl Events {
    /// Whether everything came that was there when the consumer was made.
    pub fn has_caught_up(&self) -> bool {
        self.consumer.has_caught_up()
    }

    /// How many there were to read when it was made.
    pub fn pending(&self) -> u64 {
        self.consumer.pending()
    }

    /// The number of the stream's last event, if everything on the pattern up to it has come.
    ///
    /// # Errors
    /// Where nobody answers.
    pub async fn end(&self) -> Result<Option<u64>, StreamError> {
        // In this order: what is published in between is pending then.
        let last = self.stream.state().await?.last;
        let is_there = self.consumer.has_everything().await.map_err(|fault| self.stream.fault(fault))?;
        Ok(is_there.then_some(last))
    }

    /// The next event. Safe to drop while it waits.
    ///
    /// # Errors
    /// Where it has to be made again, from the last event that came.
    pub async fn next(&mut self) -> Result<RawEvent, Broken> {
        loop {
            if let Heard::Message { sequence, message, .. } = self.consumer.next().await? {
                let id = header(&message.headers, MESSAGE_ID).map(EventId::of);
                let (subject, payload) = (message.subject.into_string(), message.payload);
                return Ok(RawEvent { sequence, subject, id, payload });
            }
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
