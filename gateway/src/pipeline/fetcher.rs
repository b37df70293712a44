//! How one request's fetches reach subgraphs, and when the request should be planned again instead.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant as Clock},
};

use bytes::Bytes;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use tributary_federation::{OperationKind, SubgraphId};

use super::{
    Dedupe, Pipeline, Ready,
    dedupe::{FetchKey, Same},
};
use crate::{
    cache::View,
    execute::{FetchFailure, Fetcher},
    transport::{FetchError, FetchErrorKind, FetchRequest, Target},
};

/// Sends one request's fetches to the subgraphs of one supergraph.
pub(super) struct RequestFetcher<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) ready: &'a Ready<'a>,
    pub(super) progress: Progress,
    /// What is kept of earlier replies, if the request may use it.
    pub(super) cache: Option<View<'a>>,
}

/// What became of the fetches so far, as far as it decides about planning again.
pub(super) struct Progress {
    /// Whether the request was planned again before: there is no third time.
    again: bool,
    /// The request as a whole is a mutation.
    mutation: bool,
    /// A mutation may have been executed.
    executed: AtomicBool,
    /// The client has a part of the answer.
    delivered: AtomicBool,
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
            delivered: AtomicBool::new(false),
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
        !self.again && !something_changed && !self.delivered.load(Ordering::Relaxed)
    }

    /// The client is to get a part of the answer: nothing is planned again from now on. Unless that is due.
    pub(super) fn deliver(&self) -> Option<Arc<Target>> {
        if self.delivered.load(Ordering::Relaxed) {
            return None;
        }
        let due = self.silent.get().cloned();
        self.delivered.store(due.is_none(), Ordering::Relaxed);
        due
    }

    fn note(&self, kind: OperationKind, outcome: Result<(), &FetchErrorKind>) {
        let not_executed =
            matches!(outcome, Err(FetchErrorKind::NotExecuted(_) | FetchErrorKind::Unavailable));
        if kind == OperationKind::Mutation && !not_executed {
            self.executed.store(true, Ordering::Relaxed);
        }
    }
}

/// What is sent, wherever it goes.
struct Sending {
    kind: OperationKind,
    body: Bytes,
    /// Of a mutation.
    key: Option<Arc<str>>,
}

impl RequestFetcher<'_> {
    /// Sends a query, unless an equal one is under way: its reply is this one's, too.
    async fn query(&self, target: Arc<Target>, body: Bytes) -> Result<Bytes, FetchError> {
        let Pipeline { config, in_flight, changes, .. } = self.pipeline;
        let request = self.ready.request;
        let kind = OperationKind::Query;
        let sending = Sending { kind, body: body.clone(), key: None };
        if config.graph.dedupe < Dedupe::Fetches || request.fresh {
            return self.send_counted(target, sending).await;
        }
        let key = FetchKey {
            target: Same(target.clone()),
            body,
            caller: request.caller.key(),
            change: changes.now(),
            // What is kept was asked for after the last event that concerns it.
            heard: self.cache.as_ref().map_or(0, View::changes),
        };
        let deadline = self.deadline(&target);
        let late = || FetchError { subgraph: target.name.clone(), kind: FetchErrorKind::Timeout };
        let send = || self.send_counted(target.clone(), sending);
        let joined = in_flight.fetches.join(key, send, |reply| reply.as_ref().ok().cloned(), Ok);
        // Another request's fetch may have longer than this one.
        timeout_at(deadline, joined).await.unwrap_or_else(|_| Err(late()))
    }

    /// Sends a fetch, and counts it.
    async fn send_counted(&self, target: Arc<Target>, sending: Sending) -> Result<Bytes, FetchError> {
        let (started, name) = (Clock::now(), target.name.clone());
        let outcome = self.send(target, sending).await;
        let code = outcome.as_ref().err().map_or("ok", FetchError::code);
        self.pipeline.metrics.fetch(name, code, started.elapsed());
        outcome
    }

    /// When a fetch that begins now has taken too long.
    fn deadline(&self, target: &Target) -> Instant {
        let most = self.pipeline.config.graph.timeouts.of(&target.name);
        self.ready.request.fetch_deadline().min(Instant::now() + most)
    }

    /// Sends a fetch. Where nobody listens, the schema changed under the plan, and nothing was executed.
    async fn send(&self, target: Arc<Target>, sending: Sending) -> Result<Bytes, FetchError> {
        let outcome = self.send_to(target.clone(), &sending, self.progress.again).await;
        if !outcome.as_ref().is_err_and(FetchError::no_responders) {
            return outcome;
        }
        if self.progress.may_plan_again() {
            // Whoever runs the plan drops it now, and with it all that it sent.
            let _ = self.progress.silent.set(target);
            self.progress.noticed.notify_one();
            return std::future::pending().await;
        }
        // Rare, and larger than all else together.
        match Box::pin(self.successor(&target)).await {
            Some(successor) => self.send_to(successor, &sending, true).await,
            None => outcome,
        }
    }

    async fn send_to(
        &self,
        target: Arc<Target>,
        sending: &Sending,
        resent: bool,
    ) -> Result<Bytes, FetchError> {
        let request = FetchRequest {
            deadline: self.deadline(&target),
            target,
            payload: sending.body.clone(),
            kind: sending.kind,
            headers: self.ready.request.caller.headers.clone(),
            idempotency_key: sending.key.clone(),
            resent,
        };
        let outcome = self.pipeline.transport.fetch(request).await;
        self.progress.note(sending.kind, outcome.as_ref().map(drop).map_err(|error| &error.kind));
        outcome.map(|reply| reply.payload)
    }

    /// Where a fetch that found nobody goes instead when its operation has changed something already, or its
    /// client has a part of the answer, and it can't be run anew: to whoever serves the live schema, if that has
    /// the operation answered by the very same plan. With another plan the fetch would mean something else there.
    async fn successor(&self, target: &Target) -> Option<Arc<Target>> {
        let Ready { request, graph, plan, .. } = self.ready;
        if plan.kind != OperationKind::Mutation && !self.progress.delivered.load(Ordering::Relaxed) {
            return None;
        }
        let live = self.pipeline.registry.replacement(target, request.fetch_deadline()).await?;
        self.pipeline.metrics.replans.inc();
        let now = self.pipeline.ready(request, live).await.ok()?;
        let same = Arc::ptr_eq(&now.plan, plan)
            || now.plan.to_json(now.graph.supergraph()) == plan.to_json(graph.supergraph());
        now.live.target_of(&target.name).filter(|_| same).cloned()
    }

    /// What to change where there wasn't time enough for a subgraph's answer.
    fn time_setting(&self) -> &'static str {
        if Instant::now() >= self.ready.request.fetch_deadline() {
            "--request-timeout"
        } else {
            "--subgraph-timeout"
        }
    }

    fn failure(&self, error: &FetchError) -> FetchFailure {
        let mut message = error.client_message();
        let mut setting = error.setting();
        if error.kind == FetchErrorKind::Timeout {
            let time = self.time_setting();
            message += &format!(" {time} changes how long it may take.");
            setting = Some(time);
        }
        FetchFailure { code: error.code().into(), message: message.into(), setting }
    }

    /// The request's key, numbered where it makes several mutations: a subgraph that remembers keys would
    /// take the second for a repetition of the first.
    fn next_key(&self) -> Arc<str> {
        let key = self.ready.request.caller.idempotency_key();
        match self.progress.mutations.fetch_add(1, Ordering::Relaxed) {
            0 => key.into(),
            n => format!("{key}.{n}").into(),
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
        let outcome = match (self.ready.live.target(subgraph).cloned(), kind) {
            (Some(target), OperationKind::Mutation) => {
                let outcome =
                    self.send_counted(target, Sending { kind, body, key: Some(self.next_key()) }).await;
                self.pipeline.changes.note();
                outcome
            }
            (Some(target), _) => self.query(target, body).await,
            (None, _) => {
                let error =
                    FetchError { subgraph: self.service(subgraph).into(), kind: FetchErrorKind::Unavailable };
                self.pipeline.metrics.fetch(error.subgraph.clone(), error.code(), Duration::ZERO);
                Err(error)
            }
        };
        outcome.map_err(|error| {
            tracing::warn!(code = error.code(), %error, "a fetch failed");
            self.failure(&error)
        })
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.ready.live.supergraph.subgraph_name(subgraph)
    }

    fn cache(&self) -> Option<&View<'_>> {
        self.cache.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tributary_protocol::Features;

    use super::*;
    use crate::transport::SubgraphStats;

    fn target() -> Arc<Target> {
        Arc::new(Target {
            subgraph: "a".parse().unwrap(),
            name: "a".into(),
            subject: "graphql.a".to_owned().into(),
            features: Features::default(),
            stats: Arc::new(SubgraphStats::default()),
        })
    }

    /// Both can come true between two looks: that nobody listens, and that the first part is there.
    #[test]
    fn what_is_to_be_planned_again_is_not_delivered() {
        let progress = Progress::new(false, false);
        progress.silent.set(target()).unwrap();
        assert_eq!(progress.deliver().unwrap().subject, "graphql.a".to_owned().into());
        assert!(progress.stale().now_or_never().is_some() && progress.may_plan_again());
    }

    #[test]
    fn what_is_delivered_is_not_planned_again() {
        let progress = Progress::new(false, false);
        assert!(progress.deliver().is_none() && !progress.may_plan_again());
        // A later part finds out; the client keeps what it has.
        progress.silent.set(target()).unwrap();
        assert!(progress.deliver().is_none());
    }
}
