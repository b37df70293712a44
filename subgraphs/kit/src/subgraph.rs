//! The builder: what the user says about a subgraph.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Executor, Request};
use bytes::Bytes;
use futures_util::FutureExt as _;

use crate::internal::{Handler, InternalError};
use crate::{ServeError, serve};

/// A subgraph, ready to be served.
pub struct Subgraph<E> {
    pub(crate) name: String,
    pub(crate) executor: E,
    pub(crate) prepare: Prepare,
    pub(crate) settings: Settings,
    pub(crate) internal: Vec<(String, Handler)>,
}

/// What is done to each request before it runs.
pub(crate) type Prepare = Arc<dyn Fn(Request) -> Request + Send + Sync>;

/// What can be set, with defaults that are on.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) graph: Option<String>,
    pub(crate) concurrency: usize,
    pub(crate) streams: usize,
    pub(crate) default_timeout: Duration,
    pub(crate) max_parts_total: usize,
    pub(crate) grace: Duration,
    pub(crate) http: Option<SocketAddr>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: "1.0.0".to_owned(),
            description: String::new(),
            graph: None,
            concurrency: 256,
            streams: 10_000,
            default_timeout: Duration::from_secs(30),
            max_parts_total: tributary_protocol::parts::DEFAULT_MAX_TOTAL,
            grace: Duration::from_secs(30),
            http: None,
        }
    }
}

impl<E: Executor> Subgraph<E> {
    /// Names a schema. [`Self::serve`] checks the name.
    pub fn new(name: impl Into<String>, schema: E) -> Self {
        Self {
            name: name.into(),
            executor: schema,
            prepare: Arc::new(|request| request),
            settings: Settings::default(),
            internal: Vec::new(),
        }
    }

    /// How many requests run at the same time (256). One more is answered with 429 at once: a queue would only let
    /// deadlines pass, while the gateway can ask another instance.
    #[must_use]
    pub fn concurrency(mut self, limit: usize) -> Self {
        self.settings.concurrency = limit;
        self
    }

    /// How many subscriptions are streamed at the same time (10,000). They don't count as requests once they have
    /// begun.
    #[must_use]
    pub fn streams(mut self, limit: usize) -> Self {
        self.settings.streams = limit;
        self
    }

    /// The deadline of a request that names none (30 s).
    #[must_use]
    pub fn default_timeout(mut self, timeout: Duration) -> Self {
        self.settings.default_timeout = timeout;
        self
    }

    /// The most that a request or a reply in parts may take (16 MiB).
    #[must_use]
    pub fn max_parts_total(mut self, bytes: usize) -> Self {
        self.settings.max_parts_total = bytes;
        self
    }

    /// How long a stop waits for requests that still run (30 s).
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// The service's own version, SemVer (1.0.0), as `nats micro ls` shows it.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.settings.version = version.into();
        self
    }

    /// A sentence for people, as `nats micro info` shows it.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.settings.description = description.into();
        self
    }

    /// The graph that the subgraph belongs to, where several share an account.
    #[must_use]
    pub fn graph(mut self, graph: impl Into<String>) -> Self {
        self.settings.graph = Some(graph.into());
        self
    }

    /// Also serves the schema over HTTP with GraphiQL, for development: everybody is anonymous there. GraphiQL's page loads
    /// its script from a public CDN.
    #[must_use]
    pub fn http(mut self, address: SocketAddr) -> Self {
        self.settings.http = Some(address);
        self
    }

    /// Does something to each request before it runs: the place for loaders that live as long as a request.
    #[must_use]
    pub fn prepare(mut self, prepare: impl Fn(Request) -> Request + Send + Sync + 'static) -> Self {
        self.prepare = Arc::new(prepare);
        self
    }

    /// Serves `internal.<name>.<verb>`: a call from another service that is no part of the graph. The second argument
    /// is who says that it calls; the answer reaches nobody else.
    #[must_use]
    pub fn internal<F, Fut>(mut self, verb: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Bytes, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Bytes, InternalError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request, caller| handler(request, caller).boxed());
        self.internal.push((verb.into(), handler));
        self
    }

    /// Serves until `shutdown` is ready, then stops without losing a reply: leaves the registry, takes what the server
    /// had already sent, announces that it is gone, and waits for what still runs. The connection stays open for what
    /// else its owner does with it.
    ///
    /// # Errors
    /// Before the subgraph is announced: see [`ServeError`]. Afterwards only when the connection is closed for good, or the
    /// server takes a right away. What the server refuses is known of clients that [`crate::connect`] made; on another a
    /// subgraph without rights serves, and nobody reaches it.
    pub async fn serve(
        self,
        client: async_nats::Client,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        serve::serve(self, client, shutdown).await
    }
}
