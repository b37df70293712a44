//! Directives of the supergraph, and which specifications they come from.

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Directive, DirectiveList, Value};

use super::super::merge::{Join, JoinedDirective, Merged, MergedMarks, context_name};
use super::super::model::{Marks, Subgraph};
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
    pub(super) context: bool,
    pub(super) cache_tag: bool,
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
    demands(common, features, list);
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
    features.cache_tag |= marks.joined.iter().any(|joined| joined.name == "federation__cacheTag");
    list.0.extend(marks.joined.iter().map(|joined| join_directive(merged, joined)));
}

/// Adds what an element demands of whoever asks for it.
fn demands(common: &Marks, features: &mut Features, list: &mut DirectiveList) {
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
}

/// What the gateway sets a field's arguments from, in one subgraph.
pub(super) fn context_arguments(subgraph: &Subgraph, join: &Join<'_>) -> Option<Value> {
    let arguments = join.contextual.iter().filter_map(|input| {
        let source = input.from_context.as_ref()?.source.as_ref()?;
        let fields = [
            ("context", string(&context_name(subgraph, &source.context))),
            ("name", string(&input.name)),
            ("type", string(&input.ty.to_string())),
            ("selection", string(&source.text)),
        ];
        let fields = fields.into_iter().map(|(name, value)| (static_name(name), Node::new(value)));
        Some(Node::new(Value::Object(fields.collect())))
    });
    let arguments: Vec<Node<Value>> = arguments.collect();
    (!arguments.is_empty()).then_some(Value::List(arguments))
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
