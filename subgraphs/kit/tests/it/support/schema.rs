//! A schema whose resolvers wait, panic and count as a test tells them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Context, EmptyMutation, EmptySubscription, Object};
use tokio::sync::Semaphore;
use tributary_subgraph::{ClientInfo, Deadline, IdempotencyKey, Identity, TraceContext};

/// What a test sees of its schema's resolvers.
#[derive(Clone)]
pub struct Probe {
    /// One permit for each `wait` that has started.
    pub started: Arc<Semaphore>,
    /// One permit lets one `wait` go on.
    pub release: Arc<Semaphore>,
    /// One permit for each `wait` that was dropped before it went on.
    pub cancelled: Arc<Semaphore>,
    /// How often `count` ran.
    pub counted: Arc<AtomicUsize>,
}

pub struct Query;
pub struct Mutation;

pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

pub fn schema() -> (Schema, Probe) {
    let semaphore = || Arc::new(Semaphore::new(0));
    let probe =
        Probe { started: semaphore(), release: semaphore(), cancelled: semaphore(), counted: Arc::default() };
    let schema =
        Schema::build(Query, Mutation, EmptySubscription).enable_federation().data(probe.clone()).finish();
    (schema, probe)
}

/// Gives its permit when it is dropped before it is disarmed.
struct Cancelled(Option<Arc<Semaphore>>);

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(cancelled) = self.0.take() {
            cancelled.add_permits(1);
        }
    }
}

fn out_of_cheese() -> bool {
    panic!("out of cheese")
}

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn large(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    async fn length(&self, text: String) -> usize {
        text.len()
    }

    async fn boom(&self) -> bool {
        out_of_cheese()
    }

    async fn refuse(&self) -> async_graphql::Result<bool> {
        Err("not today".into())
    }

    async fn wait(&self, ctx: &Context<'_>) -> bool {
        let probe = ctx.data_unchecked::<Probe>();
        let mut guard = Cancelled(Some(probe.cancelled.clone()));
        probe.started.add_permits(1);
        probe.release.acquire().await.unwrap().forget();
        guard.0.take();
        true
    }

    async fn identity(&self, ctx: &Context<'_>) -> Option<String> {
        let identity = ctx.data_opt::<Identity>()?;
        Some(format!("{} is {}", identity.sub()?, identity.role()?))
    }

    async fn client(&self, ctx: &Context<'_>) -> Vec<Option<String>> {
        let client = ctx.data_unchecked::<ClientInfo>();
        vec![client.address.clone(), client.agent.clone()]
    }

    async fn idempotency_key(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<IdempotencyKey>().map(|key| key.0.clone())
    }

    async fn trace(&self, ctx: &Context<'_>) -> Option<Vec<Option<String>>> {
        let trace = ctx.data_opt::<TraceContext>()?;
        Some(vec![Some(trace.traceparent.clone()), trace.tracestate.clone()])
    }

    async fn remaining_ms(&self, ctx: &Context<'_>) -> u64 {
        u64::try_from(ctx.data_unchecked::<Deadline>().remaining().as_millis()).unwrap()
    }
}

#[Object]
impl Mutation {
    async fn count(&self, ctx: &Context<'_>) -> usize {
        ctx.data_unchecked::<Probe>().counted.fetch_add(1, Ordering::SeqCst) + 1
    }
}

pub struct OtherQuery;

#[Object]
impl OtherQuery {
    async fn other(&self) -> bool {
        true
    }
}

/// A subgraph with another SDL.
pub fn other_schema() -> async_graphql::Schema<OtherQuery, EmptyMutation, EmptySubscription> {
    async_graphql::Schema::build(OtherQuery, EmptyMutation, EmptySubscription).enable_federation().finish()
}
