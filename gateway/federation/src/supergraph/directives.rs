//! Reads the join specification's directives off a supergraph schema.

use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Node, Schema};

use super::contexts::ContextArgument;

/// `@join__type`
pub(super) struct JoinType<'a> {
    pub graph: &'a str,
    pub key: Option<&'a str>,
    pub resolvable: bool,
    pub interface_object: bool,
}

/// `@join__field`; without `graph` the field comes from interface objects only.
pub(super) struct JoinField<'a> {
    pub graph: Option<&'a str>,
    pub requires: Option<&'a str>,
    pub provides: Option<&'a str>,
    pub ty: Option<&'a str>,
    pub external: bool,
    pub overrides: Option<&'a str>,
    pub used_overridden: bool,
    pub label: Option<&'a str>,
    pub contexts: Vec<ContextArgument<'a>>,
}

pub(super) fn string<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    match &**argument(directive, name)? {
        Value::String(text) => Some(text),
        Value::Enum(name) => Some(name),
        _ => None,
    }
}

fn flag(directive: &Directive, name: &str, default: bool) -> bool {
    argument(directive, name).and_then(|value| value.to_bool()).unwrap_or(default)
}

pub(super) fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Node<Value>> {
    directive
        .arguments
        .iter()
        .find(|argument: &&Node<Argument>| argument.name == name)
        .map(|found| &found.value)
}

impl<'a> JoinType<'a> {
    pub fn read(directive: &'a Directive) -> Option<Self> {
        if directive.name != "join__type" {
            return None;
        }
        Some(Self {
            graph: string(directive, "graph")?,
            key: string(directive, "key"),
            resolvable: flag(directive, "resolvable", true),
            interface_object: flag(directive, "isInterfaceObject", false),
        })
    }
}

impl<'a> JoinField<'a> {
    pub fn read(directive: &'a Directive) -> Option<Self> {
        if directive.name != "join__field" {
            return None;
        }
        Some(Self {
            graph: string(directive, "graph"),
            requires: string(directive, "requires"),
            provides: string(directive, "provides"),
            ty: string(directive, "type"),
            external: flag(directive, "external", false),
            overrides: string(directive, "override"),
            used_overridden: flag(directive, "usedOverridden", false),
            label: string(directive, "overrideLabel"),
            contexts: ContextArgument::read(directive),
        })
    }
}

/// The name that a supergraph gives to a linked specification's directive of the same name.
pub(super) fn feature_name(schema: &Schema, feature: &str) -> String {
    let links = schema.schema_definition.directives.iter();
    let mut links = links.filter(|link| link.name == "link" || link.name == "core");
    let named = links.find_map(|link| {
        let url = string(link, "url").or_else(|| string(link, "feature"))?;
        let is_it = url.rsplit('/').nth(1) == Some(feature);
        is_it.then(|| string(link, "as").unwrap_or(feature).to_owned())
    });
    named.unwrap_or_else(|| feature.to_owned())
}
