//! What is asked of a subgraph, and what comes back.

use std::sync::Arc;

use async_nats::HeaderMap;
use bytes::Bytes;
use tokio::time::Instant;
use tributary_federation::OperationKind;
use tributary_protocol::header;

use super::target::Target;

/// One operation for one subgraph.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    /// Where it goes.
    pub target: Arc<Target>,
    /// The JSON body of GraphQL over HTTP.
    pub payload: Bytes,
    /// Decides what may be sent twice: queries only.
    pub kind: OperationKind,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// What all fetches of a client's request say of it: identity, client, trace, forwarded headers
    /// (see [`tributary_protocol::RequestHead::write`]). The transport adds what differs with each send.
    pub headers: Arc<HeaderMap>,
    /// What makes a repeated mutation recognisable.
    pub idempotency_key: Option<Arc<str>>,
    /// This was sent before, to a target where nobody listened; a mutation has no further send then.
    pub resent: bool,
}

/// A reply; whether its payload is an execution result is for the reader to find out.
#[derive(Debug, Clone)]
pub struct FetchReply {
    /// An execution result, as JSON.
    pub payload: Bytes,
    /// Which instance answered, where it says so.
    pub instance: Option<Arc<str>>,
}

impl FetchRequest {
    /// The headers of a send at this moment.
    pub(super) fn headers_now(&self, now: Instant) -> HeaderMap {
        let mut headers = HeaderMap::clone(&self.headers);
        let left = self.deadline.saturating_duration_since(now);
        header::set(&mut headers, header::TIMEOUT_MS, left.as_millis().to_string());
        header::set(&mut headers, header::ACCEPT, header::ACCEPT_PARTS);
        if let Some(key) = &self.idempotency_key {
            header::set(&mut headers, header::IDEMPOTENCY_KEY, &**key);
        }
        headers
    }

    /// Whether sending it twice does no harm.
    pub(super) fn is_query(&self) -> bool {
        self.kind == OperationKind::Query
    }
}
