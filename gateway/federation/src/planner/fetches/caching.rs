//! For how long what a fetch brings may be kept, and which events end that.
//!
//! Apollo's rules: a field counts with its own hint, or that of its type; without either a root field or an object
//! may not be kept, and a leaf as long as what it stands in. The lowest of all that is selected counts.

use rustc_hash::FxHashSet;

use super::super::emit::{Drafts, Group};
use super::super::request::{RequestNode, SelectedField};
use crate::plan::{Cacheable, Dependencies, EntityName};
use crate::supergraph::{CacheHint, FieldName, TypeKind};
use crate::{SubgraphId, Supergraph, TypeId, TypeSet};

/// Of a root selection.
pub(super) fn root(drafts: &Drafts, node: RequestNode, subgraph: SubgraphId) -> Option<Cacheable> {
    let mut walk = Walk::begin(drafts, subgraph)?;
    for field in &drafts.requests.get(node).fields {
        walk.field(field, true);
        // Where nothing in it is an entity, an event that concerns it can tell of anything.
        walk.shown.any |= !std::mem::take(&mut walk.told);
    }
    walk.finish(String::new(), Vec::new())
}

/// Of one lookup, whose selection set has that text.
pub(super) fn lookup(drafts: &Drafts, group: &Group, text: &str) -> Option<Cacheable> {
    let mut walk = Walk::begin(drafts, group.subgraph)?;
    let mut entities: Vec<EntityName> = Vec::new();
    for representation in &group.representations {
        let types = representation.on.map_or_else(|| representation.types.clone(), TypeSet::of);
        for ty in types.iter() {
            walk.restrict(walk.of_type(ty), true);
            let name = walk.supergraph.names.name(ty);
            if !entities.iter().any(|known| *known.typename == *name) {
                entities.push(walk.entity(ty));
            }
        }
    }
    walk.below(group.node);
    walk.finish(text.to_owned(), entities)
}

/// What was found so far.
struct Walk<'d, 'a> {
    drafts: &'d Drafts<'a>,
    supergraph: &'a Supergraph,
    subgraph: SubgraphId,
    max_age: Option<u32>,
    private: bool,
    shown: Shown,
    /// Whether an entity was met since that was asked last.
    told: bool,
}

/// What is shown in a selection.
#[derive(Default)]
struct Shown {
    types: TypeSet,
    /// Of these only the keys.
    keys_only: TypeSet,
    any: bool,
}

impl<'d, 'a> Walk<'d, 'a> {
    /// `None`: no subgraph says anything.
    fn begin(drafts: &'d Drafts<'a>, subgraph: SubgraphId) -> Option<Self> {
        let supergraph = drafts.solver.joins.supergraph;
        supergraph.has_cache_hints().then(|| Self {
            drafts,
            supergraph,
            subgraph,
            max_age: None,
            private: false,
            shown: Shown::default(),
            told: false,
        })
    }

    fn finish(self, selection: String, entities: Vec<EntityName>) -> Option<Cacheable> {
        let max_age = self.max_age.filter(|age| *age > 0)?;
        let names = |types: &TypeSet| -> Vec<Box<str>> {
            let kin = types.iter().fold(TypeSet::default(), |all, ty| all.union(&self.kin(ty)));
            kin.iter().map(|ty| self.supergraph.names.name(ty).into()).collect()
        };
        let dependencies = Dependencies {
            types: names(&self.shown.types),
            own_types: names(&self.shown.keys_only.difference(&self.shown.types)),
            subgraph: self.shown.any,
            entities,
        };
        Some(Cacheable { max_age, private: self.private, selection: selection.into(), dependencies })
    }

    fn below(&mut self, node: RequestNode) {
        for field in &self.drafts.requests.get(node).fields {
            stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.field(field, false));
        }
    }

    fn field(&mut self, field: &SelectedField<'_>, is_root: bool) {
        let composite = field.child.is_some();
        let of_type = if composite { self.of_type(field.ty.named) } else { CacheHint::default() };
        // Alike for most types; where they say different things the strictest counts.
        let parents = field.on.map_or_else(|| field.types.clone(), TypeSet::of);
        for parent in parents.iter() {
            let own = self.supergraph.cache_hints.of_field(self.subgraph, parent, field.field);
            let hint = joined(of_type, own.unwrap_or_default());
            self.restrict(hint, is_root || composite && !hint.inherit);
        }
        if let Some(child) = field.child {
            self.shows(field.ty.named, child);
            self.below(child);
        }
    }

    fn of_type(&self, ty: TypeId) -> CacheHint {
        self.supergraph.cache_hints.of_type(self.subgraph, ty).unwrap_or_default()
    }

    /// What says nothing may not be kept, where it `must` say something.
    fn restrict(&mut self, hint: CacheHint, must: bool) {
        let age = hint.max_age.or(must.then_some(0));
        self.max_age = match (self.max_age, age) {
            (Some(known), Some(age)) => Some(known.min(age)),
            (known, age) => known.or(age),
        };
        self.private |= hint.private == Some(true);
    }

    /// An object of that type, or of a type that is of it, is in the answer.
    fn shows(&mut self, ty: TypeId, child: RequestNode) {
        for ty in self.runtime_types(ty).iter() {
            if !is_entity(self.supergraph, ty) {
                // A page of a list shows what is on it, though nothing but its length was asked for.
                let below = self.entities_below(ty);
                self.told |= !below.is_empty();
                self.shown.types = self.shown.types.union(&below);
                continue;
            }
            self.told = true;
            match self.only_keys(ty, child) {
                true => self.shown.keys_only.insert(ty),
                false => self.shown.types.insert(ty),
            }
        }
    }

    fn runtime_types(&self, ty: TypeId) -> TypeSet {
        let info = self.supergraph.ty(ty);
        match info.join(self.subgraph) {
            Some(join) if info.is_abstract() && !join.possible.is_empty() => join.possible.clone(),
            _ => TypeSet::of(ty),
        }
    }

    /// Whether nothing but fields of keys is selected of the objects of that type.
    fn only_keys(&self, ty: TypeId, node: RequestNode) -> bool {
        let keys = self.supergraph.ty(ty).join(self.subgraph).map_or(&[][..], |join| &join.keys);
        let is_key = |field: FieldName| {
            let mut fields = keys.iter().flat_map(|key| self.supergraph.sets.set(key.fields).iter());
            fields.any(|entry| entry.field == field)
        };
        self.drafts.requests.get(node).fields.iter().all(|field| is_key(field.field))
    }

    /// The entities that objects of a type without a key can show in this subgraph.
    fn entities_below(&self, ty: TypeId) -> TypeSet {
        let mut found = TypeSet::default();
        let (mut open, mut seen) = (vec![ty], FxHashSet::default());
        while let Some(ty) = open.pop() {
            if !seen.insert(ty) {
                continue;
            }
            if is_entity(self.supergraph, ty) {
                found.insert(ty);
                continue;
            }
            for (_, field) in &self.supergraph.ty(ty).fields {
                if let Some(join) = field.join(self.subgraph) {
                    let composite = !matches!(
                        self.supergraph.ty(join.ty.named).kind,
                        TypeKind::Enum | TypeKind::Scalar | TypeKind::Input
                    );
                    if composite {
                        open.extend(self.runtime_types(join.ty.named).iter());
                    }
                }
            }
        }
        found
    }

    /// The types by whose names events may tell of an object of that type.
    fn kin(&self, ty: TypeId) -> TypeSet {
        let info = self.supergraph.ty(ty);
        let mut kin: TypeSet = info.interfaces.iter().copied().collect();
        if info.is_abstract() {
            kin = kin.union(&info.possible);
        }
        kin.insert(ty);
        kin
    }

    fn entity(&self, ty: TypeId) -> EntityName {
        let kin = self.kin(ty);
        EntityName {
            typename: self.supergraph.names.name(ty).into(),
            names: kin.iter().map(|ty| self.supergraph.names.name(ty).into()).collect(),
            key: self.only_key(&kin).map(|field| self.supergraph.field_name(field).into()),
        }
    }

    /// The field that is the only key of these types in all subgraphs.
    fn only_key(&self, types: &TypeSet) -> Option<FieldName> {
        let joins = types.iter().flat_map(|ty| self.supergraph.ty(ty).joins.iter().flatten());
        let mut only = None;
        for key in joins.flat_map(|join| &join.keys) {
            let set = self.supergraph.sets.set(key.fields);
            let mut entries = set.iter();
            let (Some(entry), None) = (entries.next(), entries.next()) else { return None };
            if entry.sub.is_some() || only.is_some_and(|known| known != entry.field) {
                return None;
            }
            only = Some(entry.field);
        }
        only
    }
}

/// A field's own hint before its type's.
fn joined(of_type: CacheHint, own: CacheHint) -> CacheHint {
    let private = own.private.or(of_type.private);
    if own.inherit && of_type.max_age.is_none() {
        return CacheHint { max_age: None, private, inherit: true };
    }
    CacheHint { max_age: own.max_age.or(of_type.max_age), private, inherit: of_type.inherit }
}

/// Whether events can tell of objects of that type.
fn is_entity(supergraph: &Supergraph, ty: TypeId) -> bool {
    supergraph.ty(ty).joins.iter().flatten().any(|join| !join.keys.is_empty())
}
