//! Directives of the supergraph, and which specifications they come from.

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Directive, DirectiveList, Value};

use super::super::merge::{JoinedDirective, Merged, MergedMarks};
use super::static_name;

/// The specifications that the supergraph uses, found while printing.
#[derive(Default)]
pub(super) struct Features {
    pub(super) tag: bool,
    pub(super) inaccessible: bool,
    pub(super) authenticated: bool,
    pub(super) scopes: bool,
    pub(super) policy: bool,
    pub(super) cost: bool,
}

/// Makes a directive.
pub(super) fn directive(
    name: &'static str,
    arguments: impl IntoIterator<Item = (&'static str, Value)>,
) -> Node<Directive> {
    let arguments = arguments
        .into_iter()
        .map(|(name, value)| Node::new(Argument { name: static_name(name), value: Node::new(value) }));
    Node::new(Directive { name: static_name(name), arguments: arguments.collect() })
}

pub(super) fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Adds what an element's marks say.
pub(super) fn apply(
    merged: &Merged<'_>,
    marks: &MergedMarks,
    features: &mut Features,
    list: &mut DirectiveList,
) {
    let common = &marks.common;
    list.0.extend(common.specified_by.clone());
    list.0.extend(common.deprecated.clone());
    if common.one_of {
        list.push(directive("oneOf", []));
    }
    if common.inaccessible {
        features.inaccessible = true;
        list.push(directive("inaccessible", []));
    }
    for tag in &common.tags {
        features.tag = true;
        list.push(directive("tag", [("name", string(tag))]));
    }
    if common.authenticated {
        features.authenticated = true;
        list.push(directive("authenticated", []));
    }
    if let Some(scopes) = &common.scopes {
        features.scopes = true;
        list.push(directive("requiresScopes", [("scopes", alternatives(scopes))]));
    }
    if let Some(policies) = &common.policies {
        features.policy = true;
        list.push(directive("policy", [("policies", alternatives(policies))]));
    }
    if let Some(weight) = common.cost {
        features.cost = true;
        list.push(directive("cost", [("weight", Value::from(weight))]));
    }
    if let Some(size) = &common.list_size {
        features.cost = true;
        // It may have another name in its subgraph.
        let named = Directive { name: static_name("listSize"), arguments: size.arguments.clone() };
        list.push(named);
    }
    list.0.extend(common.composed.iter().cloned());
    list.0.extend(marks.joined.iter().map(|joined| join_directive(merged, joined)));
}

fn join_directive(merged: &Merged<'_>, joined: &JoinedDirective) -> Node<Directive> {
    let graphs = joined.graphs.iter().map(|graph| Value::Enum(merged.subgraphs[*graph].graph.clone()));
    let graphs = Value::List(graphs.map(Node::new).collect());
    let arguments = joined.directive.arguments.iter().map(|arg| (arg.name.clone(), arg.value.clone()));
    let args = Value::Object(arguments.collect());
    directive("join__directive", [("graphs", graphs), ("name", string(&joined.name)), ("args", args)])
}

fn alternatives(of: &[Vec<String>]) -> Value {
    let list = |items: Vec<Value>| Value::List(items.into_iter().map(Node::new).collect());
    list(of.iter().map(|all| list(all.iter().map(|item| string(item)).collect())).collect())
}
