//! What changes between two API schemas mean for the clients of a graph.
//!
//! ```text
//! old API schema ─┐
//!                 ├─compare──▶ Changes, each with code, coordinate and severity
//! new API schema ─┘
//! new Supergraph ──operation_problems──▶ why a known operation can't be run on it
//! old API schema, known operations ──Uses──▶ which changes can reach their clients
//! ```
//!
//! The first says what could break clients that nobody knows, the second what breaks those whose operations are
//! known. The criteria are those that GraphQL's users know from graphql-js and graphql-inspector; where a code has
//! a name there, it has the same name here. Stricter on purpose: an argument or input field that loses its default
//! and so becomes required breaks clients, and a new object type that implements an interface that was there is
//! as dangerous as an old one that comes to implement it.
//!
//! ```
//! use tributary_federation::changes::{Code, Severity, compare};
//! use apollo_compiler::Schema;
//!
//! let old = Schema::parse_and_validate("type Query { name: String size: Int }", "old.graphql").unwrap();
//! let new = Schema::parse_and_validate("type Query { name: String! }", "new.graphql").unwrap();
//! let changes = compare(&old, &new);
//!
//! assert_eq!(changes[0].code, Code::FieldRemoved);
//! assert_eq!(changes[0].severity(), Severity::Breaking);
//! assert_eq!(changes[0].to_string(), "FIELD_REMOVED Query.size: the field was removed");
//! assert_eq!(changes[1].code, Code::FieldChangedKindSafe);
//! ```

mod code;
mod directives;
mod fields;
mod inputs;
mod operations;
mod types;
mod uses;

use std::fmt;

use apollo_compiler::validation::Valid;
use apollo_compiler::{Node, Schema, ast};

pub use code::{Code, Severity};
pub use operations::{OperationProblem, operation_problems};
pub use uses::Uses;

/// One difference between two API schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change; it decides about the severity.
    pub code: Code,
    /// Where, as a schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `@directive`.
    pub coordinate: String,
    /// What happened, in words; the coordinate isn't repeated.
    pub message: String,
}

impl Change {
    /// What it means for clients.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.coordinate, self.message)
    }
}

/// Every change that a client could notice, the worst first, then by coordinate.
pub fn compare(old: &Valid<Schema>, new: &Valid<Schema>) -> Vec<Change> {
    let mut changes = Changes::default();
    types::compare_roots(old, new, &mut changes);
    types::compare(old, new, &mut changes);
    directives::compare(old, new, &mut changes);
    let mut found = changes.found;
    found.sort_by(|a, b| {
        let key = |change: &Change| (change.severity(), change.code.as_str());
        (key(a).0, &a.coordinate, key(a).1, &a.message).cmp(&(key(b).0, &b.coordinate, key(b).1, &b.message))
    });
    found
}

/// Collects what is found.
#[derive(Default)]
struct Changes {
    found: Vec<Change>,
}

impl Changes {
    fn add(&mut self, code: Code, coordinate: impl Into<String>, message: impl Into<String>) {
        self.found.push(Change { code, coordinate: coordinate.into(), message: message.into() });
    }

    fn descriptions(&mut self, coordinate: &str, old: Option<&Node<str>>, new: Option<&Node<str>>) {
        if old != new {
            self.add(Code::DescriptionChanged, coordinate, "the description changed");
        }
    }

    fn deprecations(
        &mut self,
        coordinate: &str,
        old: Option<&Node<ast::Directive>>,
        new: Option<&Node<ast::Directive>>,
    ) {
        let reason = |directive: &Node<ast::Directive>| {
            let given = directive.specified_argument_by_name("reason").and_then(|value| value.as_str());
            given.unwrap_or("No longer supported").to_owned()
        };
        match (old.map(reason), new.map(reason)) {
            (None, Some(reason)) => {
                self.add(Code::DeprecationAdded, coordinate, format!("it is deprecated now: {reason}"));
            }
            (Some(_), None) => {
                self.add(Code::DeprecationRemoved, coordinate, "it is no longer deprecated");
            }
            (Some(old), Some(new)) if old != new => {
                let message = format!("the reason of its deprecation is now {new:?}");
                self.add(Code::DeprecationReasonChanged, coordinate, message);
            }
            _ => {}
        }
    }
}
