//! The answer, in a form that the pipeline can still change.

use std::ops::Range;

use bytes::Bytes;

use super::error::ExecutionError;
use crate::cache::Freshness;

/// What a request came to.
#[derive(Debug)]
pub struct ExecutionResult {
    body: Body,
    /// Nothing has been masked yet.
    pub errors: Vec<ExecutionError>,
    /// For how long it may be kept; `None`: nothing that was asked for may be.
    pub freshness: Option<Freshness>,
}

#[derive(Debug)]
enum Body {
    /// Begins with `{"data":`; what follows is the data.
    Written(Vec<u8>),
    /// A subgraph's reply, `{"data":{…}}`, and where the data is in it.
    Relayed(Bytes, Range<usize>),
}

/// With what a written body begins.
pub(super) const PREFIX: &[u8] = b"{\"data\":";

impl ExecutionResult {
    /// The body begins with [`PREFIX`]; the data follows.
    pub(super) fn written(body: Vec<u8>, errors: Vec<ExecutionError>) -> Self {
        Self { body: Body::Written(body), errors, freshness: None }
    }

    /// No data, and why.
    pub(crate) fn nothing(errors: Vec<ExecutionError>) -> Self {
        Self::written([PREFIX, b"null"].concat(), errors)
    }

    pub(super) fn relayed(reply: Bytes, data: Range<usize>) -> Self {
        Self { body: Body::Relayed(reply, data), errors: Vec::new(), freshness: None }
    }

    pub(super) fn with_freshness(self, freshness: Option<Freshness>) -> Self {
        Self { freshness, ..self }
    }

    /// The `data` as JSON: an object or `null`.
    pub fn data(&self) -> &[u8] {
        match &self.body {
            Body::Written(body) => &body[PREFIX.len()..],
            Body::Relayed(reply, data) => &reply[data.clone()],
        }
    }

    /// Whether the reply of the only subgraph is passed on as it came.
    pub fn is_relayed(&self) -> bool {
        matches!(self.body, Body::Relayed(..))
    }

    /// The response's JSON: `data`, `errors` if there are any, and `extensions` (a JSON object) if given.
    /// The data isn't copied: the rest is written behind it, or nothing needs to be.
    pub fn into_body(self, extensions: Option<&[u8]>) -> Bytes {
        if let (Body::Relayed(reply, _), true, None) = (&self.body, self.errors.is_empty(), extensions) {
            return reply.clone();
        }
        let mut body = self.into_open_body();
        if let Some(extensions) = extensions {
            body.extend_from_slice(b",\"extensions\":");
            body.extend_from_slice(extensions);
        }
        body.push(b'}');
        body.into()
    }

    /// The response's JSON without its last brace, so that more can follow.
    pub fn into_open_body(self) -> Vec<u8> {
        let mut body = match self.body {
            Body::Relayed(reply, data) => [PREFIX, &reply[data]].concat(),
            Body::Written(body) => body,
        };
        if !self.errors.is_empty() {
            body.extend_from_slice(b",\"errors\":");
            serde_json::to_writer(&mut body, &self.errors).expect("errors have string keys and go to memory");
        }
        body
    }
}
