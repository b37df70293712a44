//! From an operation's text to what its requests need: parse, limit, validate, plan.
//!
//! apollo-compiler's types live in this module only while an operation is prepared; what is kept refers to
//! nothing of them.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
};

use apollo_compiler::{
    ExecutableDocument,
    ast::Document,
    executable::{Operation, OperationType},
    parser::Parser,
    validation::{DiagnosticList, Valid},
};
use tributary_federation::{
    Fact, OperationKind, PlanError, PlanOptions,
    event::PayloadShape,
    plan_operation,
    variables::{VariableProgram, check_one_of},
};

use super::{
    graph::Graph,
    introspection::{self, Introspection},
    limits,
    plans::{Plans, Variant},
    subscribe::Subscribing,
};
use crate::{
    config::Limits,
    error::{Code, GraphqlError, Location, Rejection},
    subscription::RootField,
};

/// An operation that is ready to be run with any variables.
#[derive(Debug)]
pub struct Prepared {
    /// How to answer it: one plan for each combination of facts that came up.
    pub(super) plans: Plans,
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// How its variables become values.
    pub variables: VariableProgram,
    /// What it asks about the schema.
    pub introspection: Introspection,
    /// Of a subscription.
    pub subscription: Option<Subscribing>,
    /// Without the plans, which become more.
    weight: usize,
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

/// A document with thousands of mistakes needn't be told all of them.
const MOST_ERRORS: usize = 20;
/// How deep the parser may recurse, which is more than any permitted depth needs; it protects the stack.
const PARSER_RECURSION: usize = 500;

impl Prepared {
    /// Roughly what it takes in memory.
    pub fn weight(&self) -> usize {
        self.weight + self.plans.weight()
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

/// A refusal, and what it rests upon besides the operation and the graph.
pub(super) type Refused = (Rejection, Vec<(Fact, bool)>);

/// Prepares an operation. It takes up to some milliseconds of work, so it has no place on an IO thread.
pub(super) fn prepare(
    graph: &Graph,
    rules: &Rules,
    query: &str,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
) -> Result<Prepared, Refused> {
    let for_all = |rejection| (rejection, Vec::new());
    let document = parse_and_validate(graph, &rules.limits, query).map_err(for_all)?;
    let operation = runnable(graph, &document, operation_name).map_err(for_all)?;
    let subscription = subscribing(graph, &document, operation).map_err(for_all)?;
    let Variant { facts, outcome } = plan_with(graph, &document, operation_name, facts, None);
    let plan = match outcome {
        Ok(plan) => plan,
        Err(rejection) => return Err((rejection, facts)),
    };
    if plan.has_introspection && !rules.introspection {
        let error = GraphqlError::new(Code::IntrospectionDisabled, "Introspection is switched off");
        return Err(for_all(error.into()));
    }
    let introspection = introspection::prepare(graph, &document, operation, plan.has_introspection, query)
        .map_err(for_all)?;
    Ok(Prepared {
        kind: plan.kind,
        plans: Plans::new(Variant { facts, outcome: Ok(plan) }),
        variables: VariableProgram::compile(graph.input_types(), operation),
        weight: introspection.weight() + query.len(),
        introspection,
        subscription,
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
) -> Variant {
    match parse_and_validate(graph, &rules.limits, query) {
        Ok(document) => plan_with(graph, &document, operation_name, facts, None),
        Err(rejection) => Variant { facts: Vec::new(), outcome: Err(rejection) },
    }
}

/// Plans a subscription's operation for events whose payloads have these fields.
pub(super) fn plan_for_payload(
    graph: &Graph,
    rules: &Rules,
    query: &str,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
    payload: &PayloadShape,
) -> Variant {
    match parse_and_validate(graph, &rules.limits, query) {
        Ok(document) => plan_with(graph, &document, operation_name, facts, Some(payload)),
        Err(rejection) => Variant { facts: Vec::new(), outcome: Err(rejection) },
    }
}

fn plan_with(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation_name: Option<&str>,
    facts: &dyn Fn(Fact) -> bool,
    payload: Option<&PayloadShape>,
) -> Variant {
    let asked = RefCell::new(Vec::new());
    let holds = |fact| {
        let holds = facts(fact);
        asked.borrow_mut().push((fact, holds));
        holds
    };
    let options = PlanOptions { facts: &holds, payload, ..PlanOptions::default() };
    match plan_operation(graph.supergraph(), document, operation_name, &options) {
        Ok(plan) => Variant::of(plan),
        Err(error) => {
            let mut facts = asked.into_inner();
            facts.sort_unstable();
            facts.dedup();
            Variant { facts, outcome: Err(planning_failed(error)) }
        }
    }
}

/// The operation, if it is one that can be run here.
fn runnable<'d>(
    graph: &Graph,
    document: &'d Valid<ExecutableDocument>,
    name: Option<&str>,
) -> Result<&'d Operation, Rejection> {
    let operation = find_operation(document, name)?;
    check_one_of(graph.schema(), document, operation)
        .map_err(|mistake| GraphqlError::new(Code::ValidationFailed, mistake))?;
    Ok(operation)
}

/// What a subscription has besides; `None`: it is a query or a mutation.
fn subscribing(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
) -> Result<Option<Subscribing>, Rejection> {
    if operation.operation_type != OperationType::Subscription {
        return Ok(None);
    }
    let refused = |why: String| Rejection::from(GraphqlError::new(Code::ValidationFailed, why));
    let root = RootField::read(document, operation).map_err(|why| refused(why.to_string()))?;
    let root = root.ok_or_else(|| refused("A subscription needs a field that it subscribes to".into()))?;
    Ok(Some(Subscribing::new(graph, root)))
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
        let mut json = diagnostic.to_json();
        // Clients know it from the specification's drafts.
        if json.message.contains("cannot find directive `@stream`") {
            json.message =
                "@stream isn't supported: a list comes as a whole; a fragment can come later with @defer"
                    .into();
        }
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
