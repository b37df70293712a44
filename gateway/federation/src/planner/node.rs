//! Where a selection set stands while planning: on objects of one type, in one subgraph's answer.

use super::facts::{Fact, Facts};
use crate::selection::{Entry, LocalSets, Set, SetId};
use crate::supergraph::{Contextual, FieldJoin, FieldName, FieldType, TypeKind};
use crate::{SubgraphId, Supergraph, TypeId};

/// Objects of one runtime type in one subgraph's answer, with the fields that `@provides` adds there.
/// The type of an interface object is its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub ty: TypeId,
    pub subgraph: SubgraphId,
    pub provided: Option<SetId>,
    /// What is asked for here is deferred: where a key allows it, it is fetched by itself, so that what isn't
    /// deferred doesn't wait for it.
    pub later: bool,
}

/// Before any subgraph was asked.
pub(super) const NOWHERE: SubgraphId = SubgraphId(u16::MAX);

/// A field that can be selected at a node.
pub(super) struct Local<'a> {
    pub ty: FieldType,
    pub requires: Option<SetId>,
    /// What its objects get by `@provides`.
    pub provided: Option<SetId>,
    /// The arguments that are set from objects above.
    pub contexts: &'a [Contextual],
}

impl Local<'_> {
    /// Something has to be brought along to resolve it, so its object has to be entered by a key.
    pub fn brings(&self) -> bool {
        self.requires.is_some() || !self.contexts.is_empty()
    }
}

/// Answers what can be selected where.
pub(super) struct Joins<'a> {
    pub supergraph: &'a Supergraph,
    pub facts: Facts<'a>,
}

impl<'a> Joins<'a> {
    /// The field at the node, if the subgraph resolves it there.
    pub fn local(&self, node: Node, field: FieldName, sets: &mut LocalSets) -> Option<Local<'a>> {
        if node.subgraph == NOWHERE {
            return None;
        }
        let info = self.supergraph.field(node.ty, field)?;
        let provided = node.provided.and_then(|set| provided_entry(&sets.set(set), node.ty, field));
        let usable = info.join(node.subgraph).filter(|join| self.on(join));
        match (usable, provided) {
            (Some(join), provided) if !join.external || provided.is_some() => {
                let below = provided.and_then(|entry| entry.sub);
                let (requires, contexts) =
                    if join.external { (None, &[][..]) } else { (join.requires, &join.contexts[..]) };
                let provided = both(sets, below, join.provides);
                Some(Local { ty: join.ty.clone(), requires, provided, contexts })
            }
            (None, Some(entry)) => {
                let (ty, provided) = (info.ty.clone(), entry.sub);
                Some(Local { ty, requires: None, provided, contexts: &[] })
            }
            _ => None,
        }
    }

    fn on(&self, join: &FieldJoin) -> bool {
        join.label.is_none_or(|(label, wanted)| self.facts.holds(Fact::Label(label)) == wanted)
    }

    /// As what objects of that runtime type are known in the subgraph: as themselves, or as an interface object.
    pub fn type_in(&self, ty: TypeId, subgraph: SubgraphId) -> Option<TypeId> {
        let info = self.supergraph.ty(ty);
        if info.join(subgraph).is_some() {
            return Some(ty);
        }
        info.interfaces.iter().copied().find(|&interface| self.is_interface_object(interface, subgraph))
    }

    pub fn is_interface_object(&self, ty: TypeId, subgraph: SubgraphId) -> bool {
        self.supergraph.ty(ty).join(subgraph).is_some_and(|join| join.interface_object)
    }

    /// Whether the subgraph answers with exactly this type: an object, or an interface object.
    pub fn is_concrete(&self, ty: TypeId, subgraph: SubgraphId) -> bool {
        self.supergraph.ty(ty).kind == TypeKind::Object || self.is_interface_object(ty, subgraph)
    }

    /// The runtime types that a value declared as `ty` can have in the subgraph's answer; itself where none is
    /// known.
    pub fn runtime_types(&self, ty: TypeId, subgraph: SubgraphId) -> Vec<TypeId> {
        if self.is_concrete(ty, subgraph) {
            return vec![ty];
        }
        let join = self.supergraph.ty(ty).join(subgraph);
        let types: Vec<TypeId> = join.map(|join| join.possible.iter().collect()).unwrap_or_default();
        if types.is_empty() { vec![ty] } else { types }
    }
}

fn provided_entry(set: &Set, ty: TypeId, field: FieldName) -> Option<Entry> {
    set.iter().find(|entry| entry.field == field && entry.types.contains(ty)).cloned()
}

fn both(sets: &mut LocalSets, a: Option<SetId>, b: Option<SetId>) -> Option<SetId> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => {
            let mut union: Set = (*sets.set(a)).clone();
            for entry in sets.set(b).iter() {
                if !union.contains(entry) {
                    union.push(entry.clone());
                }
            }
            Some(sets.intern(union))
        }
        (a, b) => a.or(b),
    }
}
