//! What of a plan's replies may be kept to answer others with, for how long, and which events end that.
//!
//! It lies beside the fetches, so that running a plan of which nothing may be kept meets none of it.

/// What may be kept of each fetch's replies, in the order of [`super::Plan::fetches`].
#[derive(Debug, PartialEq)]
pub struct Caching {
    /// By fetch.
    pub fetches: Vec<FetchCaching>,
}

/// What may be kept of one fetch's replies.
#[derive(Debug, PartialEq)]
pub enum FetchCaching {
    /// Of a root selection: the whole `data`.
    Root(Option<Cacheable>),
    /// Of each lookup's entities, one by one.
    Entities(Vec<Option<Cacheable>>),
}

/// What `@cacheControl` comes to for one selection.
#[derive(Debug, PartialEq)]
pub struct Cacheable {
    /// Seconds, at least 1: the lowest of all that is selected.
    pub max_age: u32,
    /// Something of it is for who asked alone (`scope: PRIVATE`).
    pub private: bool,
    /// Of a lookup: the text of its selection set. Of a root selection nothing, since its request has it all.
    pub selection: Box<str>,
    /// Which events say that it may be another now.
    pub dependencies: Dependencies,
}

/// What a selection shows. An event tells of an entity, by its type and its id, and comes from a subgraph.
#[derive(Debug, Default, PartialEq)]
pub struct Dependencies {
    /// The types whose events tell of what is selected, whichever subgraph they come from.
    pub types: Vec<Box<str>>,
    /// Types that stand in it by their keys alone: which of them do is for the subgraph itself to tell.
    pub own_types: Vec<Box<str>>,
    /// Something has no type that an event could tell of: any event of the subgraph counts.
    pub subgraph: bool,
    /// Of a lookup: the entities that are looked up, by the `__typename` of their representations.
    pub entities: Vec<EntityName>,
}

/// The entities that go by one name in a lookup.
#[derive(Debug, PartialEq)]
pub struct EntityName {
    /// Their `__typename` in representations.
    pub typename: Box<str>,
    /// The names by which events may tell of them: that, and the interfaces of it, or the objects of that interface.
    pub names: Vec<Box<str>>,
    /// The field that is their only key in every subgraph, so that its value is the id that events have; `None`: it
    /// can't be told which of them an event means, and each means all.
    pub key: Option<Box<str>>,
}

impl Caching {
    /// `None`: nothing may be kept.
    pub fn of(fetches: Vec<FetchCaching>) -> Option<Self> {
        let is_any = |fetch: &FetchCaching| match fetch {
            FetchCaching::Root(kept) => kept.is_some(),
            FetchCaching::Entities(lookups) => lookups.iter().any(Option::is_some),
        };
        fetches.iter().any(is_any).then_some(Self { fetches })
    }
}
