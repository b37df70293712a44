//! Operations that clients are known to send, held against a supergraph.

use std::fmt;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Document;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::DiagnosticList;

use crate::variables::check_one_of;
use crate::{Fact, PlanError, PlanOptions, Supergraph, plan_operation};

/// Why an operation can't be run on a supergraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationProblem {
    /// The operation's name; `None`: it has none, or the problem is one of the document.
    pub operation: Option<String>,
    /// `GRAPHQL_VALIDATION_FAILED`, or one of [`PlanError::code`].
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Line and column in the document, from 1.
    pub place: Option<(usize, usize)>,
}

impl fmt::Display for OperationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// A document with thousands of mistakes needn't be told all of them.
const MOST_PROBLEMS: usize = 20;
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";

/// Why a document's operations can't be run; empty when all of them can. An operation that has no problem on one
/// supergraph and some on the next is broken by the change.
///
/// Validity and plans are looked at: whatever is granted to who asks, with the labels of progressive overrides
/// all on and all off. Values of variables aren't known here, so that an enum value or input field which only they
/// name isn't missed here.
///
/// ```
/// use tributary_federation::Supergraph;
/// use tributary_federation::changes::operation_problems;
/// use tributary_federation::compose::{SubgraphSdl, compose};
/// use apollo_compiler::ast::Document;
///
/// let graph = |sdl| {
///     let composed = compose(&[SubgraphSdl { name: "products", url: None, sdl }]);
///     Supergraph::parse(&composed.supergraph.unwrap()).unwrap()
/// };
/// let document = Document::parse("query Greet { hello }", "greet.graphql").unwrap();
/// assert!(operation_problems(&graph("type Query { hello: String }"), &document).is_empty());
///
/// let problems = operation_problems(&graph("type Query { bye: String }"), &document);
/// assert_eq!(problems[0].code, "GRAPHQL_VALIDATION_FAILED");
/// assert_eq!(problems[0].place, Some((1, 15)));
/// ```
pub fn operation_problems(supergraph: &Supergraph, document: &Document) -> Vec<OperationProblem> {
    match document.to_executable_validate(supergraph.api_schema()) {
        Ok(document) => document
            .operations
            .iter()
            .filter_map(|operation| unplannable(supergraph, &document, operation))
            .collect(),
        Err(invalid) => mistakes(&invalid.errors),
    }
}

fn mistakes(diagnostics: &DiagnosticList) -> Vec<OperationProblem> {
    diagnostics
        .iter()
        .take(MOST_PROBLEMS)
        .map(|diagnostic| {
            let json = diagnostic.to_json();
            OperationProblem {
                operation: None,
                code: INVALID,
                message: json.message,
                place: json.locations.first().map(|at| (at.line, at.column)),
            }
        })
        .collect()
}

fn unplannable(
    supergraph: &Supergraph,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Option<OperationProblem> {
    let name = operation.name.as_ref();
    if let Err(message) = check_one_of(supergraph.api_schema(), document, operation) {
        let operation = name.map(ToString::to_string);
        return Some(OperationProblem { operation, code: INVALID, message, place: None });
    }
    let plan = |labels: bool| -> Option<PlanError> {
        // A field that is withheld needs no plan, so everything is granted.
        let facts = |fact: Fact| !matches!(fact, Fact::Label(_)) || labels;
        let options = PlanOptions { facts: &facts, ..PlanOptions::default() };
        plan_operation(supergraph, document, name.map(|name| name.as_str()), &options).err()
    };
    let error =
        plan(false).or_else(|| if supergraph.override_labels().is_empty() { None } else { plan(true) })?;
    Some(OperationProblem {
        operation: name.map(ToString::to_string),
        code: error.code(),
        message: error.to_string(),
        place: None,
    })
}
