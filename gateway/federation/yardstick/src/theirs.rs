//! Hive Router's planner: parse, normalise, plan. Its validation of operations isn't part of what is measured.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::planner::plan_nodes::PlanNode;
pub use hive_router_query_planner::planner::plan_nodes::QueryPlan;
use hive_router_query_planner::planner::{Planner, QueryPlannerOptions};
use hive_router_query_planner::utils::cancellation::CancellationToken;
use hive_router_query_planner::utils::parsing::{parse_schema, safe_parse_operation};

use crate::Measure;

/// Their planner for a supergraph.
///
/// # Panics
/// When it refuses the supergraph.
pub fn planner(supergraph: &str) -> Planner {
    let schema = parse_schema(supergraph);
    Planner::new_from_supergraph(&schema, QueryPlannerOptions::default())
        .unwrap_or_else(|error| panic!("their planner refuses the supergraph: {error}"))
}

/// The whole way from an operation's text to its plan. `None`: it is refused, or the planner panics.
pub fn plan(planner: &Planner, query: &str) -> Option<QueryPlan> {
    catch_unwind(AssertUnwindSafe(|| {
        let document = safe_parse_operation(query).ok()?;
        let normal = normalize_operation(&planner.supergraph, &document, None).ok()?;
        let token = CancellationToken::new();
        let labels = PlannerOverrideContext::default();
        planner.plan_from_normalized_operation(&normal.operation, labels, &token).ok()
    }))
    .ok()
    .flatten()
}

/// What a plan costs to run.
pub fn measure(plan: &QueryPlan) -> Measure {
    match &plan.node {
        Some(node) => of(node),
        None => Measure::default(),
    }
}

fn of(node: &PlanNode) -> Measure {
    match node {
        PlanNode::Fetch(_) | PlanNode::BatchFetch(_) | PlanNode::Subscription(_) => {
            Measure { fetches: 1, path: 1 }
        }
        PlanNode::Flatten(flatten) => of(&flatten.node),
        PlanNode::Sequence(sequence) => sequence.nodes.iter().map(of).fold(Measure::default(), |sum, one| {
            Measure { fetches: sum.fetches + one.fetches, path: sum.path + one.path }
        }),
        PlanNode::Parallel(parallel) => parallel.nodes.iter().map(of).fold(Measure::default(), beside),
        PlanNode::Condition(condition) => {
            let clauses = [&condition.if_clause, &condition.else_clause];
            clauses.into_iter().flatten().map(|node| of(node)).fold(Measure::default(), beside)
        }
        PlanNode::Defer(defer) => defer.primary.node.as_ref().map_or(Measure::default(), |node| of(node)),
    }
}

fn beside(a: Measure, b: Measure) -> Measure {
    Measure { fetches: a.fetches + b.fetches, path: a.path.max(b.path) }
}
