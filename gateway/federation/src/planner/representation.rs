//! Representations: what an object is asked by, read from the slots where it is stored.

use super::PlanError;
use super::emit::{Drafts, Group, GroupId};
use super::request::RequestNode;
use crate::plan::{RepresentationField, RepresentationValue, ShapeId};
use crate::selection::{CondId, SetId};
use crate::supergraph::FieldName;
use crate::{TypeId, TypeSet};

/// How objects of some types are represented in one lookup.
#[derive(Debug, PartialEq)]
pub(super) struct DraftRepresentation {
    pub types: TypeSet,
    /// The interface by whose name they go.
    pub on: Option<TypeId>,
    pub fields: Vec<RepresentationField>,
}

impl Group {
    /// Whether these fields can travel in the group's representations: one name can't stand for two things.
    pub fn can_represent(&self, types: &TypeSet, on: Option<TypeId>, fields: &[RepresentationField]) -> bool {
        self.representations.iter().all(|known| {
            // By an interface's name all objects are asked for the same. What only some should be asked for goes
            // in a lookup of its own, since it might fail for the others.
            let alike = on.is_none() || known.on != on || known.types == *types;
            alike && (!known.types.intersects(types) || can_join(&known.fields, fields))
        })
    }

    /// Whether another group's lookup can be made in this one's.
    pub fn can_join(&self, other: &Self) -> bool {
        self.path == other.path
            && (self.only_if == other.only_if
                || self.only_if == CondId::ALWAYS && self.has_all_of(other)
                || self.representations == other.representations)
            && self.contexts == other.contexts
            && self.can_take(other)
    }

    /// Whether what another group's representations need is in this one's anyway.
    fn has_all_of(&self, other: &Self) -> bool {
        other.representations.iter().all(|one| {
            let concerned = || self.representations.iter().filter(|known| known.types.intersects(&one.types));
            let covered = concerned().fold(TypeSet::default(), |all, known| all.union(&known.types));
            one.types.difference(&covered).is_empty()
                && concerned().all(|known| has_all(&known.fields, &one.fields))
        })
    }

    /// Whether all of another group's representations can travel in this one's.
    pub fn can_take(&self, other: &Self) -> bool {
        other.representations.iter().all(|one| self.can_represent(&one.types, one.on, &one.fields))
    }
}

impl Drafts<'_> {
    /// Adds fields to the representations of some types.
    pub fn represent(
        &mut self,
        group: GroupId,
        types: &TypeSet,
        on: Option<TypeId>,
        fields: Vec<RepresentationField>,
    ) {
        let mut rest = types.clone();
        let mut split = Vec::new();
        for known in &mut self.groups[group].representations {
            let common = known.types.intersection(types);
            if common.is_empty() {
                continue;
            }
            rest = rest.difference(&common);
            // The others don't need what these bring along, and may not have it.
            let others = known.types.difference(&common);
            if !others.is_empty() {
                split.push(DraftRepresentation { types: others, on: known.on, fields: known.fields.clone() });
                known.types = common;
            }
            join(&mut known.fields, fields.clone());
        }
        if !rest.is_empty() {
            split.push(DraftRepresentation { types: rest, on, fields });
        }
        self.groups[group].representations.extend(split);
    }

    /// A field set as fields of a representation, read from the slots where they are stored.
    pub fn representation(
        &mut self,
        set: SetId,
        position: ShapeId,
        types: &TypeSet,
        key: bool,
    ) -> Result<Vec<RepresentationField>, PlanError> {
        let supergraph = self.solver.joins.supergraph;
        let mut fields = Vec::new();
        for entry in self.solver.sets.set(set).iter() {
            let name: Box<str> = supergraph.field_name(entry.field).into();
            let concerned = match entry.types.is_empty() {
                true => types.clone(),
                false => types.intersection(&entry.types),
            };
            if entry.field == FieldName::TYPENAME || concerned.is_empty() {
                continue;
            }
            let slots = self.positions.needed(position, entry.field, entry.args, &concerned);
            let everywhere = slots.len() == 1 && concerned == *types;
            for (own, slot) in slots {
                let value = match entry.sub {
                    None => RepresentationValue::Leaf(slot),
                    Some(sub) => {
                        let below = self.below(entry.field, &own);
                        let position = self.positions.child(position, slot)?;
                        let mut inner = self.representation(sub, position, &below, key)?;
                        if self.is_abstract(entry.field, &own) {
                            inner.insert(0, typename_field());
                        }
                        RepresentationValue::Object(slot, inner)
                    }
                };
                let types = (!everywhere).then_some(own);
                fields.push(RepresentationField { types, name: name.clone(), value, key });
            }
        }
        Ok(fields)
    }

    /// Whether all that a lookup selects is what its objects are looked up by, so that it is there without it.
    pub fn brings_only_keys(&self, group: &Group) -> bool {
        group.entities
            && group.representations.iter().all(|it| self.selects_only(group.node, &it.types, &it.fields))
    }

    /// Whether a selection on objects of these types has no fields but those of their representation.
    fn selects_only(&self, node: RequestNode, types: &TypeSet, fields: &[RepresentationField]) -> bool {
        let selected = self.requests.get(node);
        // Whoever is asked for a type may be the only one who knows it.
        !selected.typename
            && selected.fields.iter().filter(|field| field.types.intersects(types)).all(|field| {
                let own = |it: &&RepresentationField| {
                    it.types
                        .as_ref()
                        .is_none_or(|own| field.types.intersection(types).difference(own).is_empty())
                };
                fields.iter().filter(own).any(|it| match (&it.value, field.child) {
                    (RepresentationValue::Leaf(slot), None) => *slot == field.slot,
                    (RepresentationValue::Object(slot, inner), Some(child)) => {
                        *slot == field.slot
                            && self.selects_only(child, &self.below(field.field, &field.types), inner)
                    }
                    _ => false,
                })
            })
    }

    /// Whether the subgraph needs to be told the type of the objects in a field.
    fn is_abstract(&self, field: FieldName, types: &TypeSet) -> bool {
        let supergraph = self.solver.joins.supergraph;
        let mut infos = types.iter().filter_map(|ty| supergraph.field(ty, field));
        infos.any(|info| supergraph.ty(info.ty.named).is_abstract())
    }

    /// The runtime types that a field's objects can have.
    fn below(&self, field: FieldName, types: &TypeSet) -> TypeSet {
        let supergraph = self.solver.joins.supergraph;
        let infos = types.iter().filter_map(|ty| supergraph.field(ty, field));
        infos.fold(TypeSet::default(), |all, info| all.union(&supergraph.ty(info.ty.named).possible))
    }
}

fn same(a: &RepresentationField, b: &RepresentationField) -> bool {
    a.name == b.name && a.types == b.types
}

/// Whether no name in both means two things.
fn can_join(known: &[RepresentationField], more: &[RepresentationField]) -> bool {
    more.iter().all(|new| {
        known.iter().filter(|old| old.name == new.name).all(|old| match (&old.value, &new.value) {
            (RepresentationValue::Object(a, old), RepresentationValue::Object(b, new)) => {
                a == b && can_join(old, new)
            }
            (old_value, new_value) => old_value == new_value || !overlap(old, new),
        })
    })
}

/// Whether all of these fields are among the known ones.
fn has_all(known: &[RepresentationField], fields: &[RepresentationField]) -> bool {
    fields.iter().all(|field| {
        known.iter().filter(|old| same(old, field)).any(|old| match (&old.value, &field.value) {
            (RepresentationValue::Object(a, old), RepresentationValue::Object(b, fields)) => {
                a == b && has_all(old, fields)
            }
            (old, value) => old == value,
        })
    })
}

fn overlap(a: &RepresentationField, b: &RepresentationField) -> bool {
    match (&a.types, &b.types) {
        (Some(a), Some(b)) => a.intersects(b),
        _ => true,
    }
}

/// Adds fields to others, at every depth.
pub(super) fn join(known: &mut Vec<RepresentationField>, more: Vec<RepresentationField>) {
    for new in more {
        match known.iter_mut().find(|old| same(old, &new)) {
            None => known.push(new),
            Some(old) => {
                old.key |= new.key;
                if let (RepresentationValue::Object(_, old), RepresentationValue::Object(_, new)) =
                    (&mut old.value, new.value)
                {
                    join(old, new);
                }
            }
        }
    }
}

fn typename_field() -> RepresentationField {
    let name = "__typename".into();
    RepresentationField { types: None, name, value: RepresentationValue::Typename, key: false }
}
