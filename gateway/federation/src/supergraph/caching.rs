//! What `@cacheControl` says of types and fields, by subgraph.

use rustc_hash::FxHashMap;

use super::FieldName;
use crate::{SubgraphId, TypeId};

/// One `@cacheControl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheHint {
    /// Seconds.
    pub max_age: Option<u32>,
    /// `scope: PRIVATE`, or `PUBLIC`.
    pub private: Option<bool>,
    /// `inheritMaxAge: true`: as old as what it stands in.
    pub inherit: bool,
}

/// All that there are.
#[derive(Debug, Default)]
pub(crate) struct CacheHints {
    pub(super) types: FxHashMap<(SubgraphId, TypeId), CacheHint>,
    pub(super) fields: FxHashMap<(SubgraphId, TypeId, FieldName), CacheHint>,
}

impl CacheHints {
    pub fn is_empty(&self) -> bool {
        self.types.is_empty() && self.fields.is_empty()
    }

    pub fn of_type(&self, subgraph: SubgraphId, ty: TypeId) -> Option<CacheHint> {
        self.types.get(&(subgraph, ty)).copied()
    }

    pub fn of_field(&self, subgraph: SubgraphId, ty: TypeId, field: FieldName) -> Option<CacheHint> {
        self.fields.get(&(subgraph, ty, field)).copied()
    }
}
