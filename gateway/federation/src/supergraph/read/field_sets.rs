//! Field sets of keys, `requires`, `provides` and contexts: gathered while the tables are read, normalised once they stand.

use apollo_compiler::Name;
use apollo_compiler::executable::FieldSet;

use super::SupergraphError;
use crate::selection::{CollectError, Collector, LocalSets, SetId, Sets};
use crate::supergraph::{ContextId, FieldJoin, FieldName, Key, Supergraph, TypeInfo};
use crate::{SubgraphId, TypeId, TypeSet};

/// A field set that is to be normalised once the tables stand, and where it belongs.
pub(super) struct WantedSet {
    pub ty: TypeId,
    pub place: String,
    pub text: String,
    pub slot: SetSlot,
}

pub(super) enum SetSlot {
    Key {
        subgraph: SubgraphId,
        resolvable: bool,
    },
    Requires {
        field: FieldName,
        subgraph: SubgraphId,
    },
    Provides {
        field: FieldName,
        subgraph: SubgraphId,
    },
    /// On objects of these types.
    Context {
        value: ContextId,
        types: TypeSet,
    },
}

pub(super) fn normalise(
    supergraph: &Supergraph,
    wanted: &[WantedSet],
) -> Result<(Vec<SetId>, Sets), SupergraphError> {
    let mut sets = LocalSets::over(None);
    let mut found = Vec::with_capacity(wanted.len());
    let none = |_: &str| None;
    for set in wanted {
        let name = Name::new(supergraph.names.name(set.ty)).map_err(|error| set.error(error.to_string()))?;
        let fields = FieldSet::parse(supergraph.full_schema(), name, &set.text, "field set")
            .map_err(|error| set.error(error.errors.to_string()))?;
        let mut collector = Collector::new(supergraph, None, &none, &mut sets, 100_000);
        let possible = &supergraph.ty(set.ty).possible;
        found.push(collector.collect(&fields.selection_set, possible).map_err(|error| match error {
            CollectError::Unknown(name) => set.error(format!("{name} is unknown")),
            _ => set.error("it is too large".to_owned()),
        })?);
    }
    Ok((found, sets.into_base()))
}

impl WantedSet {
    fn error(&self, reason: String) -> SupergraphError {
        SupergraphError::FieldSet { place: self.place.clone(), fields: self.text.clone(), reason }
    }
}

impl Supergraph {
    pub(super) fn place_field_set(&mut self, wanted: &WantedSet, fields: SetId) {
        let ty = &mut self.types[wanted.ty.index()];
        match wanted.slot {
            SetSlot::Context { value, ref types } => {
                self.contexts[usize::from(value.0)].owners.push((types.clone(), fields));
            }
            SetSlot::Key { subgraph, resolvable } => {
                if let Some(join) = &mut ty.joins[subgraph.0 as usize] {
                    join.keys.push(Key { fields, resolvable });
                }
            }
            SetSlot::Requires { field, subgraph } => {
                if let Some(join) = ty.field_join_mut(field, subgraph) {
                    join.requires = Some(fields);
                }
            }
            // Provided fields are selected on the field's type, but belong to the field.
            SetSlot::Provides { field, subgraph } => {
                let parent = wanted.place.split('.').next().and_then(|parent| self.names.id(parent));
                let parent = parent.map(|parent| &mut self.types[parent.index()]);
                if let Some(join) = parent.and_then(|parent| parent.field_join_mut(field, subgraph)) {
                    join.provides = Some(fields);
                }
            }
        }
    }
}

impl TypeInfo {
    fn field_join_mut(&mut self, field: FieldName, subgraph: SubgraphId) -> Option<&mut FieldJoin> {
        let at = self.fields.binary_search_by_key(&field, |(name, _)| *name).ok()?;
        self.fields[at].1.joins[subgraph.0 as usize].as_mut()
    }
}
