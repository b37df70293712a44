//! From an operation to a [`Plan`].
//!
//! 1. [`crate::selection`] brings the operation into normal form.
//! 2. `withheld` takes out what whoever asks may not see, `partial_unions` what an answer must not contain
//!    since it would depend on which subgraph is asked; `contexts` adds what fields take from objects above them.
//! 3. `solve` walks it top-down, one selection set on one kind of object at a time, and decides from which
//!    subgraph each field comes: memoised by (selection set, node), so that the work is bounded by how many
//!    different pairs there are and not by how many paths lead to them. What a choice costs is the set of
//!    (level, subgraph) pairs that it needs, because fetches to one subgraph at one level become one request.
//! 4. `emit` turns the decisions into groups of selections with what they depend on,
//! 5. `fetches` merges and orders the groups and prints their operations, `output` compiles what the client gets.
//!
//! The same input gives the same plan: work is counted, never timed, and nothing depends on a hash's order.

use std::fmt;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, OperationType};
use rustc_hash::FxHashMap;

use crate::event::PayloadShape;
use crate::plan::VariableId;
use crate::selection::{CollectError, Collector, LocalSets, SetId};
use crate::{OperationKind, Plan, Supergraph};

mod choose;
mod contexts;
mod cost;
mod deferred;
mod emit;
mod facts;
mod fetches;
mod group_set;
mod missing;
mod node;
mod output;
mod partial_unions;
mod payload;
mod places;
mod position;
mod representation;
mod request;
mod solve;
mod text;
mod ways;
mod withheld;

pub use facts::Fact;

/// What a plan depends on besides operation and supergraph, and how much work it may be.
#[derive(Clone, Copy)]
pub struct PlanOptions<'a> {
    /// What is true of the request: see [`Fact`]. The plan says which it rests upon ([`Plan::facts`]), and
    /// serves every request of which the same is true.
    pub facts: &'a dyn Fn(Fact) -> bool,
    /// For a subscription that is fed by events: what the event has. Then the first fetch isn't sent; its reply is
    /// the event.
    pub payload: Option<&'a PayloadShape>,
    /// Steps of planning after which it is refused; a step is about a microsecond.
    pub max_work: u64,
}

impl Default for PlanOptions<'_> {
    /// No label is on and nothing is granted.
    fn default() -> Self {
        Self { facts: &|_| false, payload: None, max_work: 2_000_000 }
    }
}

impl fmt::Debug for PlanOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanOptions").field("max_work", &self.max_work).finish_non_exhaustive()
    }
}

/// Why an operation has no plan. The codes are stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The document has no such operation, or several and no name was given.
    #[error("{0}")]
    Operation(String),
    /// The schema has no root type of that kind.
    #[error("the schema has no {0} operations")]
    NoRoot(&'static str),
    /// More work than [`PlanOptions::max_work`], or too many places in the answer.
    #[error("the operation is too complex to be planned")]
    TooComplex,
    /// Selections are nested too deeply.
    #[error("the operation's selections are nested too deeply")]
    TooDeep,
    /// The document was validated against another schema.
    #[error("{0} is not in the supergraph")]
    Unknown(String),
    /// An event's payload that isn't what the schema says of it.
    #[error("the payload {0}")]
    Payload(String),
    /// No way through the subgraphs leads to a field.
    #[error("no subgraph can be asked for {}: {detail}", .paths.join(", "))]
    Unreachable {
        /// Response paths that have no source.
        paths: Vec<String>,
        /// What was tried.
        detail: String,
    },
}

impl PlanError {
    /// The code for `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Operation(_) => "OPERATION_NOT_FOUND",
            Self::NoRoot(_) => "OPERATION_KIND_NOT_SUPPORTED",
            Self::TooComplex => "PLAN_TOO_COMPLEX",
            Self::TooDeep => "PLAN_TOO_DEEP",
            Self::Unknown(_) => "PLAN_UNKNOWN_ELEMENT",
            Self::Payload(_) => "EVENT_PAYLOAD_INVALID",
            Self::Unreachable { .. } => "PLAN_UNREACHABLE",
        }
    }
}

impl From<CollectError> for PlanError {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::TooComplex => Self::TooComplex,
            CollectError::TooDeep => Self::TooDeep,
            CollectError::Unknown(name) => Self::Unknown(name),
        }
    }
}

/// Plans one operation of a document that is valid for the supergraph's API schema.
///
/// # Errors
/// See [`PlanError`].
pub fn plan_operation(
    supergraph: &Supergraph,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    options: &PlanOptions<'_>,
) -> Result<Plan, PlanError> {
    let operation = document
        .operations
        .get(operation_name)
        .map_err(|error| PlanError::Operation(error.message().to_string()))?;
    let kind = match operation.operation_type {
        OperationType::Query => OperationKind::Query,
        OperationType::Mutation => OperationKind::Mutation,
        OperationType::Subscription => OperationKind::Subscription,
    };
    let root = supergraph.root(kind).ok_or(PlanError::NoRoot(operation.operation_type.name()))?;
    let variables: FxHashMap<&str, VariableId> = operation
        .variables
        .iter()
        .enumerate()
        .map(|(at, variable)| (variable.name.as_str(), VariableId(at as u32)))
        .collect();
    let facts = facts::Facts::new(options.facts);
    let arena = typed_arena::Arena::new();
    let mut sets = LocalSets::over(Some(&supergraph.sets), &arena);
    let lookup = |name: &str| variables.get(name).copied();
    let defers = |variable: Option<VariableId>| {
        facts.holds(Fact::Incremental) && variable.is_none_or(|it| facts.holds(Fact::Variable(it)))
    };
    let mut collector =
        Collector::new(supergraph, Some(&document.fragments), &lookup, &mut sets, options.max_work)
            .deferring(&defers);
    let client = collector.collect(&operation.selection_set, &supergraph.ty(root).possible)?;
    let budget = collector.budget();
    let labels = collector.into_labels();
    let mut solver = solve::Solver::new(supergraph, sets, facts, budget);
    if let Some(shape) = options.payload.filter(|_| kind == OperationKind::Subscription) {
        solver.take_payload(shape, client)?;
    }
    let visible = solver.without_withheld(client)?;
    let wanted = partial_unions::PartialUnions::new(&mut solver).narrow_root(visible, root)?;
    let with_contexts = solver.with_contexts(wanted)?;
    let roots = solver.roots(with_contexts, root, kind)?;
    let drafts = emit::emit(solver, (client, wanted), kind, root, &roots)?;
    let work = options.max_work - drafts.solver.budget();
    let plan = fetches::finish(drafts, operation, kind, &labels)?;
    Ok(Plan { work, ..plan })
}

/// The client's root selection in parts that are run one after the other.
struct Roots {
    kind: OperationKind,
    parts: Vec<(SetId, solve::FragId)>,
}

fn variable_type(operation: &Operation, name: &str) -> Option<String> {
    let variable = operation.variables.iter().find(|variable| variable.name == name)?;
    let default = match &variable.default_value {
        Some(value) => format!("={}", value.serialize().no_indent()),
        None => String::new(),
    };
    Some(format!("${}:{}{default}", variable.name, variable.ty))
}
