//! What is done on threads for blocking work: preparing operations and planning them for other facts.

use std::sync::Arc;

use tokio::time::Instant;
use tributary_federation::{Fact, Plan};

use super::{
    RequestFacts,
    cache::{Entry, Key, PreparedCache},
    facts,
    graph::Graph,
    plans::Variant,
    prepare::{self, Prepared, Rules},
};
use crate::telemetry::Metrics;

/// What it takes, and where it goes: what nobody waits for any more is kept all the same.
pub(super) struct Making {
    pub(super) rules: Rules,
    pub(super) cache: PreparedCache,
    pub(super) metrics: Arc<Metrics>,
}

/// The facts that a plan is made for.
pub(super) enum PlanFacts {
    /// A request's, with the values of its Boolean variables as far as they are known.
    Request(RequestFacts, Vec<bool>),
    /// Those that a plan on an older graph rests upon.
    Before(Arc<Plan>, Arc<Graph>),
}

/// What preparing came to. A refusal is for those of whom that is true.
pub(super) type Made = (Entry, Vec<(Fact, bool)>);

impl PlanFacts {
    pub(super) fn holds(&self, fact: Fact, graph: &Graph, labels: &[String]) -> bool {
        let supergraph = graph.supergraph();
        match self {
            Self::Request(facts, variables) => {
                facts.holds(fact, supergraph, labels, |id| variables.get(id.index()) == Some(&true))
            }
            Self::Before(plan, old) => facts::held_before(fact, supergraph, plan, old.supergraph()),
        }
    }
}

impl Making {
    /// Prepares an operation, with a plan for these facts.
    pub(super) fn prepare(&self, graph: &Graph, key: &Key, facts: &PlanFacts) -> Made {
        let name = key.operation_name.as_deref();
        if let Some(entry) = self.cache.get(key.graph, name, &key.query) {
            return (entry, Vec::new());
        }
        let holds = |fact| facts.holds(fact, graph, &self.rules.labels);
        let outcome = self.measured(|| prepare::prepare(graph, &self.rules, &key.query, name, &holds));
        let (entry, rests_upon) = match outcome {
            Ok(prepared) => (Ok(Arc::new(prepared)), Vec::new()),
            Err((rejection, rests_upon)) => (Err(Arc::new(rejection)), rests_upon),
        };
        // With other facts it may be planned all the same: that refusal isn't everyone's.
        if rests_upon.is_empty() {
            self.cache.insert(key.clone(), entry.clone());
        }
        (entry, rests_upon)
    }

    /// Plans an operation once more, for other facts than before.
    pub(super) fn plan(
        &self,
        graph: &Graph,
        key: Key,
        prepared: &Arc<Prepared>,
        facts: &PlanFacts,
    ) -> Variant {
        let holds = |fact| facts.holds(fact, graph, &self.rules.labels);
        if let Some(known) = prepared.plans.variant(holds) {
            return known;
        }
        let name = key.operation_name.as_deref();
        let variant = self.measured(|| prepare::plan_again(graph, &self.rules, &key.query, name, &holds));
        prepared.plans.add(variant.clone());
        self.cache.weigh(key, prepared);
        variant
    }

    fn measured<T>(&self, work: impl FnOnce() -> T) -> T {
        self.metrics.plan_cache_misses.inc();
        let started = Instant::now();
        let outcome = work();
        self.metrics.planning_seconds.observe(started.elapsed().as_secs_f64());
        outcome
    }
}
