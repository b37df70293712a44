//! How one request's fetches reach subgraphs, and when the request should be planned again instead.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant as Clock,
};

use async_nats::HeaderMap;
use bytes::Bytes;
use tokio::{sync::Notify, time::Instant};
use tributary_federation::{OperationKind, SubgraphId};

use crate::{
    config::Timeouts,
    execute::{FetchFailure, Fetcher},
    registry::Live,
    telemetry::Metrics,
    transport::{FetchError, FetchErrorKind, FetchRequest, Target, Transport},
};

/// Sends one request's fetches to the subgraphs of one supergraph.
pub(super) struct RequestFetcher<'a> {
    pub(super) live: &'a Live,
    pub(super) transport: &'a Transport,
    pub(super) timeouts: &'a Timeouts,
    pub(super) metrics: &'a Metrics,
    pub(super) headers: Arc<HeaderMap>,
    pub(super) idempotency_key: &'a str,
    pub(super) deadline: Instant,
    pub(super) progress: Progress,
}

/// What became of the fetches so far, as far as it decides about planning again.
pub(super) struct Progress {
    /// Whether the request was planned again before: there is no third time.
    again: bool,
    /// The request as a whole is a mutation.
    mutation: bool,
    /// A mutation may have been executed.
    executed: AtomicBool,
    /// How many mutations were sent, so that each has a key of its own.
    mutations: AtomicUsize,
    /// Where nobody listened.
    silent: OnceLock<Arc<Target>>,
    noticed: Notify,
}

impl Progress {
    pub(super) fn new(mutation: bool, again: bool) -> Self {
        Self {
            again,
            mutation,
            executed: AtomicBool::new(false),
            mutations: AtomicUsize::new(0),
            silent: OnceLock::new(),
            noticed: Notify::new(),
        }
    }

    /// Resolves when nobody listens where the plan leads, and nothing stands against planning again.
    pub(super) async fn stale(&self) -> Arc<Target> {
        loop {
            if let Some(target) = self.silent.get() {
                return target.clone();
            }
            self.noticed.notified().await;
        }
    }

    fn may_plan_again(&self) -> bool {
        let something_changed = self.mutation && self.executed.load(Ordering::Relaxed);
        !self.again && !something_changed
    }

    fn note(&self, kind: OperationKind, outcome: Result<(), &FetchErrorKind>) {
        let not_executed =
            matches!(outcome, Err(FetchErrorKind::NotExecuted(_) | FetchErrorKind::Unavailable));
        if kind == OperationKind::Mutation && !not_executed {
            self.executed.store(true, Ordering::Relaxed);
        }
    }
}

impl RequestFetcher<'_> {
    async fn send(&self, target: Arc<Target>, kind: OperationKind, body: Bytes) -> Result<Bytes, FetchError> {
        let deadline = self.deadline.min(Instant::now() + self.timeouts.of(&target.name));
        let request = FetchRequest {
            target: target.clone(),
            payload: body,
            kind,
            deadline,
            headers: self.headers.clone(),
            idempotency_key: (kind == OperationKind::Mutation).then(|| self.next_key()),
            resent: self.progress.again,
        };
        let outcome = self.transport.fetch(request).await;
        self.progress.note(kind, outcome.as_ref().map(drop).map_err(|error| &error.kind));
        if let Err(error) = &outcome
            && error.no_responders()
            && self.progress.may_plan_again()
        {
            // The subgraph's schema changed under the plan. Whoever runs the plan drops it now.
            let _ = self.progress.silent.set(target);
            self.progress.noticed.notify_one();
            std::future::pending::<()>().await;
        }
        outcome.map(|reply| reply.payload)
    }

    /// The request's key, numbered where it makes several mutations: a subgraph that remembers keys would
    /// take the second for a repetition of the first.
    fn next_key(&self) -> Arc<str> {
        match self.progress.mutations.fetch_add(1, Ordering::Relaxed) {
            0 => self.idempotency_key.into(),
            n => format!("{}.{n}", self.idempotency_key).into(),
        }
    }
}

impl Fetcher for RequestFetcher<'_> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        kind: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        let name = self.service(subgraph);
        let started = Clock::now();
        let outcome = match self.live.target(subgraph) {
            Some(target) => self.send(target.clone(), kind, body).await,
            None => Err(FetchError { subgraph: name.into(), kind: FetchErrorKind::Unavailable }),
        };
        let code = outcome.as_ref().err().map_or("ok", FetchError::code);
        self.metrics.fetch(name, code, started.elapsed());
        outcome.map_err(|error| {
            tracing::warn!(code, %error, "a fetch failed");
            FetchFailure { code: code.into(), message: error.client_message().into() }
        })
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.live.supergraph.subgraph_name(subgraph)
    }
}
