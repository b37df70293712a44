//! Prepared operations: found in the cache, or prepared on threads for blocking work.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::{
    sync::{Mutex, Semaphore},
    task::{JoinError, spawn_blocking},
    time::Instant,
};

use super::{
    cache::{Entry, Key, PreparedCache},
    graph::Graph,
    introspection::{self, Answers},
    prepare::{self, Prepared, Rules},
};
use crate::{
    config::Config,
    error::{GraphqlError, Rejection},
    registry::Live,
    telemetry::Metrics,
    trusted::Trusted,
};

/// How many operations are planned for a new graph before it is served.
const WARMED: usize = 200;

/// Everything that is known about operations, for the graph that is live and the one before it.
pub struct Operations {
    rules: Arc<Rules>,
    cache: PreparedCache,
    /// What is derived from the newest supergraph, and from the one before it: while the newest is prepared
    /// for, requests go on by the older one.
    graphs: ArcSwap<Vec<Arc<Graph>>>,
    /// Held while a graph is derived, so that the first requests on it don't all do so.
    deriving: Mutex<()>,
    /// Preparing is bounded to so many threads: it must not take the processor from requests that are ready.
    threads: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Operations {
    /// An empty cache.
    pub fn new(config: &Config, metrics: Arc<Metrics>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        let rules = Rules { limits: config.limits.clone(), introspection: config.http.introspection };
        Self {
            rules: Arc::new(rules),
            cache: PreparedCache::new(config.limits.plan_cache_bytes),
            graphs: ArcSwap::default(),
            deriving: Mutex::default(),
            threads: Arc::new(Semaphore::new(threads)),
            metrics,
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
    pub(super) async fn prepared(
        &self,
        graph: &Arc<Graph>,
        query: &str,
        operation_name: Option<&str>,
    ) -> Result<Arc<Prepared>, Rejection> {
        if let Some(entry) = self.cache.get(graph.number(), operation_name, query) {
            self.metrics.plan_cache_hits.inc();
            return unpack(entry);
        }
        let key = Key {
            graph: graph.number(),
            operation_name: operation_name.map(Into::into),
            query: query.into(),
        };
        let entry = self.cache.get_or_prepare(&key, self.prepare(graph.clone(), key.clone())).await?;
        unpack(entry)
    }

    /// Answers what an operation asks about the schema with variables.
    pub(super) async fn introspect(
        &self,
        graph: &Arc<Graph>,
        query: &str,
        operation_name: Option<&str>,
        variables: Option<&Bytes>,
    ) -> Result<Answers, Rejection> {
        let (graph, rules, query) = (graph.clone(), self.rules.clone(), query.to_owned());
        let (name, variables) = (operation_name.map(str::to_owned), variables.cloned());
        self.on_a_thread(move || {
            introspection::answer_with(&graph, &rules.limits, &query, name.as_deref(), variables.as_ref())
        })
        .await?
    }

    /// Plans the most used operations on a supergraph that is about to be served, so that its first requests
    /// don't all miss. An operation that the new graph refuses is left to its clients.
    pub async fn warm(&self, live: &Live) {
        let Some(old) = self.graphs.load().first().cloned() else { return };
        let Ok(new) = self.graph_of(live).await else { return };
        if Arc::ptr_eq(&old, &new) {
            return;
        }
        for key in self.cache.hottest(old.number(), WARMED) {
            let key = Key { graph: new.number(), ..key };
            if let Ok(entry) = self.prepare(new.clone(), key.clone()).await {
                self.cache.insert(key, entry);
            }
        }
        self.cache.retain_graphs(&[old.number(), new.number()]);
    }

    /// Prepares the trusted operations for a supergraph, and logs those that don't fit it.
    pub async fn prepare_trusted(&self, live: &Live, trusted: &Trusted) {
        let Ok(graph) = self.graph_of(live).await else { return };
        for document in trusted.documents() {
            for name in &document.operations {
                let name = name.as_deref();
                let asked = document.operation_name(name);
                let Err(rejection) = self.prepared(&graph, &document.text, asked).await else { continue };
                // The operations of a file with several are documents of their own, and told of there.
                if let [_] = &document.operations[..] {
                    let (file, operation) = (&*document.file, name.unwrap_or_default());
                    let (code, message) = (rejection.code().as_str(), &rejection.errors()[0].message);
                    tracing::warn!(
                        code,
                        file,
                        operation,
                        "a trusted operation doesn't fit the graph: {message}"
                    );
                }
            }
        }
    }

    /// Operations kept prepared, and their bytes.
    pub fn cache_size(&self) -> (usize, u64) {
        self.cache.size()
    }

    async fn prepare(&self, graph: Arc<Graph>, key: Key) -> Result<Entry, Rejection> {
        self.metrics.plan_cache_misses.inc();
        let rules = self.rules.clone();
        let started = Instant::now();
        let prepare = move || prepare::prepare(&graph, &rules, &key.query, key.operation_name.as_deref());
        let outcome = self.on_a_thread(prepare).await?;
        self.metrics.planning_seconds.observe(started.elapsed().as_secs_f64());
        Ok(outcome.map(Arc::new).map_err(Arc::new))
    }

    /// Whoever waits may leave; the work then ends unseen, and its permit with it, so that clients who leave
    /// can't multiply it.
    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Rejection> {
        let permit = self.threads.clone().acquire_owned().await.expect("the semaphore is never closed");
        let work = move || {
            let _permit = permit;
            work()
        };
        spawn_blocking(work).await.map_err(panicked)
    }
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

fn panicked(error: JoinError) -> Rejection {
    GraphqlError::internal(format_args!("preparing an operation: {error}")).into()
}
