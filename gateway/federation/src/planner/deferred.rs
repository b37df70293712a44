//! Deferred fragments by the place at which they stand: one fragment of a document can stand at several.

use rustc_hash::FxHashMap;

use crate::plan::{DeferredId, ShapeId};

#[derive(Debug, Default)]
pub(super) struct DeferredFragments {
    ids: FxHashMap<(u32, ShapeId), DeferredId>,
    /// The number of the document's fragment.
    pub all: Vec<u32>,
}

impl DeferredFragments {
    /// The fragment of that number at that place.
    pub fn id(&mut self, number: u32, position: ShapeId) -> DeferredId {
        let all = &mut self.all;
        *self.ids.entry((number, position)).or_insert_with(|| {
            all.push(number);
            DeferredId(all.len() as u32 - 1)
        })
    }

    /// The same, if a plan has it.
    pub fn known(&self, number: u32, position: ShapeId) -> Option<DeferredId> {
        self.ids.get(&(number, position)).copied()
    }
}
