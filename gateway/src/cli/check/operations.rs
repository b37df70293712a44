//! Trusted operations before and after.

use std::path::Path;

use serde::Serialize;
use tributary_federation::{
    Supergraph,
    changes::{OperationProblem, operation_problems},
};

use crate::{
    config::Limits,
    error::GraphqlError,
    pipeline,
    trusted::{Trusted, TrustedMistake},
};

/// What became of the trusted operations.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug, Clone, Serialize)]
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
    /// `mistakes` are of files that aren't among the `trusted`.
    pub(super) fn check(
        trusted: &Trusted,
        mistakes: &[TrustedMistake],
        old: Option<&Supergraph>,
        new: &Supergraph,
        limits: &Limits,
    ) -> Self {
        let broken: Vec<Broken> = mistakes.iter().map(Broken::of_file).collect();
        let mut unreadable: Vec<&str> = mistakes.iter().map(|mistake| mistake.file.as_str()).collect();
        unreadable.dedup();
        let mut operations = Self { files: unreadable.len(), broken, broken_before: Vec::new() };
        for document in trusted.documents().iter().filter(|document| document.whole) {
            operations.files += 1;
            let parsed = document.parse();
            if let Err(rejection) = pipeline::check_limits(&parsed, limits) {
                // As it is, it wouldn't be run before either; and what exceeds a limit may be long to plan.
                let errors = rejection.errors().iter();
                operations.broken.extend(errors.map(|error| Broken::by_limit(&document.file, error)));
                continue;
            }
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

impl Operations {
    /// The same with the files' paths from where the command runs.
    pub(super) fn in_folder(&self, folder: &Path) -> Self {
        let mut own = self.clone();
        for broken in own.broken.iter_mut().chain(&mut own.broken_before) {
            broken.file = folder.join(&broken.file).to_string_lossy().into_owned();
        }
        own
    }
}

impl Broken {
    fn of_file(mistake: &TrustedMistake) -> Self {
        Self {
            file: mistake.file.clone(),
            line: mistake.place.map(|(line, _)| line),
            column: mistake.place.map(|(_, column)| column),
            operation: None,
            code: "TRUSTED_DOCUMENT_INVALID",
            message: mistake.message.clone(),
        }
    }

    fn by_limit(file: &str, error: &GraphqlError) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
            operation: None,
            code: error.code().as_str(),
            message: error.message.to_string(),
        }
    }

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
