//! The supergraph's schema definition, its links, and the definitions of its specifications.

use std::collections::BTreeMap;
use std::fmt::Write;

use apollo_compiler::ast::{Directive, DirectiveDefinition, DirectiveList};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

use super::super::links::Link;
use super::super::merge::{Graph, Merged, is_executable};
use super::Features;
use super::directives::string;

const JOIN: &str = r#"
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue

scalar link__Import

enum link__Purpose {
  """`SECURITY` features provide metadata necessary to securely resolve fields."""
  SECURITY
  """`EXECUTION` features provide metadata necessary for operation execution."""
  EXECUTION
}
"#;

const TAG: &str = "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA\n";
const INACCESSIBLE: &str = "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION\n";
const AUTHENTICATED: &str =
    "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\n";
const SCOPES: &str = "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\n\nscalar requiresScopes__Scope\n";
const POLICY: &str = "directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\n\nscalar policy__Policy\n";
const CONTEXT: &str = "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION\n\ndirective @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION\n\nscalar context__ContextFieldValue\n";
const COST: &str = "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR\n\ndirective @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION\n";

/// Everything before the types.
pub(super) fn print(merged: &Merged<'_>, features: &Features, on_schema: &DirectiveList) -> String {
    let mut text = String::from("schema\n");
    let spec = |name: &str, rest: &str| format!("  @link(url: \"https://specs.apollo.dev/{name}\"{rest})\n");
    text.push_str(&spec("link/v1.0", ""));
    text.push_str(&spec("join/v0.5", ", for: EXECUTION"));
    let mut definitions = String::from(JOIN);
    let used = [
        (features.tag, "tag/v0.3", "", TAG),
        (features.inaccessible, "inaccessible/v0.2", ", for: SECURITY", INACCESSIBLE),
        (features.authenticated, "authenticated/v0.1", ", for: SECURITY", AUTHENTICATED),
        (features.scopes, "requiresScopes/v0.1", ", for: SECURITY", SCOPES),
        (features.policy, "policy/v0.1", ", for: SECURITY", POLICY),
        (features.context, "context/v0.1", ", for: SECURITY", CONTEXT),
        (features.cost, "cost/v0.1", ", import: [\"@cost\", \"@listSize\"]", COST),
        // Its directives are written as `@join__directive`.
        (features.cache_tag, "cacheTag/v0.1", ", for: EXECUTION", ""),
    ];
    for (_, url, purpose, definition) in used.into_iter().filter(|(used, ..)| *used) {
        text.push_str(&spec(url, purpose));
        if definition.is_empty() {
            continue;
        }
        definitions.push('\n');
        definitions.push_str(definition);
    }
    foreign_links(merged, &mut text);
    for directive in on_schema.iter() {
        let _ = writeln!(text, "  {}", directive.serialize().no_indent());
    }
    roots(merged, &mut text);
    text.push_str(&definitions);
    for definition in custom_definitions(merged) {
        let _ = write!(text, "\n{definition}");
    }
    graphs(merged, &mut text);
    text
}

fn roots(merged: &Merged<'_>, text: &mut String) {
    text.push_str("{\n");
    for (operation, name) in [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")]
    {
        if merged.types.contains_key(name) {
            let _ = writeln!(text, "  {operation}: {name}");
        }
    }
    text.push_str("}\n");
}

fn graphs(merged: &Merged<'_>, text: &mut String) {
    text.push_str("\nenum join__Graph {\n");
    for subgraph in merged.subgraphs {
        let (name, url) = (string(&subgraph.name), string(&subgraph.url));
        let _ = writeln!(text, "  {} @join__graph(name: {name}, url: {url})", subgraph.graph);
    }
    text.push_str("}\n");
}

/// Specifications of composed directives are linked; those for the gateway are kept for each subgraph.
fn foreign_links(merged: &Merged<'_>, text: &mut String) {
    let mut composed: BTreeMap<String, Composed> = BTreeMap::new();
    let mut joined: IndexMap<String, (&Directive, Vec<Graph>)> = IndexMap::new();
    for (graph, subgraph) in merged.subgraphs.iter().enumerate() {
        for link in &subgraph.links.foreign {
            if link.is_joined() {
                let same = link.directive.to_string();
                joined.entry(same).or_insert((&link.directive, Vec::new())).1.push(graph);
                continue;
            }
            for (name, _) in subgraph.links.composed.iter().filter(|(name, _)| link.owns(name)) {
                composed.entry(link.identity.clone()).or_default().add(link, name);
            }
        }
    }
    for (identity, link) in &composed {
        link.print(identity, text);
    }
    for (link, graphs) in joined.values() {
        let graphs: Vec<&str> = graphs.iter().map(|graph| merged.subgraphs[*graph].graph.as_str()).collect();
        let args: Vec<String> = link
            .arguments
            .iter()
            .map(|arg| format!("{}: {}", arg.name, arg.value.serialize().no_indent()))
            .collect();
        let _ = writeln!(
            text,
            "  @join__directive(graphs: [{}], name: \"link\", args: {{{}}})",
            graphs.join(", "),
            args.join(", ")
        );
    }
}

/// The link to a specification of composed directives, over all subgraphs.
#[derive(Default)]
struct Composed {
    version: Option<String>,
    imports: BTreeMap<String, String>,
}

impl Composed {
    fn add(&mut self, link: &Link, name: &str) {
        if newer(link.version.as_deref(), self.version.as_deref()) {
            self.version.clone_from(&link.version);
        }
        let element = link.element_of(name).unwrap_or(name);
        self.imports.insert(format!("@{element}"), format!("@{name}"));
    }

    fn print(&self, identity: &str, text: &mut String) {
        let imports: Vec<String> = self
            .imports
            .iter()
            .map(|(element, local)| match element == local {
                true => string(element).to_string(),
                false => format!("{{name: {}, as: {}}}", string(element), string(local)),
            })
            .collect();
        let url = match &self.version {
            Some(version) => format!("{identity}/{version}"),
            None => identity.to_owned(),
        };
        let _ = writeln!(text, "  @link(url: {}, import: [{}])", string(&url), imports.join(", "));
    }
}

fn newer(one: Option<&str>, other: Option<&str>) -> bool {
    let parts = |version: Option<&str>| -> Vec<u32> {
        let digits = version.unwrap_or_default().trim_start_matches('v').to_owned();
        digits.split('.').filter_map(|part| part.parse().ok()).collect()
    };
    other.is_none() || parts(one) > parts(other)
}

/// Composed directives' definitions, and directives for queries that every subgraph defines.
fn custom_definitions(merged: &Merged<'_>) -> Vec<DirectiveDefinition> {
    let mut by_name: IndexMap<&Name, Vec<(Graph, &Node<DirectiveDefinition>)>> = IndexMap::new();
    for (graph, subgraph) in merged.subgraphs.iter().enumerate() {
        for (name, definition) in &subgraph.directives {
            by_name.entry(name).or_default().push((graph, definition));
        }
    }
    let mut definitions = Vec::new();
    for (name, parts) in by_name {
        let composed = parts.iter().find(|(graph, _)| merged.subgraphs[*graph].links.is_composed(name));
        let joined = parts.iter().any(|(graph, _)| merged.subgraphs[*graph].links.joined(name).is_some());
        if joined {
            continue;
        }
        if composed.is_some() {
            definitions.push(united(&parts));
        } else if parts.len() == merged.subgraphs.len() {
            definitions.extend(executable(&parts));
        }
    }
    definitions
}

/// A composed directive, wherever and with whatever arguments one of the subgraphs writes it.
fn united(parts: &[(Graph, &Node<DirectiveDefinition>)]) -> DirectiveDefinition {
    let mut all = DirectiveDefinition::clone(parts[0].1);
    for (_, other) in &parts[1..] {
        for location in &other.locations {
            if !all.locations.contains(location) {
                all.locations.push(*location);
            }
        }
        all.repeatable |= other.repeatable;
        for argument in &other.arguments {
            if all.argument_by_name(&argument.name).is_none() {
                all.arguments.push(argument.clone());
            }
        }
    }
    all
}

/// A directive that clients may write in a query: what all subgraphs understand of it.
fn executable(parts: &[(Graph, &Node<DirectiveDefinition>)]) -> Option<DirectiveDefinition> {
    let mut common = DirectiveDefinition::clone(parts.first()?.1);
    common.locations.retain(|location| is_executable(*location));
    for (_, other) in parts {
        common.locations.retain(|location| other.locations.contains(location));
        common.arguments.retain(|argument| other.argument_by_name(&argument.name).is_some());
        common.repeatable &= other.repeatable;
    }
    (!common.locations.is_empty()).then_some(common)
}
