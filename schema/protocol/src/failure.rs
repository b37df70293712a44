//! What an endpoint answers when it has no execution result: the error headers of the NATS Services API.

use std::fmt;

use async_nats::HeaderMap;

use crate::header;

/// The codes of `Nats-Service-Error-Code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// 400: the request can't be read.
    Malformed,
    /// 408: the deadline had passed before the operation started.
    DeadlinePassed,
    /// 413: the request or its reply is too large.
    TooLarge,
    /// 429: the instance runs as many operations as it may.
    Busy,
    /// 500: the operation failed as a whole.
    Failed,
    /// 502: what the subgraph stands for failed.
    Upstream,
    /// A code that this protocol doesn't have.
    Other(u16),
}

impl FailureCode {
    /// The number on the wire.
    #[must_use]
    pub fn as_u16(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::DeadlinePassed => 408,
            Self::TooLarge => 413,
            Self::Busy => 429,
            Self::Failed => 500,
            Self::Upstream => 502,
            Self::Other(code) => code,
        }
    }

    /// Whether this code alone promises that nothing ran. [`Failure::not_executed`] also heeds `Graphql-Executed`.
    #[must_use]
    pub fn not_executed(self) -> bool {
        matches!(self, Self::Malformed | Self::DeadlinePassed | Self::TooLarge | Self::Busy)
    }
}

impl From<u16> for FailureCode {
    fn from(code: u16) -> Self {
        match code {
            400 => Self::Malformed,
            408 => Self::DeadlinePassed,
            413 => Self::TooLarge,
            429 => Self::Busy,
            500 => Self::Failed,
            502 => Self::Upstream,
            code => Self::Other(code),
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u16().fmt(f)
    }
}

/// A failure reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {message}")]
pub struct Failure {
    /// What kind of failure.
    pub code: FailureCode,
    /// What happened, for logs: a client doesn't see it.
    pub message: String,
    /// The operation ran although the code would promise otherwise (a reply that is too large).
    pub executed: bool,
}

impl Failure {
    /// A failure of an operation that, for the codes that promise it, did not run.
    #[must_use]
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), executed: false }
    }

    /// The same failure of an operation that did run.
    #[must_use]
    pub fn after_execution(mut self) -> Self {
        self.executed = true;
        self
    }

    /// Whether nothing ran, so that the operation may be sent once more as far as its code allows it.
    #[must_use]
    pub fn not_executed(&self) -> bool {
        self.code.not_executed() && !self.executed
    }

    /// Reads a reply's headers; `None` is a reply that is no failure. A code that is no number counts as 500, since
    /// nothing is known of it.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let code = header::get(headers, header::ERROR_CODE);
        let message = header::get(headers, header::ERROR);
        if code.is_none() && message.is_none() {
            return None;
        }
        Some(Self {
            code: code.and_then(|code| code.trim().parse().ok()).map_or(FailureCode::Failed, u16::into),
            message: message.unwrap_or("no text given").to_owned(),
            executed: headers.get(header::EXECUTED).is_some(),
        })
    }

    /// Writes the failure into a reply's headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::ERROR_CODE, self.code.to_string());
        headers.insert(header::ERROR, header::ascii(&self.message));
        if self.executed {
            headers.insert(header::EXECUTED, "true");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_marked_codes_promise_that_nothing_ran() {
        let promise = |code: u16| FailureCode::from(code).not_executed();
        assert!([400, 408, 413, 429].into_iter().all(promise));
        assert!(![500, 502, 404, 503, 0].into_iter().any(promise));
    }

    #[test]
    fn a_reply_too_large_did_run() {
        let failure = Failure::new(FailureCode::TooLarge, "reply").after_execution();
        let mut headers = HeaderMap::new();
        failure.write(&mut headers);
        let read = Failure::from_headers(&headers).unwrap();
        assert!(!read.not_executed());
        assert_eq!(read, failure);
    }

    #[test]
    fn a_reply_without_the_headers_is_no_failure() {
        assert_eq!(Failure::from_headers(&HeaderMap::new()), None);
    }

    #[test]
    fn a_code_that_is_no_number_promises_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ERROR_CODE, "many");
        assert_eq!(Failure::from_headers(&headers).unwrap().code, FailureCode::Failed);
    }

    proptest! {
        #[test]
        fn failures_survive(code in any::<u16>(), message in "[ -~]*", executed in any::<bool>()) {
            let failure = Failure { code: code.into(), message, executed };
            let mut headers = HeaderMap::new();
            failure.write(&mut headers);
            prop_assert_eq!(failure.code.as_u16(), code);
            prop_assert_eq!(Failure::from_headers(&headers), Some(failure));
        }
    }
}
