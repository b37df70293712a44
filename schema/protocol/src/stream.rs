//! Section 4: what keeps a subscription together that a subgraph serves.
//!
//! A stream is a sequence of replies to one request, numbered without a gap. Core NATS delivers at most once, so the
//! number is what shows a loss; the requester's acknowledgements are what keeps a fast subgraph from running into the
//! limits of a slow gateway.

use std::time::Duration;

use async_nats::HeaderMap;

use crate::{NameError, Token, header};

/// A side that has nothing else to say says that it is there.
pub const PING_EVERY: Duration = Duration::from_secs(15);

/// Whoever hears nothing for so long ends the stream.
pub const SILENCE: Duration = Duration::from_secs(45);

/// The most messages that go unacknowledged.
pub const MAX_UNACKNOWLEDGED: u64 = 256;

/// The most bytes of payload that go unacknowledged, unless it is a single message.
pub const MAX_UNACKNOWLEDGED_BYTES: usize = 1 << 20;

const OPEN: &str = "open";
const NEXT: &str = "next";
const PING: &str = "ping";
const COMPLETE: &str = "complete";
const STOP: &str = "stop";

/// What a message of a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamKind {
    /// The first: where the subgraph hears about this stream.
    Open {
        /// The token under which it does.
        control: Token,
        /// The instance that does.
        instance: Token,
    },
    /// An execution result.
    Next,
    /// Nothing but a sign of life. It repeats the number of the message before.
    Ping,
    /// The last: there are no more results.
    Complete,
}

/// The headers of a stream's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    /// What it is.
    pub kind: StreamKind,
    /// Its number. The first message has 1.
    pub seq: u64,
}

/// Headers that are no stream's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A value of `Graphql-Stream` that doesn't exist.
    #[error("Graphql-Stream is {value:?}")]
    Kind {
        /// What was sent.
        value: String,
    },
    /// A missing or wrong number.
    #[error("{name} is {value:?}, not a number from 1")]
    Number {
        /// The header.
        name: &'static str,
        /// What was sent; empty where nothing was.
        value: String,
    },
    /// `open` without where to answer.
    #[error("open has no {name}")]
    Missing {
        /// The header that it lacks.
        name: &'static str,
    },
    /// A token that no subject can have.
    #[error(transparent)]
    Token(#[from] NameError),
    /// A message is missing, or came twice.
    #[error("message {found} came instead of {expected}")]
    Gap {
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
}

impl StreamHead {
    /// Reads a reply's headers; `None` is a reply that is no part of a stream.
    ///
    /// # Errors
    /// What in them is wrong.
    pub fn read(headers: Option<&HeaderMap>) -> Result<Option<Self>, StreamError> {
        let Some((headers, kind)) = stream_header(headers) else { return Ok(None) };
        let token = |name| {
            let value = header::get(headers, name).ok_or(StreamError::Missing { name })?;
            value.parse::<Token>().map_err(StreamError::from)
        };
        let kind = match kind {
            OPEN => StreamKind::Open { control: token(header::CONTROL)?, instance: token(header::INSTANCE)? },
            NEXT => StreamKind::Next,
            PING => StreamKind::Ping,
            COMPLETE => StreamKind::Complete,
            other => return Err(StreamError::Kind { value: other.to_owned() }),
        };
        Ok(Some(Self { kind, seq: number(headers, header::SEQ)? }))
    }

    /// As headers.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let kind = match &self.kind {
            StreamKind::Open { control, instance } => {
                headers.insert(header::CONTROL, control.as_str());
                headers.insert(header::INSTANCE, instance.as_str());
                OPEN
            }
            StreamKind::Next => NEXT,
            StreamKind::Ping => PING,
            StreamKind::Complete => COMPLETE,
        };
        headers.insert(header::STREAM, kind);
        headers.insert(header::SEQ, self.seq.to_string());
        headers
    }
}

/// What a gateway says about a stream, on the instance's control subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamControl {
    /// It is there, and has everything up to this number.
    Ping {
        /// The number of the last message that it has; 0 before the first.
        ack: u64,
    },
    /// It wants no more.
    Stop,
}

impl StreamControl {
    /// Reads a control message's headers; `None` is a message about something else.
    ///
    /// # Errors
    /// What in them is wrong.
    pub fn read(headers: Option<&HeaderMap>) -> Result<Option<Self>, StreamError> {
        let Some((headers, kind)) = stream_header(headers) else { return Ok(None) };
        match kind {
            PING => Ok(Some(Self::Ping { ack: number(headers, header::ACK)? })),
            STOP => Ok(Some(Self::Stop)),
            other => Err(StreamError::Kind { value: other.to_owned() }),
        }
    }

    /// As headers.
    #[must_use]
    pub fn headers(self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Self::Ping { ack } => {
                headers.insert(header::STREAM, PING);
                headers.insert(header::ACK, ack.to_string());
            }
            Self::Stop => headers.insert(header::STREAM, STOP),
        }
        headers
    }
}

/// Sees to it that nothing of a stream is missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sequence {
    last: u64,
}

impl Sequence {
    /// Takes a message's number.
    ///
    /// # Errors
    /// [`StreamError::Gap`] where it isn't the next one (a ping: the last one again).
    pub fn take(&mut self, head: &StreamHead) -> Result<(), StreamError> {
        let expected = self.last + u64::from(head.kind != StreamKind::Ping);
        if head.seq != expected {
            return Err(StreamError::Gap { expected, found: head.seq });
        }
        self.last = expected;
        Ok(())
    }

    /// The number of the last message that came.
    #[must_use]
    pub fn last(self) -> u64 {
        self.last
    }
}

/// How much a publisher may still send before it hears from the other side.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// What isn't acknowledged, as numbers and bytes.
    sent: std::collections::VecDeque<(u64, usize)>,
    bytes: usize,
}

impl Window {
    /// Whether a message of so many bytes may go out now.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        let fits = self.bytes + bytes <= MAX_UNACKNOWLEDGED_BYTES || self.sent.is_empty();
        (self.sent.len() as u64) < MAX_UNACKNOWLEDGED && fits
    }

    /// A message went out.
    pub fn sent(&mut self, seq: u64, bytes: usize) {
        self.sent.push_back((seq, bytes));
        self.bytes += bytes;
    }

    /// The other side has everything up to that number.
    pub fn acknowledged(&mut self, ack: u64) {
        while let Some((_, bytes)) = self.sent.pop_front_if(|(seq, _)| *seq <= ack) {
            self.bytes -= bytes;
        }
    }
}

fn stream_header(headers: Option<&HeaderMap>) -> Option<(&HeaderMap, &str)> {
    let headers = headers?;
    Some((headers, header::get(headers, header::STREAM)?))
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<u64, StreamError> {
    let value = header::get(headers, name).unwrap_or_default();
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    // Before the first message there is nothing to acknowledge; everything else counts from 1.
    let least = u64::from(name != header::ACK);
    let number = value.parse::<u64>().ok().filter(|&number| digits && number >= least);
    number.ok_or_else(|| StreamError::Number { name, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Result<Option<StreamHead>, StreamError> {
        let mut headers = HeaderMap::new();
        pairs.iter().for_each(|(name, value)| headers.insert(*name, *value));
        StreamHead::read(Some(&headers))
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(StreamHead::read(None), Ok(None));
        assert_eq!(read(&[(header::SEQ, "1")]), Ok(None), "a reply as any other");
        let kind = read(&[(header::STREAM, "end"), (header::SEQ, "1")]).unwrap_err();
        assert_eq!(kind.to_string(), "Graphql-Stream is \"end\"");
        for wrong in ["", "0", "-1", "+1", "1.0", "99999999999999999999"] {
            let error = read(&[(header::STREAM, "next"), (header::SEQ, wrong)]).unwrap_err();
            assert!(matches!(error, StreamError::Number { name: header::SEQ, .. }), "{wrong}");
        }
        let open = read(&[(header::STREAM, "open"), (header::SEQ, "1"), (header::CONTROL, "a")]);
        assert_eq!(open, Err(StreamError::Missing { name: header::INSTANCE }));
        let token =
            [(header::STREAM, "open"), (header::SEQ, "1"), (header::CONTROL, "a.b"), (header::INSTANCE, "i")];
        assert!(matches!(read(&token), Err(StreamError::Token(_))));
        assert_eq!(StreamControl::read(Some(&StreamControl::Stop.headers())), Ok(Some(StreamControl::Stop)));
    }

    fn kind() -> impl Strategy<Value = StreamKind> {
        let token = || "[A-Za-z0-9_-]{1,20}".prop_map(|text| text.parse::<Token>().unwrap());
        prop_oneof![
            (token(), token()).prop_map(|(control, instance)| StreamKind::Open { control, instance }),
            Just(StreamKind::Next),
            Just(StreamKind::Ping),
            Just(StreamKind::Complete),
        ]
    }

    proptest! {
        #[test]
        fn heads_survive(kind in kind(), seq in 1u64..) {
            let head = StreamHead { kind, seq };
            prop_assert_eq!(StreamHead::read(Some(&head.headers())), Ok(Some(head)));
        }

        #[test]
        fn acknowledgements_survive(ack: u64) {
            let control = StreamControl::Ping { ack };
            prop_assert_eq!(StreamControl::read(Some(&control.headers())), Ok(Some(control)));
        }

        #[test]
        fn whatever_is_lost_or_repeated_is_seen(kinds in proptest::collection::vec(kind(), 2..30), which: proptest::sample::Index, twice: bool) {
            let mut seq = 0;
            let mut heads: Vec<StreamHead> = Vec::new();
            for kind in kinds {
                seq += u64::from(kind != StreamKind::Ping);
                heads.push(StreamHead { kind, seq });
            }
            let take = |heads: &[StreamHead]| {
                let mut sequence = Sequence::default();
                heads.iter().try_for_each(|head| sequence.take(head))
            };
            prop_assert_eq!(take(&heads), Ok(()));
            let which = which.index(heads.len());
            let (lost, last) = (heads[which].clone(), which + 1 == heads.len());
            let is_ping = lost.kind == StreamKind::Ping;
            if twice { heads.insert(which, lost) } else { drop(heads.remove(which)) }
            // The last one's loss shows when something comes after it, or when nothing does.
            let shows = !is_ping && (twice || !last);
            prop_assert_eq!(take(&heads).is_err(), shows);
        }

        #[test]
        fn a_window_is_never_over_its_bounds(steps in proptest::collection::vec((0usize..600_000, 0u64..4), 1..600)) {
            let (mut window, mut seq, mut acknowledged) = (Window::default(), 0, 0);
            let mut open: std::collections::BTreeMap<u64, usize> = Default::default();
            for (bytes, acks) in steps {
                if window.has_room(bytes) {
                    seq += 1;
                    window.sent(seq, bytes);
                    open.insert(seq, bytes);
                } else {
                    acknowledged = (acknowledged + acks).min(seq);
                    window.acknowledged(acknowledged);
                    open.retain(|seq, _| *seq > acknowledged);
                }
                prop_assert!(open.len() as u64 <= MAX_UNACKNOWLEDGED);
                prop_assert!(open.len() <= 1 || open.values().sum::<usize>() <= MAX_UNACKNOWLEDGED_BYTES);
            }
            window.acknowledged(seq);
            prop_assert!(window.has_room(usize::MAX / 2), "a single message always goes");
        }
    }
}
