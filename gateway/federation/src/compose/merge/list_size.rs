//! `@listSize` of several subgraphs: the larger size, and whatever one of them names.

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node, name};
use indexmap::IndexMap;

use super::super::diagnostic::Code;
use super::super::model::{Field, Marks};
use super::{Graph, MergedInput, Merger, places};

/// Both together: `assumedSize` is the greater one, the lists are united, and one slicing argument is required where
/// both require it.
pub(super) fn both(one: Option<Node<Directive>>, other: Option<&Node<Directive>>) -> Option<Node<Directive>> {
    let (one, other) = match (one, other) {
        (Some(one), Some(other)) if one.arguments != other.arguments => (one, other),
        (one, other) => return one.or_else(|| other.cloned()),
    };
    let merged = [
        (name!("assumedSize"), greater as fn(&Value, &Value) -> Value),
        (name!("slicingArguments"), united),
        (name!("sizedFields"), united),
        (name!("requireOneSlicingArgument"), and),
    ]
    .into_iter()
    .filter_map(|(name, both)| {
        let value = match (one.specified_argument_by_name(&name), other.specified_argument_by_name(&name)) {
            (Some(one), Some(other)) => Node::new(both(one, other)),
            (one, other) => one.or(other)?.clone(),
        };
        Some(Node::new(Argument { name, value }))
    });
    Some(Node::new(Directive { name: one.name.clone(), arguments: merged.collect() }))
}

fn greater(one: &Value, other: &Value) -> Value {
    if one.to_i32() >= other.to_i32() { one.clone() } else { other.clone() }
}

fn and(one: &Value, other: &Value) -> Value {
    Value::Boolean(one.to_bool().unwrap_or(true) && other.to_bool().unwrap_or(true))
}

/// A single value stands for a list of one.
fn united(one: &Value, other: &Value) -> Value {
    let mut items: Vec<Node<Value>> = Vec::new();
    for value in [one, other] {
        let single = [Node::new(value.clone())];
        for item in value.as_list().unwrap_or(&single) {
            if !items.contains(item) && !item.is_null() {
                items.push(item.clone());
            }
        }
    }
    Value::List(items)
}

impl<'a> Merger<'a, '_> {
    /// Takes out slicing arguments that aren't in the supergraph; when none is left, that is an error.
    pub(super) fn slicing_arguments(
        &mut self,
        coordinate: &str,
        marks: &mut Marks,
        arguments: &IndexMap<Name, MergedInput>,
        parts: &[(Graph, &'a Field)],
    ) {
        let Some(size) = &mut marks.list_size else { return };
        let Some(at) = size.arguments.iter().position(|argument| argument.name == "slicingArguments") else {
            return;
        };
        let named = united(&size.arguments[at].value, &Value::List(Vec::new()));
        let items = named.as_list().unwrap_or_default();
        let exists = |item: &&Node<Value>| item.as_str().is_some_and(|name| arguments.contains_key(name));
        let kept: Vec<Node<Value>> = items.iter().filter(exists).cloned().collect();
        if kept.is_empty() && !items.is_empty() {
            let message = format!(
                "All arguments for @listSize(slicingArguments:) on field \"{coordinate}\" were disregarded. For an argument to be valid, it must be defined in every subgraph where the field exists."
            );
            let places = places(self.subgraphs, parts.iter().map(|(graph, field)| (*graph, field.span)));
            let help = "add a slicing argument to the other subgraphs";
            self.report.error(Code::ListSizeInvalidSlicingArgument, message).at(places).help(help);
        } else if kept.len() < items.len() {
            size.make_mut().arguments[at].make_mut().value = Node::new(Value::List(kept));
        }
    }
}
