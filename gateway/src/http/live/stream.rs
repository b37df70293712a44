//! Answers that go on: GraphQL over server-sent events, and Apollo's multipart protocol for subscriptions.

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Response, header};
use tokio::time::timeout;

use super::{Opened, Operations, StreamForm, form::Chunk};
use crate::subscription::Entry;

/// An answer that goes on.
pub(in crate::http) struct Streamed {
    /// What is told.
    pub(in crate::http) operations: Arc<Operations>,
    /// How it is written.
    pub(in crate::http) form: StreamForm,
    /// Where the stream was reserved.
    pub(in crate::http) opened: Option<Opened>,
}

/// Ends the operations of a connection when its answer isn't read any more.
struct Closing(Streamed);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.operations.close();
        drop(self.0.opened.take());
    }
}

/// An answer that goes on until its only operation is over, or, where it was reserved, until the client leaves.
pub(in crate::http) fn answer(streamed: Streamed, trace: &str) -> Response<Body> {
    let form = streamed.form;
    let mut response = Response::new(body(streamed));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    // Some proxies collect an answer before they pass it on, unless they are told not to.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert(HeaderName::from_static("traceparent"), trace);
    }
    response
}

fn body(streamed: Streamed) -> Body {
    let first = Some(Bytes::from_static(streamed.form.begin()));
    Body::from_stream(stream::unfold(Some((Closing(streamed), first)), async |state| {
        let (closing, first) = state?;
        let written = match first {
            Some(first) => Some((first, false)),
            None => more(&closing.0).await,
        };
        let (bytes, last) = written?;
        Some((Ok::<_, Infallible>(bytes), (!last).then_some((closing, None))))
    }))
}

/// What is written next, and whether that is the last; `None`: it breaks off without an end, so that clients come
/// back, to another gateway.
async fn more(Streamed { operations, form, .. }: &Streamed) -> Option<(Bytes, bool)> {
    let gateway = operations.gateway();
    let (mailbox, every) = (operations.mailbox(), gateway.config().subscriptions.keep_alive);
    let mut written = Chunk::default();
    // Of an operation that is over nothing is written.
    while written.bytes.is_empty() && !written.last {
        let entry = tokio::select! {
            biased;
            () = gateway.ending().cancelled() => return None,
            entry = timeout(every, mailbox.next()) => entry.unwrap_or(Entry::KeepAlive),
        };
        written = form.chunk(operations, entry);
        while !written.last && written.bytes.len() < AT_A_TIME {
            let Some(entry) = mailbox.take() else { break };
            let more = form.chunk(operations, entry);
            written.bytes.extend_from_slice(&more.bytes);
            written.last = more.last;
        }
    }
    Some((written.bytes.into(), written.last))
}

/// Bytes that are written together, if they are there.
const AT_A_TIME: usize = 16 * 1024;
