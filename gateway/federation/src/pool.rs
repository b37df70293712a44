//! Equal things stored once and named by number, in two layers: what belongs to the supergraph, and what one
//! planning adds to it.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Things by number and numbers by thing.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    items: Vec<Arc<T>>,
    ids: FxHashMap<Arc<T>, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ids: FxHashMap::default() }
    }
}

/// A pool on top of another that it doesn't change.
#[derive(Debug)]
pub(crate) struct Layer<'a, T> {
    base: Option<&'a Pool<T>>,
    own: Pool<T>,
}

impl<'a, T: Hash + Eq> Layer<'a, T> {
    pub fn over(base: Option<&'a Pool<T>>) -> Self {
        Self { base, own: Pool::default() }
    }

    /// The number of an equal thing, or a new one.
    pub fn intern(&mut self, item: T) -> u32 {
        let known = self.base.and_then(|base| base.ids.get(&item)).or_else(|| self.own.ids.get(&item));
        if let Some(&id) = known {
            return id;
        }
        let id = (self.base_len() + self.own.items.len()) as u32;
        let item = Arc::new(item);
        self.own.items.push(item.clone());
        self.own.ids.insert(item, id);
        id
    }

    /// The thing of that number. A clone of the handle, so that the pool can grow while it is looked at.
    pub fn get(&self, id: u32) -> Arc<T> {
        self.item(id).clone()
    }

    /// The same by reference.
    pub fn item(&self, id: u32) -> &Arc<T> {
        match self.base {
            Some(base) if (id as usize) < base.items.len() => &base.items[id as usize],
            _ => &self.own.items[id as usize - self.base_len()],
        }
    }

    fn base_len(&self) -> usize {
        self.base.map_or(0, |base| base.items.len())
    }

    /// Its own layer, to become a base.
    pub fn into_own(self) -> Pool<T> {
        self.own
    }
}
