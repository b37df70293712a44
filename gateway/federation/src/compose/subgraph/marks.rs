//! The directives that can stand on any element and are carried over into the supergraph.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveList, Value};

use super::super::diagnostic::Code;
use super::super::model::Marks;
use super::super::spec::Known;
use super::Reader;

impl Reader<'_> {
    /// Adds what the directives of one definition or extension say.
    pub(super) fn marks(&mut self, marks: &mut Marks, directives: &DirectiveList) {
        for directive in directives.iter() {
            match self.links().known(&directive.name) {
                Some(known) => {
                    known_mark(marks, known, directive);
                    if known.is_carried_over() {
                        self.subgraph.carried_over.insert(known);
                    }
                }
                None => self.foreign_mark(marks, directive),
            }
        }
    }

    /// The supergraph can't say directives for the gateway on this element: tells those that are lost.
    pub(super) fn without_joined(&mut self, at: &str, marks: &mut Marks) {
        for lost in marks.joined.drain(..) {
            let message = format!(
                "[{}] Directive \"@{}\" on \"{at}\" is left out: only object types, interfaces and their fields keep it",
                self.subgraph.name, lost.name
            );
            let place = self.subgraph.place(lost.location());
            self.report.hint(Code::DirectiveCompositionWarn, message).at(place);
        }
    }

    fn foreign_mark(&self, marks: &mut Marks, directive: &Node<Directive>) {
        if self.links().joined(&directive.name).is_some() {
            marks.joined.push(directive.clone());
        } else if self.links().is_composed(&directive.name) {
            marks.composed.push(directive.clone());
        }
    }
}

fn known_mark(marks: &mut Marks, known: Known, directive: &Node<Directive>) {
    let argument = |name| directive.specified_argument_by_name(name);
    match known {
        Known::Inaccessible => marks.inaccessible = true,
        Known::Tag => marks.tags.extend(argument("name").and_then(|name| name.as_str()).map(str::to_owned)),
        Known::Authenticated => marks.authenticated = true,
        Known::RequiresScopes => marks.scopes = argument("scopes").map(|value| alternatives(value)),
        Known::Policy => marks.policies = argument("policies").map(|value| alternatives(value)),
        Known::Cost => marks.cost = argument("weight").and_then(|weight| weight.to_i32()),
        Known::ListSize => marks.list_size = Some(directive.clone()),
        Known::Deprecated => marks.deprecated = Some(directive.clone()),
        Known::SpecifiedBy => marks.specified_by = Some(directive.clone()),
        Known::OneOf => marks.one_of = true,
        Known::CacheTag | Known::CacheControl => marks.joined.push(directive.clone()),
        _ => {}
    }
}

/// `[["a", "b"], ["c"]]`: a and b together, or c. A single value stands for a list of one, as GraphQL coerces it.
fn alternatives(value: &Value) -> Vec<Vec<String>> {
    let all_of = |value: &Value| match value.as_list() {
        Some(items) => items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect(),
        None => value.as_str().map(str::to_owned).into_iter().collect(),
    };
    match value.as_list() {
        Some(items) => items.iter().map(|item| all_of(item)).collect(),
        None => vec![all_of(value)],
    }
}
