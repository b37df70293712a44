//! The selections of one request while they are put together.
//!
//! A response key of a request must mean one field and one shape wherever GraphQL would merge it, also across
//! fragments on different types. [`Wires`] keeps the keys of each merged place; whatever would conflict gets an
//! alias.

use smallvec::SmallVec;

use crate::plan::{ShapeId, SlotId};
use crate::pool::SmallMap;
use crate::selection::{ArgsId, CondId, KeyId, LocalSets};
use crate::supergraph::{Contextual, FieldName, FieldType, TypeKind};
use crate::{Supergraph, TypeId, TypeSet};

/// Index into [`Requests::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestNode(pub usize);

/// A selection set of a request.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    pub fields: Vec<SelectedField<'a>>,
    /// The type that the subgraph declares for it; `None`: `_Entity`.
    pub declared: Option<TypeId>,
    pub position: ShapeId,
    /// The runtime types are asked for.
    pub typename: bool,
    /// Of entities: all are of this interface, which the subgraph knows.
    pub within: Option<TypeId>,
    wires: usize,
}

#[derive(Debug)]
pub(super) struct SelectedField<'a> {
    /// The response key that it should have, and the one that it got.
    pub name: KeyId,
    pub wire: KeyId,
    pub slot: SlotId,
    pub field: FieldName,
    pub args: ArgsId,
    /// For objects of these runtime types.
    pub types: TypeSet,
    /// The interface by whose name they go in this subgraph.
    pub on: Option<TypeId>,
    pub cond: CondId,
    pub ty: &'a FieldType,
    /// The arguments that are set from contexts.
    pub contexts: &'a [Contextual],
    pub child: Option<RequestNode>,
}

/// A field to be selected.
pub(super) struct Wanted<'t, 'a> {
    pub slot: SlotId,
    pub field: FieldName,
    pub args: ArgsId,
    pub types: &'t TypeSet,
    pub on: Option<TypeId>,
    pub cond: CondId,
    /// The key it should have.
    pub name: KeyId,
    /// Its type in the subgraph.
    pub ty: &'a FieldType,
    /// The arguments that are set from contexts.
    pub contexts: &'a [Contextual],
    /// Where its objects are stored.
    pub child: Option<ShapeId>,
}

/// The response keys of a merged place.
type Wires<'a> = SmallMap<KeyId, Wire<'a>>;

#[derive(Debug)]
struct Wire<'a> {
    slot: SlotId,
    field: FieldName,
    args: ArgsId,
    non_null: &'a [bool],
    /// For a leaf its type; composite types of one key may differ.
    leaf: Option<TypeId>,
    below: usize,
    /// The first selection below this key. Where another one is on another type, both ask for `__typename`.
    first: Option<RequestNode>,
}

#[derive(Debug, Default)]
pub(super) struct Requests<'a> {
    pub nodes: Vec<Selected<'a>>,
    wires: Vec<Wires<'a>>,
}

impl<'a> Requests<'a> {
    /// A request's outermost selection.
    pub fn root(&mut self, declared: Option<TypeId>, position: ShapeId) -> RequestNode {
        self.wires.push(Wires::default());
        self.node(declared, position, self.wires.len() - 1)
    }

    fn node(&mut self, declared: Option<TypeId>, position: ShapeId, wires: usize) -> RequestNode {
        self.nodes.push(Selected {
            fields: Vec::new(),
            declared,
            position,
            typename: false,
            within: None,
            wires,
        });
        RequestNode(self.nodes.len() - 1)
    }

    pub fn get(&self, node: RequestNode) -> &Selected<'a> {
        &self.nodes[node.0]
    }

    pub fn get_mut(&mut self, node: RequestNode) -> &mut Selected<'a> {
        &mut self.nodes[node.0]
    }

    /// Selects a field, or joins it with an equal one, and returns where its objects' fields go.
    pub fn select(
        &mut self,
        node: RequestNode,
        wanted: Wanted<'_, 'a>,
        supergraph: &Supergraph,
        sets: &mut LocalSets,
    ) -> Option<RequestNode> {
        let same = |known: &&mut SelectedField| {
            known.slot == wanted.slot
                && known.field == wanted.field
                && known.args == wanted.args
                && known.on == wanted.on
        };
        for known in self.nodes[node.0].fields.iter_mut().filter(same) {
            if known.ty != wanted.ty || known.contexts != wanted.contexts {
                continue;
            }
            if known.types == *wanted.types {
                known.cond = sets.or(known.cond, wanted.cond);
                return known.child;
            }
            if known.child.is_none() && known.cond == wanted.cond {
                known.types = known.types.union(wanted.types);
                return None;
            }
        }
        let (wire, below) = self.wire(self.nodes[node.0].wires, &wanted, supergraph, sets);
        let child = wanted.child.map(|position| self.node(Some(wanted.ty.named), position, below));
        if let Some(child) = child {
            self.tell_apart(self.nodes[node.0].wires, wire, child);
        }
        self.nodes[node.0].fields.push(SelectedField {
            name: wanted.name,
            wire,
            slot: wanted.slot,
            field: wanted.field,
            args: wanted.args,
            types: wanted.types.clone(),
            on: wanted.on,
            cond: wanted.cond,
            ty: wanted.ty,
            contexts: wanted.contexts,
            child,
        });
        child
    }

    fn tell_apart(&mut self, wires: usize, wire: KeyId, child: RequestNode) {
        let Some(wire) = self.wires[wires].get_mut(&wire) else { return };
        let first = *wire.first.get_or_insert(child);
        if self.nodes[first.0].declared != self.nodes[child.0].declared {
            self.nodes[first.0].typename = true;
            self.nodes[child.0].typename = true;
        }
    }

    /// Objects of different types that are asked for the same under one key are asked for it once.
    pub fn fold(&mut self, node: RequestNode) {
        let children: Vec<RequestNode> = self.nodes[node.0].fields.iter().filter_map(|it| it.child).collect();
        if children.is_empty() {
            return;
        }
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            children.into_iter().for_each(|child| self.fold(child))
        });
        let fields = std::mem::take(&mut self.nodes[node.0].fields);
        let mut kept: Vec<SelectedField> = Vec::with_capacity(fields.len());
        let mut by_wire: SmallMap<KeyId, SmallVec<[usize; 2]>> = SmallMap::default();
        for field in fields {
            let mut known = by_wire.get(&field.wire).into_iter().flatten().copied();
            match known.find(|&at| field.child.is_some() && self.is_alike(&kept[at], &field)) {
                Some(at) => kept[at].types = kept[at].types.union(&field.types),
                None => {
                    by_wire.get_or_insert_with(field.wire, SmallVec::new).push(kept.len());
                    kept.push(field);
                }
            }
        }
        self.nodes[node.0].fields = kept;
    }

    /// Whether two fields are the same, but for the types that they are for.
    fn is_alike(&self, one: &SelectedField, other: &SelectedField) -> bool {
        let same = one.wire == other.wire
            && one.slot == other.slot
            && one.field == other.field
            && one.args == other.args
            && one.on == other.on
            && one.cond == other.cond
            && one.ty == other.ty
            && one.contexts == other.contexts;
        same && match (one.child, other.child) {
            (Some(one), Some(other)) => self.is_same(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether two selections ask for the same.
    pub fn is_same(&self, one: RequestNode, other: RequestNode) -> bool {
        let (one, other) = (self.get(one), self.get(other));
        let same = one.declared == other.declared
            && one.position == other.position
            && one.typename == other.typename
            && one.within == other.within
            && one.fields.len() == other.fields.len();
        let fields = || one.fields.iter().zip(&other.fields);
        let alike = || fields().all(|(one, other)| one.types == other.types && self.is_alike(one, other));
        same && stacker::maybe_grow(128 * 1024, 1024 * 1024, alike)
    }

    /// Moves everything of one selection into another at the same place.
    pub fn absorb(
        &mut self,
        into: RequestNode,
        from: RequestNode,
        supergraph: &Supergraph,
        sets: &mut LocalSets,
    ) {
        let fields = std::mem::take(&mut self.nodes[from.0].fields);
        self.nodes[into.0].typename |= self.nodes[from.0].typename;
        self.nodes[into.0].within = self.nodes[into.0].within.or(self.nodes[from.0].within);
        for field in fields {
            let wanted = Wanted {
                slot: field.slot,
                field: field.field,
                args: field.args,
                types: &field.types,
                on: field.on,
                cond: field.cond,
                name: field.name,
                ty: field.ty,
                contexts: field.contexts,
                child: field.child.map(|child| self.nodes[child.0].position),
            };
            let below = self.select(into, wanted, supergraph, sets);
            if let (Some(below), Some(child)) = (below, field.child) {
                self.absorb(below, child, supergraph, sets);
            }
        }
    }

    fn wire(
        &mut self,
        wires: usize,
        wanted: &Wanted<'_, 'a>,
        supergraph: &Supergraph,
        sets: &mut LocalSets,
    ) -> (KeyId, usize) {
        let kind = supergraph.ty(wanted.ty.named).kind;
        let composite = matches!(kind, TypeKind::Object | TypeKind::Interface | TypeKind::Union);
        let leaf = (!composite).then_some(wanted.ty.named);
        for attempt in 0u32.. {
            let key = match attempt {
                // `__typename` is the planner's own.
                0 if wanted.name == supergraph.key(FieldName::TYPENAME) => continue,
                0 => wanted.name,
                _ => sets.intern_key(&format!("_{attempt}_{}", sets.key(wanted.name))),
            };
            if let Some(known) = self.wires[wires].get(&key) {
                let same_field = known.field == wanted.field && known.args == wanted.args;
                let same_type = *known.non_null == wanted.ty.non_null[..] && known.leaf == leaf;
                if known.slot == wanted.slot && same_field && same_type {
                    return (key, known.below);
                }
                continue;
            }
            self.wires.push(Wires::default());
            let below = self.wires.len() - 1;
            let wire = Wire {
                slot: wanted.slot,
                field: wanted.field,
                args: wanted.args,
                non_null: &wanted.ty.non_null,
                leaf,
                below,
                first: None,
            };
            self.wires[wires].insert(key, wire);
            return (key, below);
        }
        unreachable!("there are more numbers than keys")
    }
}
