//! GraphQL over NATS, as the gateway speaks it.
//!
//! ```text
//! Transport::fetch ── send ──▶ graphql.<name>…        (send.rs: whole or in parts)
//!     ▲   │ timer: deadline, second send              (fetch.rs: one future, no task)
//!     │   ▼
//!   Mailbox ◀── Dispatcher ◀── _GQL.*.<gateway>.>     (dispatch.rs: by token, through a slab)
//! ```
//!
//! A query that stays unanswered is sent once more and the first reply wins; a mutation is sent again
//! only where nothing was executed, and is `OUTCOME_UNKNOWN` when it stays unanswered. Start reading at
//! [`Transport::fetch`] and `fetch::Fetch`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subject};
use bytes::Bytes;
use tokio::task::AbortHandle;
use tributary_protocol::ReplySubject;

mod budget;
mod consumer;
mod dispatch;
mod error;
mod fetch;
mod latency;
mod link;
mod mailbox;
mod metrics;
mod reply;
mod request;
mod send;
mod stream;
mod subject;
mod target;
mod token;
mod watch;

pub use consumer::{Broken, Consumer, Heard, Selection, StreamFault, header, stream_info};
pub use error::{FetchError, FetchErrorKind, NotExecuted};
pub use latency::Latency;
pub use link::{ConnectError, Link, LinkState, random_gateway_id};
pub(crate) use mailbox::Lost;
pub use metrics::{Counter, Metrics, SubgraphStats};
pub use request::{FetchReply, FetchRequest};
pub use stream::{Opened, StreamLost, SubgraphStream};
pub use target::Target;

use dispatch::{Dispatcher, Ticket};
use error::FetchErrorKind as Kind;
use fetch::Fetch;
use mailbox::Mailbox;

/// Names the server's limit where it is what a message exceeds.
const MAX_PAYLOAD_SETTING: &str = "max_payload of the NATS server";
/// Names [`TransportLimits::max_message`] where it is what a message exceeds.
const MAX_MESSAGE_SETTING: &str = "--max-subgraph-message-bytes";
/// What may wait of the answers to one question.
const INQUIRY_BYTES: usize = 8 << 20;

/// What the transport permits itself and others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportLimits {
    /// A request or a reply, all parts together (`--max-subgraph-message-bytes`).
    pub max_message: usize,
    /// How long the connection may be down before requests fail instead of waiting for it.
    pub grace: Duration,
    /// A query is sent once more when it is unanswered after this time …
    pub second_send_min: Duration,
    /// … or after so many times the subgraph's 99th percentile, whichever is longer.
    pub second_send_factor: u32,
    /// How long to wait before a request is sent again after an instance was busy; it doubles each time.
    pub busy_pause: Duration,
    /// How often a query is sent again to busy instances. A mutation is sent again once.
    pub busy_sends: u32,
}

impl Default for TransportLimits {
    fn default() -> Self {
        Self {
            max_message: tributary_protocol::parts::DEFAULT_MAX_TOTAL,
            grace: Duration::from_millis(500),
            second_send_min: Duration::from_secs(1),
            second_send_factor: 3,
            busy_pause: Duration::from_millis(25),
            busy_sends: 6,
        }
    }
}

impl TransportLimits {
    fn too_large(&self, what: &'static str, size: usize, limit: usize) -> Kind {
        Kind::TooLarge { what, size, limit, setting: MAX_MESSAGE_SETTING }
    }
}

/// Sends requests to subgraphs and hears their replies. Clones share everything.
#[derive(Clone)]
pub struct Transport {
    inner: Arc<Inner>,
}

/// The transport can't hear replies.
#[derive(Debug, thiserror::Error)]
#[error("can't subscribe to replies on {subject}")]
pub struct TransportError {
    subject: String,
    #[source]
    source: async_nats::SubscribeError,
}

struct Inner {
    link: Link,
    limits: TransportLimits,
    dispatcher: Arc<Dispatcher>,
    replies: Arc<str>,
    tasks: [AbortHandle; 2],
}

impl Transport {
    /// Subscribes to replies and starts routing them. Works before the connection is up, too.
    pub async fn new(link: Link, limits: TransportLimits) -> Result<Self, TransportError> {
        let subject = ReplySubject::all_of(link.gateway());
        let replies = link.client().subscribe(subject.clone()).await;
        let replies = replies.map_err(|source| TransportError { subject: subject.clone(), source })?;
        let dispatcher = Arc::new(Dispatcher::new(link.gateway().as_str().into(), link.metrics().clone()));
        let subject: Arc<str> = subject.into();
        let watching = watch::run(link.clone(), dispatcher.clone(), subject.clone(), limits.grace);
        let tasks = [
            tokio::spawn(dispatcher.clone().run(replies)).abort_handle(),
            tokio::spawn(watching).abort_handle(),
        ];
        Ok(Self { inner: Arc::new(Inner { link, limits, dispatcher, replies: subject, tasks }) })
    }

    /// Asks a subgraph. Dropping the future cancels: whatever is answered then is discarded.
    pub fn fetch(
        &self,
        request: FetchRequest,
    ) -> impl Future<Output = Result<FetchReply, FetchError>> + Send + use<> {
        let inner = self.inner.clone();
        let subgraph = request.target.name.clone();
        async move {
            let outcome = Fetch::new(inner, request).run().await;
            outcome.map_err(|kind| {
                let error = FetchError { subgraph, kind };
                tracing::debug!(code = error.code(), %error, "a fetch failed");
                error
            })
        }
    }

    /// The connection below.
    pub fn link(&self) -> &Link {
        &self.inner.link
    }

    /// Whether the server lets this gateway hear replies.
    pub fn hears_replies(&self) -> bool {
        !self.inner.link.is_refused(&self.inner.replies)
    }

    /// How many sends wait for a reply.
    pub fn waiting(&self) -> usize {
        self.inner.dispatcher.waiting()
    }

    /// Asks everyone who listens on a subject; `from` is the name whose word counts, or `any`.
    pub(crate) async fn ask(&self, from: &str, subject: String) -> Result<Inquiry, Lost> {
        let mailbox = Arc::new(Mailbox::new(INQUIRY_BYTES));
        let ticket = self.inner.dispatcher.register(&from.into(), 0, &mailbox);
        let reply = Subject::from(ticket.reply_subject());
        let publish =
            self.inner.link.client().publish_with_reply(Subject::from(subject), reply, Bytes::new());
        match tokio::time::timeout(self.inner.limits.grace, publish).await {
            Ok(Ok(())) => Ok(Inquiry { mailbox, _ticket: ticket }),
            _ => Err(Lost::Disconnected),
        }
    }
}

/// A question that several may answer.
pub(crate) struct Inquiry {
    mailbox: Arc<Mailbox>,
    _ticket: Ticket,
}

impl Inquiry {
    /// The next answer.
    pub(crate) async fn next(&self) -> Result<Message, Lost> {
        self.mailbox.next().await.map(|delivery| delivery.message)
    }
}

impl Inner {
    /// Waits through a short loss of the connection; fails at once in a longer one.
    async fn usable(&self) -> Result<(), Kind> {
        if !self.link.wait_up(self.limits.grace).await {
            return Err(Kind::Disconnected);
        }
        if self.link.is_refused(&self.replies) { Err(Kind::NoRights) } else { Ok(()) }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
