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
    Request, RequestFacts,
    cache::{Entry, Key, PreparedCache},
    facts,
    graph::Graph,
    introspection::{self, Answers},
    prepare::{self, Prepared, Rules},
};
use tributary_federation::{Fact, Plan, plan::VariableId, variables::Variables};

use crate::{
    config::Config,
    error::{Code, GraphqlError, Rejection},
    registry::Live,
    telemetry::Metrics,
    trusted::Trusted,
};

/// The facts that a plan is made for, on the thread that makes it.
enum PlanFacts {
    /// A request's, with the values of its Boolean variables as far as they are known.
    Request(RequestFacts, Vec<bool>),
    /// Those that a plan on an older graph rests upon.
    Before(Arc<Plan>, Arc<Graph>),
}

impl PlanFacts {
    fn holds(&self, fact: Fact, graph: &Graph, labels: &[String]) -> bool {
        let supergraph = graph.supergraph();
        match self {
            Self::Request(facts, variables) => {
                facts.holds(fact, supergraph, labels, |id| variables.get(id.index()) == Some(&true))
            }
            Self::Before(plan, old) => facts::held_before(fact, supergraph, plan, old.supergraph()),
        }
    }
}

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
        let rules = Rules {
            limits: config.limits.clone(),
            introspection: config.http.introspection,
            labels: config.graph.override_labels.clone(),
        };
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
        if let Some(entry) = self.cache.get(graph.number(), operation_name, query) {
            self.metrics.plan_cache_hits.inc();
            return unpack(entry);
        }
        let key = Key {
            graph: graph.number(),
            operation_name: operation_name.map(Into::into),
            query: query.into(),
        };
        // Variables aren't known yet; a plan for other values is made when they are.
        let facts = PlanFacts::Request(facts.clone(), Vec::new());
        let entry = self.cache.get_or_prepare(&key, self.prepare(graph.clone(), key.clone(), facts)).await?;
        unpack(entry)
    }

    /// The plan for a request of which these facts hold: found, or made now.
    pub(super) async fn plan(
        &self,
        graph: &Arc<Graph>,
        prepared: &Arc<Prepared>,
        (query, operation_name): (&str, Option<&str>),
        request: &Request,
        variables: &Variables,
    ) -> Result<Arc<Plan>, Rejection> {
        if let Some(plan) = self.known_plan(graph, prepared, request, variables) {
            return Ok(plan);
        }
        let _alone = prepared.planning.lock().await;
        if let Some(plan) = self.known_plan(graph, prepared, request, variables) {
            return Ok(plan);
        }
        let key = Key {
            graph: graph.number(),
            operation_name: operation_name.map(Into::into),
            query: query.into(),
        };
        let count = prepared.plans().first().map_or(0, |plan| plan.variables.len());
        let values = (0..count).map(|at| variables.bool(VariableId(at as u32))).collect();
        let facts = PlanFacts::Request(request.facts.clone(), values);
        let plan = self.plan_again(graph.clone(), key.clone(), facts).await?;
        prepared.add(plan.clone());
        // It weighs more now.
        self.cache.insert(key, Ok(prepared.clone()));
        Ok(plan)
    }

    fn known_plan(
        &self,
        graph: &Graph,
        prepared: &Prepared,
        request: &Request,
        variables: &Variables,
    ) -> Option<Arc<Plan>> {
        let (supergraph, labels) = (graph.supergraph(), &self.rules.labels);
        prepared.plan_for(|fact| request.facts.holds(fact, supergraph, labels, |id| variables.bool(id)))
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
        for (key, prepared) in self.cache.hottest(old.number(), WARMED) {
            self.carry_over(&old, &prepared, &new, Key { graph: new.number(), ..key }).await;
        }
        self.cache.retain_graphs(&[old.number(), new.number()]);
    }

    /// Prepares the trusted operations for a supergraph, and logs those that don't fit it.
    pub async fn prepare_trusted(&self, live: &Live, trusted: &Trusted) {
        let Ok(graph) = self.graph_of(live).await else { return };
        // The plan for who shows no token and sees nothing moved; the others come with their first requests.
        let facts = RequestFacts { identity: None, share: 100.0, incremental: false };
        for document in trusted.documents() {
            for name in &document.operations {
                let name = name.as_deref();
                let asked = document.operation_name(name);
                let Err(rejection) = self.prepared(&graph, &document.text, asked, &facts).await else {
                    continue;
                };
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

    /// Prepares an operation for a new graph, with a plan for each combination of facts that came up on the old.
    async fn carry_over(&self, old: &Arc<Graph>, prepared: &Prepared, new: &Arc<Graph>, key: Key) {
        let facts_of = |plan: &Arc<Plan>| PlanFacts::Before(plan.clone(), old.clone());
        let plans = prepared.plans();
        let Some((first, others)) = plans.split_first() else { return };
        let Ok(entry) = self.prepare(new.clone(), key.clone(), facts_of(first)).await else { return };
        if let Ok(prepared) = &entry {
            for plan in others {
                if let Ok(plan) = self.plan_again(new.clone(), key.clone(), facts_of(plan)).await {
                    prepared.add(plan);
                }
            }
        }
        self.cache.insert(key, entry);
    }

    async fn plan_again(
        &self,
        graph: Arc<Graph>,
        key: Key,
        facts: PlanFacts,
    ) -> Result<Arc<Plan>, Rejection> {
        self.metrics.plan_cache_misses.inc();
        let rules = self.rules.clone();
        let started = Instant::now();
        let plan = move || {
            let holds = |fact| facts.holds(fact, &graph, &rules.labels);
            prepare::plan_again(&graph, &rules, &key.query, key.operation_name.as_deref(), &holds)
        };
        let outcome = self.on_a_thread(plan).await?;
        self.metrics.planning_seconds.observe(started.elapsed().as_secs_f64());
        outcome
    }

    async fn prepare(&self, graph: Arc<Graph>, key: Key, facts: PlanFacts) -> Result<Entry, Rejection> {
        self.metrics.plan_cache_misses.inc();
        let supergraph = graph.supergraph();
        let depends_on_facts = !supergraph.requirements().is_empty()
            || !supergraph.override_labels().is_empty()
            || key.query.contains("@defer");
        let rules = self.rules.clone();
        let started = Instant::now();
        let prepare = move || {
            let holds = |fact| facts.holds(fact, &graph, &rules.labels);
            prepare::prepare(&graph, &rules, &key.query, key.operation_name.as_deref(), &holds)
        };
        let outcome = self.on_a_thread(prepare).await?;
        self.metrics.planning_seconds.observe(started.elapsed().as_secs_f64());
        match outcome {
            // With other facts it may be planned all the same, so this isn't everyone's answer.
            Err(rejection) if depends_on_facts && rejection.code() == Code::PlanningFailed => Err(rejection),
            outcome => Ok(outcome.map(Arc::new).map_err(Arc::new)),
        }
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
