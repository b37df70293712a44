//! What a question, its plan and its answer contain: read from their structure, not from how their text looks.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::Value as Ast;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value as Json;
use tributary_federation::Plan;
use tributary_federation::plan::{FetchSource, Lookup, Representation, RepresentationValue};

use super::super::world::{Field as Dealt, Subgraph, World};
use super::{Counters, Served};

/// What a document says, as far as it is counted.
#[derive(Default)]
struct Said {
    aliases: bool,
    arguments: bool,
    variables: bool,
    conditions: bool,
    fragments: bool,
    interfaces: bool,
    unions: bool,
}

impl Said {
    fn of(document: &ExecutableDocument, schema: &Schema) -> Self {
        let mut said = Self { fragments: !document.fragments.is_empty(), ..Self::default() };
        each_field(document, &mut |_, field| {
            said.aliases |= field.alias.as_ref().is_some_and(|alias| *alias != field.name);
            said.arguments |= !field.arguments.is_empty();
            said.variables |= field.arguments.iter().any(|it| matches!(*it.value, Ast::Variable(_)));
            let inner = &schema.types[field.ty().inner_named_type()];
            said.interfaces |= inner.is_interface();
            said.unions |= inner.is_union();
        });
        let conditional = |selection: &Selection| {
            let directives = selection.directives();
            directives.has("skip") || directives.has("include")
        };
        said.conditions = sets(document).iter().any(|set| any(set, &conditional));
        said
    }
}

fn sets(document: &ExecutableDocument) -> Vec<&SelectionSet> {
    let operations = document.operations.iter().map(|operation| &operation.selection_set);
    operations.chain(document.fragments.values().map(|fragment| &fragment.selection_set)).collect()
}

fn any(set: &SelectionSet, test: &dyn Fn(&Selection) -> bool) -> bool {
    set.selections.iter().any(|selection| {
        let below = match selection {
            Selection::Field(field) => Some(&field.selection_set),
            Selection::InlineFragment(fragment) => Some(&fragment.selection_set),
            Selection::FragmentSpread(_) => None,
        };
        test(selection) || below.is_some_and(|set| any(set, test))
    })
}

/// Every field with the type on which it is asked.
fn each_field(document: &ExecutableDocument, see: &mut dyn FnMut(&str, &Field)) {
    fn walk(set: &SelectionSet, see: &mut dyn FnMut(&str, &Field)) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    see(&set.ty, field);
                    walk(&field.selection_set, see);
                }
                Selection::InlineFragment(fragment) => walk(&fragment.selection_set, see),
                Selection::FragmentSpread(_) => (),
            }
        }
    }
    sets(document).into_iter().for_each(|set| walk(set, see));
}

/// Which fields of objects a plan asks of whom, and the types of what they return.
#[derive(Default)]
struct Asked {
    fields: BTreeSet<(String, String, Subgraph)>,
    returned: BTreeSet<(String, Subgraph)>,
}

impl Asked {
    fn of(served: &Served<'_>, plan: &Plan) -> Self {
        let mut asked = Self::default();
        for fetch in &plan.fetches {
            let at = served.at(fetch.subgraph);
            let schema: &Valid<Schema> = &served.subgraphs[at];
            let document = ExecutableDocument::parse_and_validate(schema, &*fetch.query, "request.graphql")
                .unwrap_or_else(|error| panic!("{}\n{}", error.errors, fetch.query));
            each_field(&document, &mut |on, field| {
                asked.fields.insert((on.to_owned(), field.name.to_string(), at));
                asked.returned.insert((field.ty().inner_named_type().to_string(), at));
            });
        }
        asked
    }

    /// Whether one of them is such a field.
    fn any(&self, world: &World, test: impl Fn(&Dealt, Subgraph) -> bool) -> bool {
        self.fields.iter().any(|(on, name, at)| {
            let fields = world.object(on).map(|object| &object.fields);
            fields.is_some_and(|fields| fields.iter().any(|it| it.name == *name && test(it, *at)))
        })
    }

    /// A field that isn't theirs is answered by those who provide it, and nobody else is asked for it.
    fn is_provided(&self, world: &World) -> bool {
        self.fields.iter().any(|(on, name, at)| {
            let Some(object) = world.object(on) else { return false };
            let Some(field) = object.fields.iter().find(|it| it.name == *name) else { return false };
            let visited = |owner: &Subgraph| self.fields.contains(&(on.clone(), name.clone(), *owner));
            !field.owners.contains(at) && !field.owners.iter().any(visited)
        })
    }

    /// Entities come from a subgraph that can't be entered with any of their keys.
    fn has_stubs(&self, world: &World) -> bool {
        self.returned.iter().any(|(name, at)| {
            let keys = world.object(name).and_then(|object| object.keys.get(at));
            keys.is_some_and(|keys| keys.iter().all(|(_, resolvable)| !resolvable))
        })
    }
}

/// By what objects are looked up.
struct Keys<'p>(Vec<&'p Representation>);

impl<'p> Keys<'p> {
    fn of(lookups: &[&'p Lookup]) -> Self {
        Self(lookups.iter().flat_map(|lookup| &lookup.representations).collect())
    }

    fn names(representation: &Representation) -> Vec<&str> {
        let fields = representation.fields.iter().filter(|it| it.key && &*it.name != "__typename");
        fields.map(|it| &*it.name).collect()
    }

    /// Objects of one type go by different keys.
    fn are_several(&self) -> bool {
        let mut by_type: BTreeMap<String, BTreeSet<Vec<&str>>> = BTreeMap::new();
        for representation in &self.0 {
            let types = format!("{:?}", representation.types);
            by_type.entry(types).or_default().insert(Self::names(representation));
        }
        by_type.values().any(|keys| keys.len() > 1)
    }

    fn are_compound(&self) -> bool {
        self.0.iter().any(|it| Self::names(it).len() > 1)
    }

    fn are_nested(&self) -> bool {
        let mut fields = self.0.iter().flat_map(|it| &it.fields);
        fields.any(|it| it.key && matches!(it.value, RepresentationValue::Object(..)))
    }

    /// Something of other objects is sent.
    fn come_with_objects(&self) -> bool {
        let mut fields = self.0.iter().flat_map(|it| &it.fields);
        fields.any(|it| !it.key && matches!(it.value, RepresentationValue::Object(..)))
    }

    /// Something beyond the key is sent.
    fn come_with_requirements(&self) -> bool {
        let mut fields = self.0.iter().flat_map(|it| &it.fields);
        fields.any(|it| !it.key && !matches!(it.value, RepresentationValue::Typename))
    }
}

fn has_null(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.iter().any(has_null),
        Json::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

impl Counters {
    pub(super) fn count(
        &mut self,
        served: &Served<'_>,
        document: &ExecutableDocument,
        plan: &Plan,
        expected: &Json,
    ) {
        self.count_document(&Said::of(document, served.supergraph.api_schema()));
        self.count_plan(served.world, plan, &Asked::of(served, plan));
        self.nulls += usize::from(has_null(expected));
    }

    fn count_document(&mut self, said: &Said) {
        self.with_aliases += usize::from(said.aliases);
        self.with_arguments += usize::from(said.arguments);
        self.with_variables += usize::from(said.variables);
        self.with_conditions += usize::from(said.conditions);
        self.with_fragments += usize::from(said.fragments);
        self.with_interfaces += usize::from(said.interfaces);
        self.with_unions += usize::from(said.unions);
    }

    fn count_plan(&mut self, world: &World, plan: &Plan, asked: &Asked) {
        let lookups = plan.fetches.iter().filter_map(|it| match &it.source {
            FetchSource::Entities(lookups) => Some(&**lookups),
            FetchSource::Root { .. } => None,
        });
        let lookups: Vec<&[Lookup]> = lookups.collect();
        self.fetches += plan.fetches.len();
        self.entity_fetches += lookups.len();
        let lookups: Vec<&Lookup> = lookups.into_iter().flatten().collect();
        let keys = Keys::of(&lookups);
        self.with_several_keys += usize::from(keys.are_several());
        self.with_compound_keys += usize::from(keys.are_compound());
        self.with_nested_keys += usize::from(keys.are_nested());
        self.with_requires += usize::from(keys.come_with_requirements());
        self.with_required_objects += usize::from(keys.come_with_objects());
        let by_interface = keys.0.iter().any(|it| it.typename.as_deref() == Some("J"));
        self.with_interface_objects += usize::from(by_interface);
        self.with_contexts += usize::from(lookups.iter().any(|it| !it.contexts.is_empty()));
        self.with_stubs += usize::from(asked.has_stubs(world));
        self.with_provides += usize::from(asked.is_provided(world));
        self.with_shareable += usize::from(asked.any(world, |field, _| field.owners.len() > 1));
        self.with_weak_types += usize::from(asked.any(world, |field, at| field.weak.contains(&at)));
    }
}
