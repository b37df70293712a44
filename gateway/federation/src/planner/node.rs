//! Where a selection set stands while planning: on objects of one type, in one subgraph's answer.

use super::facts::{Fact, Facts};
use crate::selection::{Entry, LocalSets, Set, SetId};
use crate::supergraph::{Contextual, FieldInfo, FieldJoin, FieldName, FieldType, TypeKind};
use crate::{OperationKind, SubgraphId, Supergraph, TypeId, TypeSet};

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

/// The payload of an event: a subgraph that has what is in it, and can't be asked for more.
pub(super) const EVENT: SubgraphId = SubgraphId(u16::MAX - 1);

/// A field that can be selected at a node.
pub(super) struct Local<'a> {
    pub ty: &'a FieldType,
    pub requires: Option<SetId>,
    /// What its objects get by `@provides`.
    pub provided: Option<SetId>,
    /// The arguments that are set from objects above.
    pub contexts: &'a [Contextual],
    /// In whose answer its objects are.
    pub below: SubgraphId,
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
    /// What a subscription's field is fed with, instead of what its subgraph answers.
    pub payload: Option<Payload>,
}

/// The payload of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload {
    /// Its runtime type.
    pub ty: TypeId,
    /// What it has.
    pub has: SetId,
}

impl<'a> Joins<'a> {
    /// The field at the node, if the subgraph resolves it there.
    pub fn local(&self, node: Node, field: FieldName, sets: &mut LocalSets) -> Option<Local<'a>> {
        if node.subgraph == NOWHERE {
            return None;
        }
        let info: &'a FieldInfo = self.supergraph.field(node.ty, field)?;
        let provided = node.provided.and_then(|set| provided_entry(sets.set(set), node.ty, field));
        let usable = info.join(node.subgraph).filter(|join| self.on(join));
        let below = node.subgraph;
        if let (Some(payload), Some(join)) = (self.payload, usable)
            && self.supergraph.root(OperationKind::Subscription) == Some(node.ty)
        {
            let (ty, provided) = (&join.ty, Some(payload.has));
            return Some(Local { ty, requires: None, provided, contexts: &[], below: EVENT });
        }
        match (usable, provided) {
            (Some(join), provided) if !join.external || provided.is_some() => {
                let inner = provided.and_then(|entry| entry.sub);
                let (requires, contexts) =
                    if join.external { (None, &[][..]) } else { (join.requires, &join.contexts[..]) };
                let provided = both(sets, inner, join.provides);
                Some(Local { ty: &join.ty, requires, provided, contexts, below })
            }
            (None, Some(entry)) => {
                let (ty, provided) = (&info.ty, entry.sub);
                Some(Local { ty, requires: None, provided, contexts: &[], below })
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
    pub fn runtime_types(&self, ty: TypeId, subgraph: SubgraphId) -> TypeSet {
        if self.is_concrete(ty, subgraph) {
            return TypeSet::of(ty);
        }
        if let (EVENT, Some(payload)) = (subgraph, self.payload) {
            return TypeSet::of(payload.ty);
        }
        let join = self.supergraph.ty(ty).join(subgraph).filter(|join| !join.possible.is_empty());
        join.map_or_else(|| TypeSet::of(ty), |join| join.possible.clone())
    }
}

fn provided_entry(set: &[Entry], ty: TypeId, field: FieldName) -> Option<&Entry> {
    set.iter().find(|entry| entry.field == field && entry.types.contains(ty))
}

fn both(sets: &mut LocalSets, a: Option<SetId>, b: Option<SetId>) -> Option<SetId> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => {
            let mut union: Set = sets.set(a).to_vec();
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
