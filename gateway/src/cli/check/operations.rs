//! Trusted operations before and after.

use serde::Serialize;
use tributary_federation::{
    Supergraph,
    changes::{OperationProblem, operation_problems},
};

use crate::trusted::Trusted;

/// What became of the trusted operations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operations {
    /// How many files with operations there are.
    pub(super) files: usize,
    /// What the change breaks.
    pub(super) broken: Vec<Broken>,
    /// What didn't work before either.
    pub(super) broken_before: Vec<Broken>,
}

/// One reason why an operation can't be run.
#[derive(Debug, Serialize)]
pub(super) struct Broken {
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Operations {
    pub(super) fn check(trusted: &Trusted, old: Option<&Supergraph>, new: &Supergraph) -> Self {
        let mut operations = Self { files: 0, broken: Vec::new(), broken_before: Vec::new() };
        for document in trusted.documents().iter().filter(|document| document.whole) {
            operations.files += 1;
            let parsed = document.parse();
            let before = old.map(|old| operation_problems(old, &parsed)).unwrap_or_default();
            for problem in operation_problems(new, &parsed) {
                let list = match before.contains(&problem) {
                    true => &mut operations.broken_before,
                    false => &mut operations.broken,
                };
                list.push(Broken::new(&document.file, problem));
            }
        }
        operations
    }
}

impl Broken {
    fn new(file: &str, problem: OperationProblem) -> Self {
        Self {
            file: file.to_owned(),
            line: problem.place.map(|(line, _)| line),
            column: problem.place.map(|(_, column)| column),
            operation: problem.operation,
            code: problem.code,
            message: problem.message,
        }
    }
}
