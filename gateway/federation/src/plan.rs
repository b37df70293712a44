//! The plan: what to fetch from whom and when, how replies are read into slots, and how the client's answer
//! is written from them.
//!
//! Everything is a flat table and everything refers by index, so that running a plan follows no hash and
//! compares no name but the keys of a reply. A plan never holds a variable's value: it serves every request
//! with the same operation.
//!
//! Three views of the same tree of objects hang together by [`Shape`]s:
//!
//! * [`Read`]s say which key of a subgraph's reply goes to which slot of an object,
//! * [`PathStep`]s and [`Representation`]s find objects again and turn them into entity representations,
//! * [`Output`]s write the client's selection, in the client's order, from the slots.

use std::sync::Arc;

use serde::Serialize;

use crate::{Fact, TypeId, TypeNames, TypeSet};

mod caching;
mod mermaid;
pub mod print;

pub use caching::{Cacheable, Caching, Dependencies, EntityName, FetchCaching};

/// A subgraph of the supergraph: an index into [`crate::Supergraph::subgraphs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SubgraphId(pub u16);

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as `usize`.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// Index into [`Plan::fetches`].
    FetchId
);
index!(
    /// Index into [`Plan::shapes`].
    ShapeId
);
index!(
    /// Index into [`Plan::reads`].
    ReadId
);
index!(
    /// Index into [`Plan::outputs`].
    OutputId
);
index!(
    /// Index into [`Plan::conditions`].
    ConditionId
);
index!(
    /// Index into [`Plan::variables`].
    VariableId
);
index!(
    /// Index into [`Plan::enums`].
    EnumId
);
index!(
    /// Index into [`Plan::deferred`].
    DeferredId
);
index!(
    /// Index into one [`Shape::slots`].
    SlotId
);

/// What kind of operation is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// May be sent again, in parallel.
    Query,
    /// Root fields one after the other, each with its entity fetches; never sent twice.
    Mutation,
    /// [`Plan::fetches`]`[0]` is the subscription; the others run for each of its events.
    Subscription,
}

/// How to answer one operation.
#[derive(Debug, PartialEq)]
pub struct Plan {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The operation's name, if it has one.
    pub operation_name: Option<Box<str>>,
    /// In topological order: a fetch depends only on fetches before it.
    pub fetches: Vec<Fetch>,
    /// The objects that the answer is made of; `shapes[0]` is the root.
    pub shapes: Vec<Shape>,
    /// How replies are read.
    pub reads: Vec<Read>,
    /// How the client's answer is written; `outputs[0]` is the root selection.
    pub outputs: Vec<Output>,
    /// What comes after the first part of the answer.
    pub deferred: Vec<Deferred>,
    /// The `@skip` and `@include` conditions that occur.
    pub conditions: Vec<Condition>,
    /// The client's variables, in the order of their definitions.
    pub variables: Vec<Box<str>>,
    /// For each enum that the answer can hold, the values that the client may see, sorted.
    pub enums: Vec<EnumValues>,
    /// Type names for `__typename`, both ways.
    pub type_names: Arc<TypeNames>,
    /// The root selection's `__schema` and `__type` fields are answered by introspection.
    pub has_introspection: bool,
    /// What must be true of a request and what must not be for the plan to be its plan; sorted.
    pub facts: Vec<(Fact, bool)>,
    /// Nothing in the only fetch's reply can need a change: its `data` is the client's `data`.
    pub relay: bool,
    /// What of the replies may be kept; `None`: nothing of any.
    pub caching: Option<Box<Caching>>,
    /// Steps of planning that it took: what [`crate::PlanOptions::max_work`] bounds. The same each time.
    pub work: u64,
}

/// One request to one subgraph.
#[derive(Debug, PartialEq)]
pub struct Fetch {
    /// Who is asked.
    pub subgraph: SubgraphId,
    /// What kind of operation is sent.
    pub kind: OperationKind,
    /// The deferred fragment that it is for; `None`: the first part of the answer waits for it.
    pub deferred: Option<DeferredId>,
    /// Fetches that must have ended (well or not) before this one starts.
    pub deps: Vec<FetchId>,
    /// The fetch isn't sent when this is false.
    pub condition: Option<ConditionId>,
    /// The operation's text.
    pub query: Box<str>,
    /// The request's JSON up to the variables: `{"query":"…"`, then `,"variables":{…}` and `}` follow.
    pub head: Box<[u8]>,
    /// What goes into the request's `variables`, in this order.
    pub variables: Vec<FetchVariable>,
    /// What is asked and where it goes.
    pub source: FetchSource,
}

/// One entry of a request's `variables`.
#[derive(Debug, PartialEq)]
pub struct FetchVariable {
    /// `"name":`, ready to be written.
    pub key: Box<[u8]>,
    /// Where the value comes from.
    pub value: FetchVariableValue,
}

/// Where a request's variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchVariableValue {
    /// The client's variable, as raw JSON; left out when the client left it out.
    Client(VariableId),
    /// The representations of [`FetchSource::Entities`]' lookup of that index.
    Representations(usize),
    /// The value of [`Lookup::contexts`] of that index, in the fetch's only lookup.
    Context(usize),
}

/// What a fetch asks for, and where its reply goes.
#[derive(Debug, PartialEq)]
pub enum FetchSource {
    /// A root selection. `path` is empty but for `Query` objects met inside an answer; the reply's `data` is
    /// merged into each object there.
    Root {
        /// From the root to the objects.
        path: Vec<PathStep>,
        /// How `data` is read.
        read: ReadId,
    },
    /// One or several `_entities` fields.
    Entities(Vec<Lookup>),
}

/// One `_entities` field of a request.
#[derive(Debug, PartialEq)]
pub struct Lookup {
    /// Its key in the reply: `_entities`, or an alias when there are several.
    pub key: Box<str>,
    /// From the root to the objects whose fields are fetched; lists on the way are walked through.
    pub path: Vec<PathStep>,
    /// How an object is represented, by its runtime type: the first that fits; objects of other types are
    /// not sent.
    pub representations: Vec<Representation>,
    /// How each entity of the reply is read into its object.
    pub read: ReadId,
    /// The lookup is left without representations when this is false (other lookups of the fetch may be true).
    pub condition: Option<ConditionId>,
    /// What variables of the request take from objects above those that are looked up. Objects for which they are
    /// different go in different requests; a lookup with any is its fetch's only one.
    pub contexts: Vec<ContextArgument>,
    /// Objects that lie below different objects at this step of the path aren't brought together, though they be
    /// the same entity: something below takes something from there.
    pub apart: Option<usize>,
}

/// A value that a request's variable takes from an object above those that are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextArgument {
    /// Objects for which it is null aren't sent.
    pub required: bool,
    /// The nearest first. The first that fits the object there decides.
    pub sources: Vec<ContextSource>,
}

/// Where a value of a context is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextSource {
    /// How many steps of the lookup's path lead to the object.
    pub depth: usize,
    /// When it is of one of these runtime types.
    pub types: TypeSet,
    /// The way to the value: for each runtime type one field with at most one in it.
    pub fields: Vec<RepresentationField>,
}

/// One step down from objects to the objects in one of their slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathStep {
    /// Only from objects of these runtime types; `None`: from all.
    pub types: Option<TypeSet>,
    /// Down into this slot: an object, null, or lists of them to any depth.
    pub slot: SlotId,
}

/// How an object becomes an element of `representations`.
#[derive(Debug, PartialEq)]
pub struct Representation {
    /// For objects of these runtime types.
    pub types: TypeSet,
    /// The `__typename` that is sent; `None`: the object's own runtime type. (An interface object goes by the
    /// interface's name.)
    pub typename: Option<Box<str>>,
    /// The key's fields, then what `@requires` asks for.
    pub fields: Vec<RepresentationField>,
}

/// One field of a representation, at any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepresentationField {
    /// Only when the object that holds it is of these runtime types; `None`: always.
    pub types: Option<TypeSet>,
    /// The name in the subgraph's schema.
    pub name: Box<str>,
    /// Where its value is.
    pub value: RepresentationValue,
    /// Part of a key: where it is null or absent, the object isn't sent at all. Otherwise (`@requires`) null is
    /// sent as null; an absent one keeps the object from being sent.
    pub key: bool,
}

/// Where the value of a representation's field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepresentationValue {
    /// The runtime type's name.
    Typename,
    /// A leaf (or list of leaves): the slot's JSON as it came.
    Leaf(SlotId),
    /// An object (or list of objects): these fields of it.
    Object(SlotId, Vec<RepresentationField>),
}

/// The slots of the objects at one place of the answer, whatever their runtime type.
#[derive(Debug, Default, PartialEq)]
pub struct Shape {
    /// What can be stored.
    pub slots: Vec<Slot>,
}

/// One place for a value.
#[derive(Debug, PartialEq)]
pub struct Slot {
    /// The client's response key, for errors' paths; `None`: the planner's own need, not the client's.
    pub key: Option<Box<str>>,
    /// The shape of the object (or objects in lists) in it; `None`: a leaf.
    pub child: Option<ShapeId>,
}

/// How an object of a reply is read into an object of the answer.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// Which shape it fills.
    pub shape: ShapeId,
    /// How its runtime type is known.
    pub typename: ReadTypename,
    /// In the order in which the subgraph will most likely answer. A key may stand twice where it fills slots
    /// for different runtime types.
    pub fields: Vec<ReadField>,
}

/// How the runtime type of a read object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTypename {
    /// The object is there already and keeps the type that it has: an entity that was asked by its own type.
    Keep,
    /// The subgraph can only answer with this type.
    Static(TypeId),
    /// The reply's `__typename` says it. (An interface object's name is its interface's: the object keeps a
    /// concrete type that it already has.)
    Dynamic,
}

/// One key of a reply.
#[derive(Debug, PartialEq)]
pub struct ReadField {
    /// Only for objects of these runtime types; `None`: all.
    pub types: Option<TypeSet>,
    /// The key in the reply.
    pub key: Box<str>,
    /// Where the value goes.
    pub slot: SlotId,
    /// How objects in it are read; `None`: a leaf, kept as raw JSON.
    pub read: Option<ReadId>,
}

/// A selection set of the client's.
#[derive(Debug, PartialEq)]
pub struct Output {
    /// The runtime types that the client may see here: an object of another type (unknown or inaccessible)
    /// becomes null. An interface's own id is among them while the concrete type doesn't matter.
    pub types: TypeSet,
    /// In the client's order. For one runtime type and satisfied conditions no key stands twice.
    pub fields: Vec<OutputField>,
    /// What of the same objects comes later.
    pub deferred: Vec<OutputDeferred>,
}

/// A deferred fragment at one place of the answer (the incremental delivery draft): one part of the answer for
/// each object there. Without those fields that the first part has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// As the client named it.
    pub label: Option<Box<str>>,
}

/// Where a deferred fragment stands in the client's selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputDeferred {
    /// Which.
    pub deferred: DeferredId,
    /// Its selection on the objects here.
    pub output: OutputId,
    /// Only for objects of these runtime types; `None`: all.
    pub types: Option<TypeSet>,
    /// Left out when this is false.
    pub condition: Option<ConditionId>,
}

/// One field of the client's answer.
#[derive(Debug, PartialEq)]
pub struct OutputField {
    /// `"key":`, JSON-escaped, ready to be written.
    pub json_key: Box<[u8]>,
    /// The response key, for errors' paths.
    pub key: Box<str>,
    /// Only for objects of these runtime types; `None`: all.
    pub types: Option<TypeSet>,
    /// Left out when this is false.
    pub condition: Option<ConditionId>,
    /// What is written.
    pub value: OutputValue,
}

/// What a field of the client's answer shows.
#[derive(Debug, PartialEq)]
pub enum OutputValue {
    /// The object's runtime type.
    Typename,
    /// What introspection answered under this response key.
    Introspection,
    /// Null and an error: who asks may not see it.
    Withheld {
        /// The field can't be null, so that what holds it becomes null.
        non_null: bool,
        /// `Type.field`, for error messages.
        coordinate: Box<str>,
    },
    /// What a slot holds.
    Slot {
        /// Which.
        slot: SlotId,
        /// The type that it must have for the client; anything else becomes null.
        ty: OutputType,
        /// `Type.field`, for error messages.
        coordinate: Box<str>,
    },
}

/// A type as the client knows it: wrappers from the outside in, then what is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputType {
    /// For each level from the outermost: is it non-null? One more than there are lists: `[T!]` is
    /// `[false, true]`.
    pub non_null: smallvec::SmallVec<[bool; 4]>,
    /// The innermost type.
    pub inner: OutputInner,
}

/// The innermost type of an [`OutputType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputInner {
    /// JSON integer in 32 bits.
    Int,
    /// JSON number.
    Float,
    /// JSON string.
    String,
    /// JSON boolean.
    Boolean,
    /// JSON string or integer.
    Id,
    /// Any JSON.
    Scalar,
    /// One of the values that the client may see.
    Enum(EnumId),
    /// An object with this selection.
    Object(OutputId),
}

/// `@skip` and `@include` in disjunctive form: one of the alternatives holds when all of its literals do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// Never empty, and no alternative is empty (that would be "always").
    pub any: Vec<Vec<Literal>>,
}

/// A Boolean variable, or its opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// Which.
    pub variable: VariableId,
    /// The value that makes it hold: `@include(if: $x)` is `true`, `@skip(if: $x)` is `false`.
    pub expected: bool,
}

impl Condition {
    /// Whether it holds, given the variables' values.
    pub fn holds(&self, value: impl Fn(VariableId) -> bool) -> bool {
        self.any.iter().any(|all| all.iter().all(|literal| value(literal.variable) == literal.expected))
    }
}

/// The values of an enum that a client may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValues {
    /// The enum's name.
    pub name: Box<str>,
    /// Sorted.
    pub values: Vec<Box<str>>,
}

impl EnumValues {
    /// Whether the client may see that value.
    pub fn contains(&self, value: &str) -> bool {
        self.values.binary_search_by(|known| (**known).cmp(value)).is_ok()
    }
}
