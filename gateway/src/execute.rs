//! Runs a plan: fetches from subgraphs, merges their replies, writes the client's answer.
//!
//! ```text
//! Plan ──▶ run ──▶ request (representations, variables) ──▶ Fetcher
//!           ▲                                                  │ Bytes
//!           └── errors ◀── merge ◀── read (JSON into slots) ◀──┘
//!           ▼
//!          project ──▶ ExecutionResult
//! ```
//!
//! Everything that replies bring lies in one arena of 16-byte values: leaves stay JSON text inside the reply
//! that brought them, objects are runs of slots that the plan numbered, lists are runs of values. Reading a
//! reply writes into the slots directly; nothing is hashed by name, sorted, or built as a tree.
//! One future drives a whole request: fetches are polled inside it, no task is spawned for any.
//!
//! Start reading at [`execute`] and `run`.

mod arena;
mod error;
mod incremental;
mod keeping;
mod leaf;
mod locate;
mod merge;
mod project;
mod read;
mod relay;
mod report;
mod representation;
mod request;
mod result;
mod run;
mod unasked;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::Future;
use std::ops::ControlFlow;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tributary_federation::plan::{FetchId, OperationKind, Plan, SubgraphId};
use tributary_federation::variables::Variables;

pub use error::{ExecutionError, Origin};
pub use incremental::{Increment, Part, Pending, execute_incrementally};
pub use result::ExecutionResult;

use crate::cache::View;
use run::{Run, Sending};

/// Requests of one fetch that are sent without waiting for each other. Only a fetch whose objects are told different
/// things by the objects above them has more than one.
const MOST_AT_ONCE: usize = 16;

/// Sends requests to subgraphs.
pub trait Fetcher: Sync {
    /// Sends one request body and waits for the reply's bytes, whatever they are.
    fn fetch(
        &self,
        subgraph: SubgraphId,
        kind: OperationKind,
        body: Bytes,
    ) -> impl Future<Output = Result<Bytes, FetchFailure>> + Send;

    /// The subgraph's name, for errors.
    fn service(&self, subgraph: SubgraphId) -> &str;

    /// The cache, as far as the request may use it.
    fn cache(&self) -> Option<&View<'_>> {
        None
    }
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct FetchFailure {
    /// Stable, for programs.
    pub code: Cow<'static, str>,
    /// For the client.
    pub message: Cow<'static, str>,
    /// The setting to change, where one is what stands in the way.
    pub setting: Option<&'static str>,
}

/// What a plan needs to answer one request.
#[derive(Clone, Copy, Debug)]
pub struct ExecuteRequest<'a> {
    /// The coerced variables.
    pub variables: &'a Variables,
    /// For each introspection field of the root selection its response key and its value as JSON.
    pub introspection: &'a [(Box<str>, Bytes)],
    /// How much is too much.
    pub limits: Limits,
}

/// What one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `--max-errors`: errors in the answer; one more says how many were left out.
    pub errors: usize,
    /// `--max-answer-bytes`: bytes of the answer's `data`. Entities that occur often are fetched once, and written often. What is
    /// kept to write them is limited by it too, to twice as many bytes.
    pub answer_bytes: usize,
    /// `--max-deferred-objects`: objects for which a deferred fragment brings something later. Each is remembered until it has come,
    /// and told to the client.
    pub deferred: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { errors: 100, answer_bytes: 64 << 20, deferred: 50_000 }
    }
}

/// Answers a query or mutation.
///
/// A fetch starts when the fetches that it depends on have ended, well or not. That holds for the root fields
/// of a mutation as well: where one fails, the later ones run all the same, since the specification lets only
/// a non-null root field stop them, and a client who sent several wants to know what became of each.
pub async fn execute<F: Fetcher>(plan: &Plan, request: ExecuteRequest<'_>, fetcher: &F) -> ExecutionResult {
    let run = Run::new(plan, request, fetcher);
    if plan.relay {
        return relayed(plan, run, fetcher).await;
    }
    let ready = run.without_dependencies();
    gathered(plan, run, ready, fetcher).await.write()
}

/// The reply of the only fetch, as it came if it can be passed on so.
async fn relayed<F: Fetcher>(plan: &Plan, mut run: Run<'_, F>, fetcher: &F) -> ExecutionResult {
    run.relays();
    let Some(sending) = run.prepare(FetchId(0)).pop() else { return run.finish_relayed() };
    let fetch = &plan.fetches[0];
    let outcome = fetcher.fetch(fetch.subgraph, fetch.kind, sending.body).await;
    if let Ok(reply) = &outcome
        && let Some(data) = relay::data_alone(reply)
    {
        run.keep(sending.request, reply, &[(0, 0, data.clone())]);
        return ExecutionResult::relayed(reply.clone(), data).with_freshness(run.freshness());
    }
    run.absorb(sending.request, outcome);
    run.finish().0
}

/// The request that begins a subscription at its subgraph: the body of the plan's first fetch.
pub fn subscription_body(plan: &Plan, request: ExecuteRequest<'_>) -> Option<Bytes> {
    let mut run = Run::new(plan, request, &Nobody);
    Some(run.prepare(FetchId(0)).pop()?.body)
}

/// Where nothing is fetched.
struct Nobody;

impl Fetcher for Nobody {
    async fn fetch(&self, _: SubgraphId, _: OperationKind, _: Bytes) -> Result<Bytes, FetchFailure> {
        let message = "nothing is to be fetched here".into();
        Err(FetchFailure { code: "INTERNAL".into(), message, setting: None })
    }

    fn service(&self, _: SubgraphId) -> &str {
        ""
    }
}

/// Answers one event of a subscription that needs nothing but the reply of its plan's first fetch: see
/// [`execute_event`].
pub async fn execute_alone(plan: &Plan, request: ExecuteRequest<'_>, reply: Bytes) -> ExecutionResult {
    execute_event(plan, request, reply, &Nobody).await
}

/// Answers one event of a subscription, whose first fetch has been answered already: `reply` is its execution
/// result.
pub async fn execute_event<F: Fetcher>(
    plan: &Plan,
    request: ExecuteRequest<'_>,
    reply: Bytes,
    fetcher: &F,
) -> ExecutionResult {
    let mut run = Run::new(plan, request, fetcher);
    let request = run.begin_event();
    run.absorb(request, Ok(reply));
    let ready = run.ended(FetchId(0));
    gathered(plan, run, ready, fetcher).await.write()
}

/// A plan that has run: everything that was fetched is where it belongs, and the answer is still to be written.
pub struct Gathered<'p, F>(Run<'p, F>);

/// The first half of [`execute`] by itself, where the plan's only reply isn't passed on as it came.
pub async fn gather<'p, F: Fetcher>(
    plan: &'p Plan,
    request: ExecuteRequest<'p>,
    fetcher: &'p F,
) -> Gathered<'p, F> {
    let run = Run::new(plan, request, fetcher);
    let ready = run.without_dependencies();
    gathered(plan, run, ready, fetcher).await
}

async fn gathered<'p, F: Fetcher>(
    plan: &'p Plan,
    mut run: Run<'p, F>,
    ready: Vec<FetchId>,
    fetcher: &'p F,
) -> Gathered<'p, F> {
    drive(plan, &mut run, ready, fetcher, |_| ControlFlow::Continue(())).await;
    Gathered(run)
}

impl<F: Fetcher> Gathered<'_, F> {
    /// The other half.
    pub fn write(mut self) -> ExecutionResult {
        self.0.finish().0
    }
}

/// Fetches until everything is there, or until who is told whenever fetches have ended wants no more.
async fn drive<'p, F: Fetcher>(
    plan: &'p Plan,
    run: &mut Run<'p, F>,
    mut ready: Vec<FetchId>,
    fetcher: &'p F,
    mut ended: impl FnMut(&mut Run<'p, F>) -> ControlFlow<()>,
) {
    let send = |Sending { request, fetch, body }| {
        let fetch = &plan.fetches[fetch.index()];
        let reply = fetcher.fetch(fetch.subgraph, fetch.kind, body);
        async move { (request, reply.await) }
    };
    let mut flying = FuturesUnordered::new();
    // Of a fetch that has many requests, those that wait for their turn.
    let mut queued: VecDeque<Sending> = VecDeque::new();
    loop {
        // A fetch that needn't be sent has ended at once, and may make others ready.
        while let Some(id) = ready.pop() {
            let mut requests = run.prepare(id).into_iter();
            if requests.len() == 0 {
                ready.extend(run.ended(id));
            }
            flying.extend(requests.by_ref().take(MOST_AT_ONCE).map(send));
            queued.extend(requests);
        }
        if ended(run).is_break() {
            return;
        }
        let Some((request, outcome)) = flying.next().await else { return };
        flying.extend(queued.pop_front().map(send));
        if let Some(fetch) = run.absorb(request, outcome) {
            ready.extend(run.ended(fetch));
        }
    }
}

#[cfg(test)]
mod tests;
