//! What a resolver may learn of its request.

use std::time::Duration;

use tokio::time::Instant;
use tributary_protocol::RequestHead;

/// When the request's time is over. Its resolvers are dropped then, at their next `.await`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub(crate) Instant);

impl Deadline {
    /// The moment.
    #[must_use]
    pub fn instant(self) -> std::time::Instant {
        self.0.into_std()
    }

    /// What is left, for calls to others.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// What makes a repeated mutation recognisable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

/// The W3C trace context of the request, to be passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace and the calling span.
    pub traceparent: String,
    /// The vendors' part.
    pub tracestate: Option<String>,
}

/// Puts what the headers say into the request's context.
pub(crate) fn fill(
    mut request: async_graphql::Request,
    head: RequestHead,
    deadline: Instant,
) -> async_graphql::Request {
    request = request.data(Deadline(deadline)).data(head.client);
    if let Some(identity) = head.identity {
        request = request.data(identity);
    }
    if let Some(key) = head.idempotency_key {
        request = request.data(IdempotencyKey(key));
    }
    if let Some(traceparent) = head.traceparent {
        request = request.data(TraceContext { traceparent, tracestate: head.tracestate });
    }
    request
}
