//! Merges the subgraphs' types into those of the supergraph, and checks the rules about several subgraphs.

mod arguments;
mod authorisation;
mod directives;
mod enums;
mod fields;
mod hints;
mod inaccessible;
mod inputs;
mod interfaces;
mod list_size;
mod marks;
mod overrides;
mod sharing;
mod types;
mod values;

use apollo_compiler::ast::{DirectiveLocation, Type, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};
use indexmap::{IndexMap, IndexSet};

use super::diagnostic::{Code, Place, Report};
use super::model::{Field, FieldSet, Input, Kind, Marks, Subgraph, TypeDef};

pub(super) use marks::JoinedDirective;

/// The supergraph before it is printed.
pub(super) struct Merged<'a> {
    pub(super) subgraphs: &'a [Subgraph],
    pub(super) types: IndexMap<Name, MergedType<'a>>,
    /// What stands on the schema itself.
    pub(super) schema: MergedMarks,
}

/// Index of a subgraph in [`Merged::subgraphs`].
pub(super) type Graph = usize;

pub(super) struct MergedType<'a> {
    pub(super) name: Name,
    pub(super) kind: Kind,
    pub(super) description: Option<Node<str>>,
    pub(super) marks: MergedMarks,
    /// Where the type is defined, with its definition there.
    pub(super) parts: Vec<(Graph, &'a TypeDef)>,
    pub(super) implements: IndexSet<Name>,
    /// Contexts that objects of the type set, each by its subgraph's name and its own.
    pub(super) contexts: Vec<String>,
    pub(super) fields: IndexMap<Name, MergedField<'a>>,
    pub(super) members: IndexMap<Name, Vec<Graph>>,
    pub(super) values: IndexMap<Name, MergedValue>,
    pub(super) inputs: IndexMap<Name, MergedInput>,
}

impl<'a> MergedType<'a> {
    pub(super) fn part(&self, graph: Graph) -> Option<&'a TypeDef> {
        self.parts.iter().find(|(at, _)| *at == graph).map(|(_, def)| *def)
    }

    /// Whether a subgraph stands in for all implementations of this interface at once.
    pub(super) fn has_interface_object(&self) -> bool {
        self.parts.iter().any(|(_, def)| def.interface_object)
    }
}

pub(super) struct MergedField<'a> {
    pub(super) name: Name,
    pub(super) description: Option<Node<str>>,
    pub(super) ty: Type,
    pub(super) marks: MergedMarks,
    pub(super) arguments: IndexMap<Name, MergedInput>,
    /// Every definition of the field.
    pub(super) parts: Vec<(Graph, &'a Field)>,
    /// Where the field is in effect, after overriding.
    pub(super) joins: Vec<Join<'a>>,
    /// The field comes from an interface object only.
    pub(super) inherited: bool,
}

/// A field in one subgraph, as the supergraph's `@join__field` says it.
pub(super) struct Join<'a> {
    pub(super) graph: Graph,
    pub(super) ty: &'a Type,
    pub(super) external: bool,
    pub(super) requires: Option<&'a FieldSet>,
    pub(super) provides: Option<&'a FieldSet>,
    pub(super) overrides: Option<&'a str>,
    pub(super) label: Option<&'a str>,
    pub(super) used_overridden: bool,
    /// The arguments that the gateway sets from contexts.
    pub(super) contextual: Vec<&'a Input>,
}

/// What the supergraph calls a context of a subgraph.
pub(super) fn context_name(subgraph: &Subgraph, context: &str) -> String {
    format!("{}__{context}", subgraph.name)
}

/// An argument, or a field of an input type.
pub(super) struct MergedInput {
    pub(super) name: Name,
    pub(super) description: Option<Node<str>>,
    pub(super) ty: Type,
    pub(super) default: Option<Node<Value>>,
    pub(super) marks: MergedMarks,
    /// Subgraphs whose type differs, with their type; empty when all agree.
    pub(super) types: Vec<(Graph, Type)>,
}

pub(super) struct MergedValue {
    pub(super) name: Name,
    pub(super) description: Option<Node<str>>,
    pub(super) marks: MergedMarks,
    pub(super) graphs: Vec<Graph>,
}

/// Marks of all subgraphs together; what is for the gateway stays with its subgraphs.
#[derive(Default)]
pub(super) struct MergedMarks {
    pub(super) common: Marks,
    pub(super) joined: Vec<JoinedDirective>,
}

/// Merges everything, or tells why that can't be done. The result is only to be used when there are no errors.
pub(super) fn merge<'a>(subgraphs: &'a [Subgraph], report: &mut Report) -> Merged<'a> {
    directives::validate(subgraphs, report);
    let mut merger = Merger { subgraphs, report };
    let mut types = merger.types();
    if !types.contains_key("Query") {
        merger.report.error(
            Code::NoQueries,
            "No queries found in any subgraph: a supergraph must have a query root type.",
        );
    }
    merger.composites(&mut types);
    merger.inputs(&mut types);
    merger.enums(&mut types);
    let schema = marks::merge(
        subgraphs,
        subgraphs.iter().enumerate().map(|(graph, subgraph)| (graph, &subgraph.schema)),
    );
    let mut merged = Merged { subgraphs, types, schema };
    sharing::validate(&merged, merger.report);
    interfaces::inherit(&mut merged);
    interfaces::authorise(&mut merged);
    interfaces::validate(&merged, merger.report);
    inaccessible::validate(&merged, merger.report);
    authorisation::validate(&merged, merger.report);
    if !merger.report.has_errors() {
        hints::add(&merged, merger.report);
    }
    merged
}

struct Merger<'a, 'r> {
    subgraphs: &'a [Subgraph],
    report: &'r mut Report,
}

impl<'a> Merged<'a> {
    pub(super) fn name(&self, graph: Graph) -> &'a str {
        &self.subgraphs[graph].name
    }

    /// Whether every value of `sub` is one of `sup`, by the supergraph's types.
    pub(super) fn is_subtype(&self, sub: &Type, sup: &Type) -> bool {
        fields::is_subtype(sub, sup, &|sub, sup| {
            self.types.get(sup).is_some_and(|merged| merged.members.contains_key(sub))
                || self.types.get(sub).is_some_and(|merged| merged.implements.contains(sup))
        })
    }

    /// The object types that a value of this type can have, over all subgraphs.
    pub(super) fn possible<'m>(&'m self, name: &'m Name) -> Vec<&'m Name> {
        match self.types.get(name) {
            Some(merged) if merged.kind == Kind::Union => merged.members.keys().collect(),
            Some(merged) if merged.kind == Kind::Interface => self
                .types
                .values()
                .filter(|other| other.kind == Kind::Object && other.implements.contains(name))
                .map(|other| &other.name)
                .collect(),
            Some(merged) => vec![&merged.name],
            None => Vec::new(),
        }
    }
}

/// The places of an element in several subgraphs.
fn places(
    subgraphs: &[Subgraph],
    spans: impl IntoIterator<Item = (Graph, Option<SourceSpan>)>,
) -> Vec<Place> {
    spans.into_iter().filter_map(|(graph, span)| subgraphs[graph].place(span)).collect()
}

/// Whether a directive there is for queries and not for schemas.
pub(super) fn is_executable(location: DirectiveLocation) -> bool {
    use DirectiveLocation as L;
    matches!(
        location,
        L::Query
            | L::Mutation
            | L::Subscription
            | L::Field
            | L::FragmentDefinition
            | L::FragmentSpread
            | L::InlineFragment
            | L::VariableDefinition
    )
}

/// The description that most subgraphs give; of equally frequent ones the first.
fn description<'a>(given: impl Iterator<Item = &'a Option<Node<str>>>) -> Option<Node<str>> {
    let mut counts: IndexMap<&str, (usize, &Node<str>)> = IndexMap::new();
    for text in given.flatten() {
        counts.entry(text.as_str()).or_insert((0, text)).0 += 1;
    }
    let most = counts.values().map(|(count, _)| *count).max()?;
    counts.into_values().find(|(count, _)| *count == most).map(|(_, text)| Node::new_str(text.as_str()))
}
