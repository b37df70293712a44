//! The supergraph: every subgraph's part in every type and field, as small integers.
//!
//! It is read from standard supergraph SDL (Apollo's join specification), whoever composed it. What planning
//! asks for is answered by index; what clients validate against is the API schema.

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use smallvec::SmallVec;

use crate::event::EventSource;
use crate::selection::{KeyId, SetId, Sets};
use crate::{OperationKind, SubgraphId, TypeId, TypeNames, TypeSet};

mod api;
mod authorisation;
mod caching;
mod contexts;
mod directives;
mod read;

pub use authorisation::{Requirement, RequirementId};
pub(crate) use caching::{CacheHint, CacheHints};
pub(crate) use contexts::{ContextId, ContextValue, Contextual};
pub use read::SupergraphError;

/// A composed graph, ready for planning.
#[derive(Debug)]
pub struct Supergraph {
    pub(crate) names: Arc<TypeNames>,
    pub(crate) fields: TypeNames,
    pub(crate) types: Vec<TypeInfo>,
    /// Some subgraph knows an interface's objects by the interface's name only.
    pub(crate) has_interface_objects: bool,
    pub(crate) roots: [Option<TypeId>; 3],
    /// The selections of keys, `@requires` and `@provides`, which plans build upon.
    pub(crate) sets: Sets,
    /// The labels of progressive overrides, sorted; a field's usability refers to them by index.
    pub(crate) labels: Vec<Box<str>>,
    requirements: Vec<Requirement>,
    /// What arguments take from objects above.
    pub(crate) contexts: Vec<ContextValue>,
    /// How fields of `Subscription` are fed, sorted by name.
    events: Vec<(FieldName, EventSource)>,
    /// What `@cacheControl` says.
    pub(crate) cache_hints: CacheHints,
    /// Unions whose members differ between subgraphs.
    pub(crate) partial_unions: TypeSet,
    subgraphs: Vec<SubgraphInfo>,
    full: Valid<Schema>,
    api: Arc<Valid<Schema>>,
}

/// One subgraph of a supergraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubgraphInfo {
    /// Its name, as it goes into NATS subjects.
    pub name: Box<str>,
    /// The URL of `@join__graph`, which NATS doesn't need.
    pub url: Box<str>,
}

/// Names count from below, deferred fragments from here down.
const FIRST_DEFERRED: u32 = u32::MAX - 2;

/// Values of contexts count from here down.
const FIRST_CONTEXT: u32 = u32::MAX / 2;

/// A field's name, as a number. `__typename` is [`FieldName::TYPENAME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldName(pub u32);

impl FieldName {
    pub const TYPENAME: Self = Self(u32::MAX);
    /// `__schema` and `__type`, which no subgraph is asked for.
    pub const INTROSPECTION: Self = Self(u32::MAX - 1);

    /// No field: the deferred fragment of that number, in the set in which it stands.
    pub fn deferred(number: u32) -> Self {
        Self(FIRST_DEFERRED - number)
    }

    pub fn is_deferred(self) -> bool {
        self.deferred_number().is_some()
    }

    pub fn deferred_number(self) -> Option<u32> {
        (self.0 <= FIRST_DEFERRED && self.0 > FIRST_CONTEXT).then(|| FIRST_DEFERRED - self.0)
    }

    /// No field: what the object is to be asked for so that fields below it can take it from a context.
    pub fn context(value: ContextId) -> Self {
        Self(FIRST_CONTEXT - u32::from(value.0))
    }

    pub fn context_value(self) -> Option<ContextId> {
        let number = u16::try_from(FIRST_CONTEXT.checked_sub(self.0)?).ok()?;
        Some(ContextId(number))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeKind {
    Object,
    Interface,
    Union,
    Enum,
    Scalar,
    Input,
}

#[derive(Debug)]
pub(crate) struct TypeInfo {
    pub kind: TypeKind,
    pub inaccessible: bool,
    /// The runtime types that an object of this type can have in any subgraph: for an interface its objects,
    /// and itself (and interfaces implementing it) where a subgraph has it as an interface object.
    pub possible: TypeSet,
    /// For an object: the interfaces that it implements anywhere.
    pub interfaces: Vec<TypeId>,
    /// By subgraph.
    pub joins: Vec<Option<TypeJoin>>,
    /// Sorted by name.
    pub fields: Vec<(FieldName, FieldInfo)>,
    /// For an enum: what a client may see.
    pub visible_values: Vec<Box<str>>,
    pub requirement: Option<RequirementId>,
}

/// A type in one subgraph.
#[derive(Debug, Default)]
pub(crate) struct TypeJoin {
    pub keys: Vec<Key>,
    pub interface_object: bool,
    /// The runtime types it can have in answers of this subgraph.
    pub possible: TypeSet,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub fields: SetId,
    pub resolvable: bool,
}

#[derive(Debug)]
pub(crate) struct FieldInfo {
    pub ty: FieldType,
    /// By subgraph.
    pub joins: Vec<Option<FieldJoin>>,
    /// All that selecting it asks for, the requirements of its types included.
    pub requirements: SmallVec<[RequirementId; 1]>,
}

/// A field in one subgraph.
#[derive(Clone, Debug)]
pub(crate) struct FieldJoin {
    pub ty: FieldType,
    pub external: bool,
    pub requires: Option<SetId>,
    pub provides: Option<SetId>,
    /// The arguments that it wants set from objects above.
    pub contexts: Vec<Contextual>,
    /// Usable only when the label's outcome is this.
    pub label: Option<(u16, bool)>,
}

impl FieldJoin {
    /// Something has to be brought along to resolve it.
    pub fn brings(&self) -> bool {
        self.requires.is_some() || !self.contexts.is_empty()
    }
}

/// A field's type: levels of lists, each non-null or not, from the outside in, then the named type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FieldType {
    pub non_null: SmallVec<[bool; 4]>,
    pub named: TypeId,
}

impl Supergraph {
    /// Reads supergraph SDL.
    ///
    /// # Errors
    /// When it isn't valid GraphQL, uses a feature with the purpose `SECURITY` or `EXECUTION` that isn't known
    /// here, or a field set in it doesn't fit its type.
    pub fn parse(sdl: &str) -> Result<Self, SupergraphError> {
        read::read(sdl)
    }

    /// What clients see: the schema to validate operations against and to introspect.
    pub fn api_schema(&self) -> &Arc<Valid<Schema>> {
        &self.api
    }

    /// The whole schema with its join directives.
    pub fn full_schema(&self) -> &Valid<Schema> {
        &self.full
    }

    /// The subgraphs, in the order of their ids.
    pub fn subgraphs(&self) -> &[SubgraphInfo] {
        &self.subgraphs
    }

    /// The subgraph of that name.
    pub fn subgraph_id(&self, name: &str) -> Option<SubgraphId> {
        let index = self.subgraphs.iter().position(|subgraph| &*subgraph.name == name)?;
        Some(SubgraphId(index as u16))
    }

    /// The subgraph's name.
    pub fn subgraph_name(&self, id: SubgraphId) -> &str {
        &self.subgraphs[id.0 as usize].name
    }

    /// The labels of progressive overrides (`@override(label:)`) that plans can depend on.
    pub fn override_labels(&self) -> &[Box<str>] {
        &self.labels
    }

    /// What `@authenticated`, `@requiresScopes` and `@policy` ask for, anywhere in it.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// How a field of `Subscription` is fed, if by events.
    pub fn event(&self, field: &str) -> Option<&EventSource> {
        let field = self.field_id(field)?;
        let at = self.events.binary_search_by_key(&field, |(name, _)| *name).ok()?;
        Some(&self.events[at].1)
    }

    /// The fields of `Subscription` that are fed by events.
    pub fn events(&self) -> impl Iterator<Item = (&str, &EventSource)> {
        self.events.iter().map(|(name, source)| (self.field_name(*name), source))
    }

    /// The keys of a type in a subgraph that are made of leaves alone, each by the names of its fields.
    pub fn plain_keys(&self, ty: &str, subgraph: SubgraphId) -> Vec<Vec<&str>> {
        let join = self.names.id(ty).and_then(|id| self.ty(id).join(subgraph));
        let plain = |key: &Key| {
            let entries = self.sets.set(key.fields).iter();
            entries.map(|entry| entry.sub.is_none().then(|| self.field_name(entry.field))).collect()
        };
        join.iter().flat_map(|join| join.keys.iter().filter_map(plain)).collect()
    }

    /// Whether any subgraph says `@cacheControl`: where none does, nothing of any answer may be kept.
    pub fn has_cache_hints(&self) -> bool {
        !self.cache_hints.is_empty()
    }

    pub(crate) fn context(&self, id: ContextId) -> &ContextValue {
        &self.contexts[usize::from(id.0)]
    }

    /// Whether a field of an object takes arguments.
    pub(crate) fn has_arguments(&self, ty: TypeId, field: &str) -> bool {
        let object = self.full.get_object(self.names.name(ty));
        let field = object.and_then(|object| object.fields.get(field));
        field.is_some_and(|field| !field.arguments.is_empty())
    }

    pub(crate) fn ty(&self, id: TypeId) -> &TypeInfo {
        &self.types[id.index()]
    }

    pub(crate) fn root(&self, kind: OperationKind) -> Option<TypeId> {
        self.roots[kind as usize]
    }

    pub(crate) fn field_name(&self, field: FieldName) -> &str {
        if field == FieldName::TYPENAME { "__typename" } else { self.fields.name(TypeId(field.0)) }
    }

    /// All names of fields, `__typename` last.
    fn field_names(&self) -> impl Iterator<Item = &str> {
        (0..self.fields.len() as u32)
            .map(FieldName)
            .chain([FieldName::TYPENAME])
            .map(|it| self.field_name(it))
    }

    /// The response key of a field without an alias.
    pub(crate) fn key(&self, field: FieldName) -> KeyId {
        if field == FieldName::TYPENAME { KeyId(self.fields.len() as u32) } else { KeyId(field.0) }
    }

    pub(crate) fn field_id(&self, name: &str) -> Option<FieldName> {
        if name == "__typename" {
            return Some(FieldName::TYPENAME);
        }
        self.fields.id(name).map(|id| FieldName(id.0))
    }

    pub(crate) fn field(&self, ty: TypeId, field: FieldName) -> Option<&FieldInfo> {
        self.ty(ty).field(field)
    }

    pub(crate) fn subgraph_ids(&self) -> impl Iterator<Item = SubgraphId> + use<> {
        (0..self.subgraphs.len() as u16).map(SubgraphId)
    }
}

impl TypeInfo {
    pub fn field(&self, field: FieldName) -> Option<&FieldInfo> {
        let at = self.fields.binary_search_by_key(&field, |(name, _)| *name).ok()?;
        Some(&self.fields[at].1)
    }

    pub fn join(&self, subgraph: SubgraphId) -> Option<&TypeJoin> {
        self.joins.get(subgraph.0 as usize)?.as_ref()
    }

    pub fn is_abstract(&self) -> bool {
        matches!(self.kind, TypeKind::Interface | TypeKind::Union)
    }
}

impl FieldInfo {
    /// No subgraph has it on this type: it is an interface object's, for all of its interface's types.
    pub fn is_from_interface(&self) -> bool {
        self.joins.iter().all(Option::is_none)
    }

    pub fn join(&self, subgraph: SubgraphId) -> Option<&FieldJoin> {
        self.joins.get(subgraph.0 as usize)?.as_ref()
    }
}
