//! What composition says about the subgraphs it was given: stable codes, places, and how to mend it.

mod code;
mod remedy;

use std::fmt;

pub use code::Code;

/// A finding of composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable, public name of the rule.
    pub code: Code,
    /// Whether the finding prevents a supergraph.
    pub severity: Severity,
    /// What is wrong, in a sentence that names the elements and the subgraphs.
    pub message: String,
    /// Where, in the order of the subgraphs' names; empty when the finding is about no text.
    pub places: Vec<Place>,
    /// How to mend it, where there is a usual way.
    pub help: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no supergraph.
    Error,
    /// The supergraph is good, but something in it is probably not meant.
    Hint,
}

/// A place in a subgraph's SDL; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The subgraph's name.
    pub subgraph: String,
    /// Line in the subgraph's SDL.
    pub line: usize,
    /// Column in that line, in characters.
    pub column: usize,
}

impl Diagnostic {
    /// Whether this finding prevents a supergraph.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        for place in &self.places {
            write!(f, "\n  at {place}")?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.subgraph, self.line, self.column)
    }
}

/// Collects findings, so that all of them are told at once.
#[derive(Debug, Default)]
pub(super) struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Adds an error; the result takes places and help.
    pub(super) fn error(&mut self, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.add(code, Severity::Error, shortened(message.into()))
    }

    /// Adds a hint; the result takes places and help.
    pub(super) fn hint(&mut self, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.add(code, Severity::Hint, message.into())
    }

    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Errors first, otherwise in the order of finding, which follows the subgraphs' names.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|d| !d.is_error());
        for diagnostic in self.diagnostics.iter_mut().filter(|d| d.is_error() && d.help.is_none()) {
            diagnostic.help = remedy::remedy(diagnostic.code).map(str::to_owned);
        }
        self.diagnostics
    }

    fn add(&mut self, code: Code, severity: Severity, message: String) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic { code, severity, message, places: Vec::new(), help: None });
        &mut self.diagnostics[at]
    }
}

impl Diagnostic {
    pub(super) fn at(&mut self, places: impl IntoIterator<Item = Place>) -> &mut Self {
        self.places.extend(places);
        self
    }

    pub(super) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }
}

/// `"a"`, `"a" and "b"`, `"a", "b" and "c"`.
pub(super) fn and_list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut quoted: Vec<String> = items.into_iter().map(|item| format!("\"{item}\"")).collect();
    let Some(last) = quoted.pop() else { return String::new() };
    if quoted.is_empty() { last } else { format!("{} and {last}", quoted.join(", ")) }
}

/// A message quotes what it is about, which may be of any length.
const LONGEST_MESSAGE: usize = 8 * 1024;

fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push('…');
    }
    message
}
