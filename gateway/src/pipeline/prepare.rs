//! From an operation's text to what its requests need: parse, limit, validate, plan.
//!
//! apollo-compiler's types live in this module only while an operation is prepared; what is kept refers to
//! nothing of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use apollo_compiler::{
    ExecutableDocument,
    ast::Document,
    executable::{Operation, OperationType},
    parser::Parser,
    validation::{DiagnosticList, Valid},
};
use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tributary_federation::{
    Fact, OperationKind, Plan, PlanError, PlanOptions, plan_operation, variables::VariableProgram,
};

use super::{
    facts,
    graph::Graph,
    introspection::{self, Introspection},
    limits, one_of,
};
use crate::{
    config::Limits,
    error::{Code, GraphqlError, Location, Rejection},
};

/// An operation that is ready to be run with any variables.
#[derive(Debug)]
pub struct Prepared {
    /// How to answer it: one plan for each combination of facts that came up, at least one.
    plans: ArcSwap<Vec<Arc<Plan>>>,
    /// Held while another plan is made, so that the first requests that need it don't all make it.
    pub(super) planning: Mutex<()>,
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// How its variables become values.
    pub variables: VariableProgram,
    /// What it asks about the schema.
    pub introspection: Introspection,
    weight: AtomicUsize,
    uses: AtomicU64,
}

/// The rules that operations are held to.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) limits: Limits,
    pub(super) introspection: bool,
    /// The labels of overrides that are on for everyone.
    pub(super) labels: Vec<String>,
}

/// More combinations of facts than anyone has roles for; beyond that the oldest plan goes.
const MOST_PLANS: usize = 16;

/// A document with thousands of mistakes needn't be told all of them.
const MOST_ERRORS: usize = 20;
/// How deep the parser may recurse, which is more than any permitted depth needs; it protects the stack.
const PARSER_RECURSION: usize = 500;

impl Prepared {
    /// Roughly what it takes in memory.
    pub fn weight(&self) -> usize {
        self.weight.load(Ordering::Relaxed)
    }

    /// The plan for a request of which these facts hold, if it has been made.
    pub(super) fn plan_for(&self, holds: impl Fn(Fact) -> bool) -> Option<Arc<Plan>> {
        self.plans.load().iter().find(|plan| facts::fits(plan, &holds)).cloned()
    }

    /// Every plan that was made.
    pub(super) fn plans(&self) -> Arc<Vec<Arc<Plan>>> {
        self.plans.load_full()
    }

    /// Adds a plan for other facts.
    pub(super) fn add(&self, plan: Arc<Plan>) {
        let mut plans = Vec::clone(&self.plans.load());
        self.weight.fetch_add(plan_weight(&plan), Ordering::Relaxed);
        if plans.len() == MOST_PLANS {
            self.weight.fetch_sub(plan_weight(&plans.remove(0)), Ordering::Relaxed);
        }
        plans.push(plan);
        self.plans.store(Arc::new(plans));
    }

    /// Counts a use.
    pub(super) fn used(&self) {
        self.uses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn uses(&self) -> u64 {
        self.uses.load(Ordering::Relaxed)
    }

    /// Query, mutation or subscription, as labels and logs name it.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        }
    }
}

/// Prepares an operation. It takes up to some milliseconds of work, so it has no place on an IO thread.
pub(super) fn prepare(
    graph: &Graph,
    rules: &Rules,
    query: &str,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
) -> Result<Prepared, Rejection> {
    let document = parse_and_validate(graph, &rules.limits, query)?;
    let operation = find_operation(&document, operation_name)?;
    one_of::check(graph.schema(), &document, operation)?;
    if operation.operation_type == OperationType::Subscription {
        return Err(GraphqlError::new(
            Code::SubscriptionUnsupported,
            "A subscription needs a connection that carries many answers; this one carries one",
        )
        .into());
    }
    let plan = plan_with(graph, &document, operation_name, facts)?;
    if plan.has_introspection && !rules.introspection {
        return Err(GraphqlError::new(Code::IntrospectionDisabled, "Introspection is switched off").into());
    }
    let introspection = introspection::prepare(graph, &document, operation, plan.has_introspection, query)?;
    let weight = plan_weight(&plan) + introspection.weight() + query.len();
    Ok(Prepared {
        kind: plan.kind,
        plans: ArcSwap::from_pointee(vec![Arc::new(plan)]),
        planning: Mutex::new(()),
        variables: VariableProgram::compile(graph.input_types(), operation),
        introspection,
        weight: AtomicUsize::new(weight),
        uses: AtomicU64::new(0),
    })
}

/// Plans an operation once more, for other facts than before.
pub(super) fn plan_again(
    graph: &Graph,
    rules: &Rules,
    query: &str,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
) -> Result<Arc<Plan>, Rejection> {
    let document = parse_and_validate(graph, &rules.limits, query)?;
    plan_with(graph, &document, operation_name, facts).map(Arc::new)
}

fn plan_with(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
) -> Result<Plan, Rejection> {
    let options = PlanOptions { facts, ..PlanOptions::default() };
    plan_operation(graph.supergraph(), document, operation_name, &options).map_err(planning_failed)
}

/// The document, if it is within the limits and valid.
pub(super) fn parse_and_validate(
    graph: &Graph,
    limits: &Limits,
    query: &str,
) -> Result<Valid<ExecutableDocument>, Rejection> {
    let document = parse(query, limits)?;
    limits::check(&document, limits)?;
    document
        .to_executable_validate(graph.schema())
        .map_err(|invalid| rejection(Code::ValidationFailed, &invalid.errors))
}

/// The operation of that name, or the only one.
pub(super) fn find_operation<'d>(
    document: &'d Valid<ExecutableDocument>,
    name: Option<&str>,
) -> Result<&'d Operation, Rejection> {
    match document.operations.get(name) {
        Ok(operation) => Ok(operation),
        Err(_) => Err(GraphqlError::new(
            Code::OperationNotFound,
            match name {
                Some(name) => format!("The document has no operation {name:?}"),
                None => "The document has several operations; operationName must say which one to run".into(),
            },
        )
        .into()),
    }
}

fn parse(query: &str, limits: &Limits) -> Result<Document, Rejection> {
    let mut parser = Parser::new().recursion_limit(PARSER_RECURSION).token_limit(limits.tokens);
    parser.parse_ast(query, "query.graphql").map_err(|invalid| {
        if parser.tokens_reached() > limits.tokens {
            let allowed = limits.tokens as u64;
            return GraphqlError::limit(
                Code::LimitExceeded,
                "The number of tokens",
                None,
                allowed,
                "--max-tokens",
            )
            .into();
        }
        if parser.recursion_reached() > PARSER_RECURSION {
            let allowed = u64::from(limits.depth);
            return GraphqlError::limit(Code::LimitExceeded, "Depth", None, allowed, "--max-depth").into();
        }
        rejection(Code::ParseFailed, &invalid.errors)
    })
}

fn rejection(code: Code, diagnostics: &DiagnosticList) -> Rejection {
    let errors = diagnostics.iter().take(MOST_ERRORS).map(|diagnostic| {
        let json = diagnostic.to_json();
        let location = json.locations.first().map(|at| Location { line: at.line, column: at.column });
        GraphqlError::new(code, json.message).at(location)
    });
    Rejection::several(errors.collect()).unwrap_or_else(|| {
        GraphqlError::internal("the compiler refused a document without saying why").into()
    })
}

fn planning_failed(error: PlanError) -> Rejection {
    let mut answer = GraphqlError::new(Code::PlanningFailed, error.to_string());
    answer.extensions.more.insert("reason".into(), error.code().into());
    tracing::warn!(code = error.code(), %error, "an operation can't be planned");
    answer.into()
}

/// The plan's texts count exactly; its tables by their rows, which are small and alike.
fn plan_weight(plan: &Plan) -> usize {
    const ROW: usize = 96;
    let texts: usize = plan.fetches.iter().map(|fetch| fetch.query.len() + fetch.head.len()).sum();
    let shapes: usize = plan.shapes.iter().map(|shape| shape.slots.len()).sum();
    let reads: usize = plan.reads.iter().map(|read| read.fields.len()).sum();
    let outputs: usize = plan.outputs.iter().map(|output| output.fields.len()).sum();
    let enums: usize = plan.enums.iter().map(|values| values.values.len()).sum();
    let rows = plan.fetches.len() * 8 + shapes + reads + outputs * 2 + enums + plan.variables.len() * 2;
    size_of::<Plan>() + texts + rows * ROW
}
