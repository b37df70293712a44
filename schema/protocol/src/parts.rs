//! Payloads over `max_payload`: cut into parts that the server carries, put together again on the other side.
//!
//! Core NATS may lose a message but never reorders those of one publisher, so a part that isn't the next one means a
//! loss or a fault, and is an error at once: nobody waits for what can't come.

use std::fmt;
use std::str::FromStr;

use async_nats::HeaderMap;
use bytes::{Bytes, BytesMut};

use crate::header;

/// The most that one part takes with its headers, whatever the server allows: large messages hold up small ones.
pub const MAX_PART: usize = 512 * 1024;

/// The most that all parts together take, unless a setting says otherwise.
pub const DEFAULT_MAX_TOTAL: usize = 16 * 1024 * 1024;

/// How long the next part may take.
pub const PART_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Why a payload can't be cut or put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// More than the limit for all parts together.
    #[error("{size} bytes are over the limit of {limit} bytes for a payload in parts")]
    TooLarge {
        /// How many bytes, as far as they were seen.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The headers leave no room for a payload.
    #[error("headers of {size} bytes leave no room for a payload in a part of {limit} bytes")]
    Headers {
        /// The headers' bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// `Graphql-Part` isn't `<n>/<total>`.
    #[error("{value:?} isn't the number of a part")]
    Number {
        /// What was sent.
        value: String,
    },
    /// A part is missing, repeated or out of order.
    #[error("part {found} came instead of part {expected}")]
    Sequence {
        /// The part that had to come.
        expected: PartNumber,
        /// The part that came.
        found: PartNumber,
    },
    /// A part without payload: a peer could send those without end.
    #[error("part {0} is empty")]
    Empty(PartNumber),
}

/// The value of `Graphql-Part`: this part's number, from 1, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartNumber {
    n: usize,
    total: usize,
}

impl PartNumber {
    /// Reads a message's `Graphql-Part`; `None` is a message that is no part.
    ///
    /// # Errors
    /// When the header isn't `<n>/<total>`.
    pub fn from_headers(headers: Option<&HeaderMap>) -> Result<Option<Self>, PartsError> {
        headers.and_then(|headers| header::get(headers, header::PART)).map(str::parse).transpose()
    }

    /// Whether this is the first part.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.n == 1
    }

    /// Whether this is the last part.
    #[must_use]
    pub fn is_last(self) -> bool {
        self.n == self.total
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.n, self.total)
    }
}

impl FromStr for PartNumber {
    type Err = PartsError;

    fn from_str(value: &str) -> Result<Self, PartsError> {
        let bad = || PartsError::Number { value: value.to_owned() };
        let number = |digits: &str| {
            let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<usize>().ok().filter(|_| plain).ok_or_else(bad)
        };
        let (n, total) = value.split_once('/').ok_or_else(bad)?;
        let (n, total) = (number(n)?, number(total)?);
        if n > total { Err(bad()) } else { Ok(Self { n, total }) }
    }
}

/// One message of a payload in parts.
#[derive(Debug, Clone)]
pub struct Part {
    /// `Graphql-Part`, and on the first part the whole payload's headers.
    pub headers: HeaderMap,
    /// Raw bytes: a part may end within a character.
    pub payload: Bytes,
}

/// What one message may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The server's `max_payload`, which counts headers too.
    pub max_payload: usize,
    /// All parts together.
    pub max_total: usize,
}

impl Limits {
    /// The default total with this server.
    #[must_use]
    pub fn new(max_payload: usize) -> Self {
        Self { max_payload, max_total: DEFAULT_MAX_TOTAL }
    }

    /// Whether headers and payload go in one message.
    #[must_use]
    pub fn fit_one(self, headers: &HeaderMap, payload: &[u8]) -> bool {
        header::wire_size(headers) + payload.len() <= self.max_payload
    }

    fn part(self) -> usize {
        self.max_payload.min(MAX_PART)
    }
}

/// The bytes of the longest `Graphql-Part` line that a payload within `usize` can need.
const PART_LINE: usize = header::PART.len() + ": ".len() + 2 * 20 + "/".len() + "\r\n".len();

/// The bytes of a header block beside its lines.
const HEADER_BLOCK: usize = "NATS/1.0\r\n".len() + "\r\n".len();

/// Cuts a payload into parts. The first carries `headers`; all are cut from one buffer without copying.
///
/// # Errors
/// When the payload is over the total limit, or the headers fill a message.
pub fn split(headers: HeaderMap, payload: Bytes, limits: Limits) -> Result<Vec<Part>, PartsError> {
    if payload.len() > limits.max_total {
        return Err(PartsError::TooLarge { size: payload.len(), limit: limits.max_total });
    }
    let head = header::wire_size(&headers).max(HEADER_BLOCK) + PART_LINE;
    let room = |headers: usize| {
        let room = limits.part().saturating_sub(headers);
        if room == 0 { Err(PartsError::Headers { size: headers, limit: limits.part() }) } else { Ok(room) }
    };
    let (first, other) = (room(head)?, room(HEADER_BLOCK + PART_LINE)?);
    let total = 1 + payload.len().saturating_sub(first).div_ceil(other);
    Ok(cut(headers, payload, first, other, total))
}

fn cut(headers: HeaderMap, mut rest: Bytes, first: usize, other: usize, total: usize) -> Vec<Part> {
    let mut headers = Some(headers);
    let number = |n| PartNumber { n, total };
    (1..=total)
        .map(|n| {
            let size = if n == 1 { first } else { other };
            let mut headers = headers.take().unwrap_or_default();
            headers.insert(header::PART, number(n).to_string());
            Part { headers, payload: rest.split_to(size.min(rest.len())) }
        })
        .collect()
}

/// Puts one payload's parts together.
#[derive(Debug)]
pub struct Assembler {
    expected: PartNumber,
    max_total: usize,
    bytes: BytesMut,
}

/// What a part made of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembled {
    /// More parts have to come.
    Pending,
    /// That was the last one.
    Complete(Bytes),
}

impl Assembler {
    /// Begins with the first part, which says how many there are.
    ///
    /// # Errors
    /// When it isn't the first one, is empty though others follow, or promises more than the limit.
    pub fn start(
        number: PartNumber,
        payload: &[u8],
        max_total: usize,
    ) -> Result<(Self, Assembled), PartsError> {
        let expected = PartNumber { n: 1, total: number.total };
        let mut assembler = Self { expected, max_total, bytes: BytesMut::new() };
        // Every part has at least one byte, so a number of parts over the limit can't come to a good end.
        if number.total > max_total.max(1) {
            return Err(PartsError::TooLarge { size: number.total, limit: max_total });
        }
        let assembled = assembler.push(number, payload)?;
        Ok((assembler, assembled))
    }

    /// Adds the next part.
    ///
    /// # Errors
    /// When it isn't the next one, is empty, or leads over the limit. The payload is lost then.
    pub fn push(&mut self, number: PartNumber, payload: &[u8]) -> Result<Assembled, PartsError> {
        if number != self.expected {
            return Err(PartsError::Sequence { expected: self.expected, found: number });
        }
        if payload.is_empty() && number.total > 1 {
            return Err(PartsError::Empty(number));
        }
        let size = self.bytes.len() + payload.len();
        if size > self.max_total {
            return Err(PartsError::TooLarge { size, limit: self.max_total });
        }
        self.bytes.extend_from_slice(payload);
        // After the last part the expected number is one that no peer can write, so anything further is an error.
        self.expected.n += 1;
        if number.is_last() {
            Ok(Assembled::Complete(self.bytes.split().freeze()))
        } else {
            Ok(Assembled::Pending)
        }
    }
}

#[cfg(test)]
mod tests;
