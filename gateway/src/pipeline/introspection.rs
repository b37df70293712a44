//! Questions about the schema, answered beside the plan by apollo-compiler.

use apollo_compiler::{
    ExecutableDocument,
    executable::Operation,
    introspection::{check_max_depth, partial_execute},
    request::{RequestError, coerce_variable_values},
    response::JsonMap,
    validation::Valid,
};
use bytes::Bytes;

use super::{
    graph::Graph,
    prepare::{find_operation, parse_and_validate},
};
use crate::{
    config::Limits,
    error::{Code, GraphqlError, Rejection},
};

/// Response keys of the root selection and their values as JSON.
pub type Answers = Vec<(Box<str>, Bytes)>;

/// What an operation asks about the schema.
#[derive(Debug)]
pub enum Introspection {
    /// Nothing.
    None,
    /// Always the same: the answer is kept. This is what tools send.
    Fixed(Answers),
    /// It depends on variables, so it is answered anew from the operation's text each time. Rare, and cheap.
    PerRequest {
        /// The text.
        query: Box<str>,
        /// Which operation of it.
        operation_name: Option<Box<str>>,
    },
}

impl Introspection {
    /// Roughly what it takes in memory.
    pub fn weight(&self) -> usize {
        match self {
            Introspection::None => 0,
            Introspection::Fixed(answers) => {
                answers.iter().map(|(key, json)| key.len() + json.len() + 64).sum()
            }
            Introspection::PerRequest { query, .. } => query.len(),
        }
    }
}

/// Answers what can be answered before there are variables.
pub(super) fn prepare(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    asked: bool,
    query: &str,
) -> Result<Introspection, Rejection> {
    if !asked {
        return Ok(Introspection::None);
    }
    // The schema's types are recursive: a small query could ask for an enormous answer.
    check_max_depth(document, operation)
        .map_err(|error| GraphqlError::new(Code::LimitExceeded, error.message().to_string()))?;
    if operation.variables.is_empty() {
        return Ok(Introspection::Fixed(answer(graph, document, operation, &JsonMap::default())?));
    }
    let operation_name = operation.name.as_ref().map(|name| name.as_str().into());
    Ok(Introspection::PerRequest { query: query.into(), operation_name })
}

/// Answers with the variables of one request.
pub(super) fn answer_with(
    graph: &Graph,
    limits: &Limits,
    query: &str,
    operation_name: Option<&str>,
    variables: Option<&Bytes>,
) -> Result<Answers, Rejection> {
    let document = parse_and_validate(graph, limits, query)?;
    let operation = find_operation(&document, operation_name)?;
    let variables = match variables {
        Some(json) => serde_json::from_slice(json)
            .map_err(|error| GraphqlError::new(Code::BadRequest, format!("variables: {error}")))?,
        None => JsonMap::default(),
    };
    answer(graph, &document, operation, &variables)
}

fn answer(
    graph: &Graph,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    variables: &JsonMap,
) -> Result<Answers, Rejection> {
    let failed = |error: RequestError| GraphqlError::new(Code::BadUserInput, error.message().to_string());
    let schema = graph.schema();
    let variables = coerce_variable_values(schema, operation, variables).map_err(failed)?;
    let response =
        partial_execute(schema, graph.implementers(), document, operation, &variables).map_err(failed)?;
    if let Some(error) = response.errors.first() {
        return Err(GraphqlError::internal(format_args!("introspection failed: {}", error.message)).into());
    }
    let fields = response.data.unwrap_or_default();
    let answers = fields.iter().map(|(key, value)| {
        let json = serde_json::to_vec(value).expect("JSON serialises");
        (Box::from(key.as_str()), Bytes::from(json))
    });
    Ok(answers.collect())
}
