//! Who is there, what they serve, and which supergraph is live.
//!
//! ```text
//! $SRV.INFO, announcements ──discover──▶ Directory (instances) ──▶ Book (SDLs)
//!                                              │                      │
//!                                              ▼                      ▼
//! bucket ──store──▶ last good set ──────▶ keeper: what is wanted ──compose──▶ Live, swapped atomically
//! ```
//!
//! One task, the keeper, owns all of this knowledge; readers see [`Live`] through an atomic pointer and
//! [`Status`] through a channel. What asks and what computes runs beside it and reports events. Start
//! reading at [`Registry`] and `keeper::Keeper`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tributary_protocol::SubgraphName;

use crate::transport::{Counter, SubgraphStats, Target, Transport};

mod book;
mod complaints;
mod compose;
mod directory;
mod discover;
mod fixed;
mod forget;
mod keeper;
mod live;
mod sdl;
mod select;
mod status;
mod store;
mod targets;

pub use fixed::{FixedSupergraph, FixedSupergraphError};
pub use forget::{ForgetError, Forgotten, forget};
pub use live::Live;
pub use sdl::Sdl;
pub use status::{Diagnostic, Status, StoreStatus, SubgraphStatus};

use keeper::{Event, Keeper};
use targets::StatsByName;

/// Called with what is about to become live; it does so when the future ends, or after a few seconds.
pub type BeforeSwap = Arc<dyn Fn(Arc<Live>) -> BoxFuture<'static, ()> + Send + Sync>;

/// How a registry works.
#[derive(Clone, Default)]
pub struct RegistryOptions {
    /// Which graph's subgraphs count, where several share an account.
    pub graph: Option<String>,
    /// What must have been found before the registry is ready for the first time.
    pub require: Vec<SubgraphName>,
    /// A supergraph that is given: nothing is composed, asked for its SDL or stored then.
    pub fixed: Option<FixedSupergraph>,
    /// Prepares for a new supergraph while the old one still serves.
    pub before_swap: Option<BeforeSwap>,
}

/// Counters of the registry.
#[derive(Debug, Default)]
pub struct RegistryMetrics {
    /// Times that SDLs were composed anew.
    pub compositions: Counter,
    /// Times that something had to be left out of it, or nothing came of it.
    pub failed_compositions: Counter,
    /// Supergraphs that became live.
    pub swaps: Counter,
    /// Instances that came.
    pub instances_up: Counter,
    /// Instances that went, with or without saying so.
    pub instances_down: Counter,
}

/// The graph as it is known at any moment.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    _task: Arc<AbortOnDrop>,
}

/// What the keeper writes and everyone reads.
struct Shared {
    live: ArcSwapOption<Live>,
    changes: watch::Sender<Option<Arc<Live>>>,
    status: watch::Sender<Arc<Status>>,
    stats: StatsByName,
    metrics: RegistryMetrics,
}

struct AbortOnDrop(AbortHandle);

impl Registry {
    /// Starts to look around, and keeps doing so until the last clone is dropped.
    pub fn start(transport: Transport, options: RegistryOptions) -> Self {
        let shared = Arc::new(Shared {
            live: ArcSwapOption::empty(),
            changes: watch::Sender::new(None),
            status: watch::Sender::default(),
            stats: StatsByName::default(),
            metrics: RegistryMetrics::default(),
        });
        let (events, received) = mpsc::channel(1024);
        let keeper = Keeper::new(transport, options, shared.clone(), events.clone());
        let task = tokio::spawn(keeper.run(received)).abort_handle();
        Self { shared, events, _task: Arc::new(AbortOnDrop(task)) }
    }

    /// What is live; `None` before there is a first supergraph.
    pub fn live(&self) -> Option<Arc<Live>> {
        self.shared.live.load_full()
    }

    /// What is live, now and after each change of the supergraph or of who serves it.
    pub fn changes(&self) -> watch::Receiver<Option<Arc<Live>>> {
        self.shared.changes.subscribe()
    }

    /// What is known, for people and health checks; changes can be awaited.
    pub fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.shared.status.subscribe()
    }

    /// Resolves when an instance that was known is gone: it said so, or doesn't answer any more.
    pub async fn instance_gone(&self, subgraph: &str, instance: &str) {
        let mut status = self.status();
        let is_there = |status: &Arc<Status>| {
            let of = status.subgraphs.get(subgraph);
            of.is_some_and(|of| of.instance_ids.iter().any(|id| id.as_str() == instance))
        };
        // It may have answered before it was heard of.
        if status.wait_for(is_there).await.is_err() || status.wait_for(|now| !is_there(now)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Nobody listened on this target's subject. Finds out where the subgraph is now: `None` when it
    /// is nowhere, else what to plan against for the one further send. Its target can be the same
    /// again, if an instance has come back.
    pub async fn replacement(&self, target: &Target, deadline: Instant) -> Option<Arc<Live>> {
        let (answer, answered) = oneshot::channel();
        let name = target.subgraph.clone();
        let lost = Event::Unreachable { name, subject: target.subject.as_str().into(), answer };
        timeout_at(deadline, self.events.send(lost)).await.ok()?.ok()?;
        timeout_at(deadline, answered).await.ok()?.ok()?
    }

    /// Counters by subgraph, of every one that was ever a target.
    pub fn subgraph_stats(&self) -> Vec<(Arc<str>, Arc<SubgraphStats>)> {
        self.shared.stats.all()
    }

    /// The registry's counters.
    pub fn metrics(&self) -> &RegistryMetrics {
        &self.shared.metrics
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
