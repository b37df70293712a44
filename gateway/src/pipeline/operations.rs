//! Prepared operations: found in the cache, or prepared on threads for blocking work.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};
use tributary_federation::{Plan, plan::VariableId, variables::Variables};

use super::{
    RequestFacts,
    cache::{Entry, Key, PreparedCache},
    facts,
    flights::Flights,
    graph::Graph,
    introspection::{self, Answers},
    making::{Made, Making, PlanFacts},
    plans::Variant,
    prepare::{Prepared, Rules},
};
use crate::{
    config::Config,
    error::{GraphqlError, Rejection},
    registry::Live,
    telemetry::Metrics,
};

/// Everything that is known about operations, for the graph that is live and the one before it.
pub struct Operations {
    pub(super) making: Arc<Making>,
    /// Operations that are being prepared.
    preparing: Arc<Flights<Key, Made>>,
    /// Those that are being planned for other facts, one combination after the other: which facts matter, and so
    /// whether two requests need the same plan, is only known once it is made.
    planning: Arc<Flights<Key, Variant>>,
    /// What is derived from the newest supergraph, and from the one before it: while the newest is prepared
    /// for, requests go on by the older one.
    pub(super) graphs: ArcSwap<Vec<Arc<Graph>>>,
    /// Held while a graph is derived, so that the first requests on it don't all do so.
    deriving: Mutex<()>,
    /// Preparing is bounded to so many threads: it must not take the processor from requests that are ready.
    threads: Arc<Semaphore>,
}

impl Operations {
    /// An empty cache.
    pub fn new(config: &Config, metrics: Arc<Metrics>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        let threads = Arc::new(Semaphore::new(threads));
        let rules = Rules {
            limits: config.limits.clone(),
            introspection: config.http.introspection,
            labels: config.graph.override_labels.clone(),
        };
        let cache = PreparedCache::new(config.limits.plan_cache_bytes);
        Self {
            making: Arc::new(Making { rules, cache, metrics }),
            preparing: Flights::new(threads.clone()),
            planning: Flights::new(threads.clone()),
            graphs: ArcSwap::default(),
            deriving: Mutex::default(),
            threads,
        }
    }

    /// What is derived from a supergraph: found, or derived now by the first who needs it.
    pub(super) async fn graph_of(&self, live: &Live) -> Result<Arc<Graph>, Rejection> {
        if let Some(graph) = self.known(live) {
            return Ok(graph);
        }
        let _alone = self.deriving.lock().await;
        if let Some(graph) = self.known(live) {
            return Ok(graph);
        }
        let supergraph = live.supergraph.clone();
        let graph = spawn_blocking(|| Arc::new(Graph::new(supergraph))).await.map_err(panicked)?;
        let newest = self.graphs.load().first().cloned();
        self.graphs.store(Arc::new([Some(graph.clone()), newest].into_iter().flatten().collect()));
        Ok(graph)
    }

    fn known(&self, live: &Live) -> Option<Arc<Graph>> {
        self.graphs.load().iter().find(|graph| Arc::ptr_eq(graph.supergraph(), &live.supergraph)).cloned()
    }

    /// A prepared operation. Many who ask for the same one wait for one of them to prepare it.
    ///
    /// # Errors
    /// Why it can't be run.
    pub async fn prepared(
        &self,
        graph: &Arc<Graph>,
        query: &str,
        operation_name: Option<&str>,
        facts: &RequestFacts,
    ) -> Result<Arc<Prepared>, Rejection> {
        if let Some(entry) = self.making.cache.get(graph.number(), operation_name, query) {
            self.making.metrics.plan_cache_hits.inc();
            return unpack(entry);
        }
        let key = key(graph, query, operation_name);
        // Variables aren't known yet; a plan for other values is made when they are.
        unpack(self.prepare(graph, &key, PlanFacts::Request(facts.clone(), Vec::new())).await?)
    }

    /// Prepares an operation, or waits for who does.
    pub(super) async fn prepare(
        &self,
        graph: &Arc<Graph>,
        key: &Key,
        facts: PlanFacts,
    ) -> Result<Entry, Rejection> {
        let facts = Arc::new(facts);
        loop {
            let (making, graph_there) = (self.making.clone(), graph.clone());
            let (key_there, facts_there) = (key.clone(), facts.clone());
            let work = move || making.prepare(&graph_there, &key_there, &facts_there);
            let (entry, rests_upon) = self.preparing.join(key, work).await?;
            // It may have been refused to someone of whom something else is true.
            let holds = |fact| facts.holds(fact, graph, &self.making.rules.labels);
            if entry.is_ok() || facts::fit(&rests_upon, holds) {
                return Ok(entry);
            }
        }
    }

    /// The plan for a request of which these facts hold: found, or made now.
    pub(super) async fn plan(
        &self,
        graph: &Arc<Graph>,
        prepared: &Arc<Prepared>,
        (query, operation_name): (&str, Option<&str>),
        request_facts: &RequestFacts,
        variables: &Variables,
    ) -> Result<Arc<Plan>, Rejection> {
        let (supergraph, labels) = (graph.supergraph(), &self.making.rules.labels);
        let holds = |fact| request_facts.holds(fact, supergraph, labels, |id| variables.bool(id));
        if let Some(found) = prepared.plans.find(holds) {
            return found;
        }
        let values = (0..prepared.variables.names().count()).map(|at| variables.bool(VariableId(at as u32)));
        let facts = PlanFacts::Request(request_facts.clone(), values.collect());
        self.variant(graph, prepared, &key(graph, query, operation_name), facts).await
    }

    /// Plans an operation for these facts, or waits for who does.
    pub(super) async fn variant(
        &self,
        graph: &Arc<Graph>,
        prepared: &Arc<Prepared>,
        key: &Key,
        facts: PlanFacts,
    ) -> Result<Arc<Plan>, Rejection> {
        let facts = Arc::new(facts);
        loop {
            let (making, graph_there, prepared) = (self.making.clone(), graph.clone(), prepared.clone());
            let (key_there, facts_there) = (key.clone(), facts.clone());
            let work = move || making.plan(&graph_there, key_there, &prepared, &facts_there);
            let variant = self.planning.join(key, work).await?;
            if variant.fits(|fact| facts.holds(fact, graph, &self.making.rules.labels)) {
                return variant.outcome;
            }
        }
    }

    /// Answers what an operation asks about the schema with variables.
    pub(super) async fn introspect(
        &self,
        graph: &Arc<Graph>,
        query: &str,
        operation_name: Option<&str>,
        variables: Option<&Bytes>,
    ) -> Result<Answers, Rejection> {
        let (graph, making, query) = (graph.clone(), self.making.clone(), query.to_owned());
        let (name, variables) = (operation_name.map(str::to_owned), variables.cloned());
        let permit = self.thread().await;
        // Who waits may leave: the permit ends with the work, so that clients who leave can't multiply it.
        let work = move || {
            let _permit = permit;
            let limits = &making.rules.limits;
            introspection::answer_with(&graph, limits, &query, name.as_deref(), variables.as_ref())
        };
        spawn_blocking(work).await.map_err(panicked)?
    }

    /// Room on the threads for preparing.
    pub(super) async fn thread(&self) -> OwnedSemaphorePermit {
        self.threads.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Operations kept prepared, and their bytes.
    pub fn cache_size(&self) -> (usize, u64) {
        self.making.cache.size()
    }
}

fn key(graph: &Graph, query: &str, operation_name: Option<&str>) -> Key {
    Key { graph: graph.number(), operation_name: operation_name.map(Into::into), query: query.into() }
}

fn unpack(entry: Entry) -> Result<Arc<Prepared>, Rejection> {
    match entry {
        Ok(prepared) => {
            prepared.used();
            Ok(prepared)
        }
        Err(rejection) => Err(Rejection::clone(&rejection)),
    }
}

pub(super) fn panicked(error: JoinError) -> Rejection {
    GraphqlError::internal(format_args!("preparing an operation: {error}")).into()
}

#[cfg(test)]
mod tests;
