//! What a request says beside its GraphQL body.

use std::time::Duration;

use async_nats::HeaderMap;

use crate::{Identity, IdentityError, header};

/// The client behind a request, as the gateway saw it. Never taken from headers that a client sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The address.
    pub address: Option<String>,
    /// The user agent. What isn't printable ASCII became `?`.
    pub agent: Option<String>,
}

/// The protocol's headers of a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestHead {
    /// What is left of the deadline, counted from receipt.
    pub timeout: Option<Duration>,
    /// Who asks; `None` is anonymous.
    pub identity: Option<Identity>,
    /// The client behind the gateway.
    pub client: ClientInfo,
    /// What makes a repeated mutation recognisable.
    pub idempotency_key: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// W3C trace context, the vendors' part.
    pub tracestate: Option<String>,
    /// Whether the requester takes a reply in parts.
    pub accepts_parts: bool,
}

/// Why a request's headers can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// `Graphql-Timeout-Ms` is no number of milliseconds.
    #[error("{name} is no number of milliseconds: {value:?}", name = header::TIMEOUT_MS)]
    Timeout {
        /// What was sent.
        value: String,
    },
    /// `Graphql-Identity` can't be read. The request isn't answered as anonymous then: it was somebody's.
    #[error("{name}: {0}", name = header::IDENTITY)]
    Identity(#[from] IdentityError),
}

impl RequestHead {
    /// Reads a request's headers.
    ///
    /// # Errors
    /// When a header of the protocol is malformed; unknown headers are ignored.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, HeadError> {
        let text = |name| header::get(headers, name).map(str::to_owned);
        Ok(Self {
            timeout: header::get(headers, header::TIMEOUT_MS).map(parse_timeout).transpose()?,
            identity: header::get(headers, header::IDENTITY).map(Identity::decode).transpose()?,
            client: ClientInfo { address: text(header::CLIENT_ADDRESS), agent: text(header::CLIENT_AGENT) },
            idempotency_key: text(header::IDEMPOTENCY_KEY),
            traceparent: text(header::TRACEPARENT),
            tracestate: text(header::TRACESTATE),
            accepts_parts: header::accepts_parts(headers),
        })
    }

    /// Writes the headers. A timeout is rounded down: a subgraph never works longer than its gateway waits.
    pub fn write(&self, headers: &mut HeaderMap) {
        let mut text = |name: &'static str, value: &Option<String>| {
            if let Some(value) = value {
                headers.insert(name, header::ascii(value));
            }
        };
        text(header::CLIENT_ADDRESS, &self.client.address);
        text(header::CLIENT_AGENT, &self.client.agent);
        text(header::IDEMPOTENCY_KEY, &self.idempotency_key);
        text(header::TRACEPARENT, &self.traceparent);
        text(header::TRACESTATE, &self.tracestate);
        if let Some(timeout) = self.timeout {
            headers.insert(header::TIMEOUT_MS, timeout.as_millis().to_string());
        }
        if let Some(identity) = &self.identity {
            headers.insert(header::IDENTITY, identity.encode());
        }
        if self.accepts_parts {
            headers.insert(header::ACCEPT, header::ACCEPT_PARTS);
        }
    }
}

fn parse_timeout(value: &str) -> Result<Duration, HeadError> {
    let digits_only = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(millis) if digits_only => Ok(Duration::from_millis(millis)),
        _ => Err(HeadError::Timeout { value: value.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Result<RequestHead, HeadError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        RequestHead::from_headers(&headers)
    }

    #[test]
    fn without_headers_a_request_is_anonymous_and_has_no_deadline() {
        assert_eq!(read(&[]).unwrap(), RequestHead::default());
    }

    #[test]
    fn malformed_headers_are_refused() {
        for value in ["", "-1", "+1", "1.5", "1s", " 1", "99999999999999999999"] {
            assert!(read(&[(header::TIMEOUT_MS, value)]).is_err(), "{value:?} was taken");
        }
        assert!(read(&[(header::IDENTITY, "bnVsbA")]).is_err());
    }

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!(read(&[("graphql-timeout-ms", "5")]).unwrap().timeout, None);
    }

    #[test]
    fn accept_is_a_list() {
        assert!(read(&[(header::ACCEPT, "streams, parts")]).unwrap().accepts_parts);
        assert!(!read(&[(header::ACCEPT, "partsy")]).unwrap().accepts_parts);
    }

    prop_compose! {
        fn head()(
            millis in proptest::option::of(any::<u64>()),
            sub in proptest::option::of(".*"),
            texts in proptest::collection::vec(proptest::option::of("[ -~]*"), 5),
            accepts_parts in any::<bool>(),
        ) -> RequestHead {
            RequestHead {
                timeout: millis.map(Duration::from_millis),
                identity: sub.map(|sub| Identity::new([("sub".to_owned(), sub.into())].into_iter().collect())),
                client: ClientInfo { address: texts[0].clone(), agent: texts[1].clone() },
                idempotency_key: texts[2].clone(),
                traceparent: texts[3].clone(),
                tracestate: texts[4].clone(),
                accepts_parts,
            }
        }
    }

    proptest! {
        #[test]
        fn heads_survive(head in head()) {
            let mut headers = HeaderMap::new();
            head.write(&mut headers);
            prop_assert_eq!(RequestHead::from_headers(&headers).unwrap(), head);
        }
    }
}
