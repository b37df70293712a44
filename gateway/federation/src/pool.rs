//! Equal things stored once and named by number, in two layers: what belongs to the supergraph, and what one
//! planning adds to it.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// As long as there are no more than this, comparing their hashes one by one is quicker than a table, which
/// would have to be allocated. Most operations stay below.
const FEW: usize = 16;

/// Things by number and numbers by thing. A thing is hashed once, whatever is asked afterwards.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    items: Vec<(u64, T)>,
    /// Empty while there are few.
    ids: HashTable<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ids: HashTable::new() }
    }
}

impl<T> Pool<T> {
    /// The thing of that number.
    pub fn get(&self, id: u32) -> &T {
        &self.items[id as usize].1
    }

    /// The number of the thing with this hash that is the wanted one.
    pub fn find(&self, hash: u64, wanted: impl Fn(&T) -> bool) -> Option<u32> {
        let is_it = |&at: &u32| {
            let (known, item) = &self.items[at as usize];
            *known == hash && wanted(item)
        };
        match self.items.len() {
            few if few <= FEW => (0..few as u32).find(is_it),
            _ => self.ids.find(hash, is_it).copied(),
        }
    }

    /// Adds a thing that isn't there yet.
    pub fn push(&mut self, hash: u64, item: T) -> u32 {
        let id = self.items.len() as u32;
        self.items.push((hash, item));
        let items = &self.items;
        let first = match items.len() {
            few if few <= FEW => return id,
            _ if self.ids.is_empty() => 0,
            _ => id,
        };
        for id in first..=id {
            self.ids.insert_unique(items[id as usize].0, id, |&at| items[at as usize].0);
        }
        id
    }

    /// The same with other handles to the same things.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Pool<U> {
        let items = self.items.into_iter().map(|(hash, item)| (hash, change(item))).collect();
        Pool { items, ids: self.ids }
    }
}

/// The hash by which a [`Pool`] knows a thing.
pub(crate) fn hash_of(item: &(impl Hash + ?Sized)) -> u64 {
    FxBuildHasher.hash_one(item)
}

/// A pool on top of another that it doesn't change.
#[derive(Debug)]
pub(crate) struct Layer<'a, B, T = B> {
    base: Option<&'a Pool<B>>,
    own: Pool<T>,
}

impl<'a, B, T> Layer<'a, B, T> {
    pub fn over(base: Option<&'a Pool<B>>) -> Self {
        Self { base, own: Pool::default() }
    }

    /// The number of an equal thing, or a new one, for which it is stored.
    pub fn intern<I, Q>(&mut self, item: I, store: impl FnOnce(I) -> T) -> u32
    where
        I: Borrow<Q>,
        B: Borrow<Q>,
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let wanted: &Q = item.borrow();
        let hash = hash_of(wanted);
        if let Some(known) = self.base.and_then(|base| base.find(hash, |known| known.borrow() == wanted)) {
            return known;
        }
        let known = self.own.find(hash, |known| known.borrow() == wanted);
        self.base_len() + known.unwrap_or_else(|| self.own.push(hash, store(item)))
    }

    /// The thing of that number.
    pub fn item<Q>(&self, id: u32) -> &Q
    where
        B: Borrow<Q>,
        T: Borrow<Q>,
        Q: ?Sized,
    {
        match self.split(id) {
            Ok(base) => base.borrow(),
            Err(own) => own.borrow(),
        }
    }

    /// The thing of that number: the base's or its own.
    pub fn split(&self, id: u32) -> Result<&'a B, &T> {
        match self.base {
            Some(base) if id < base.items.len() as u32 => Ok(base.get(id)),
            _ => Err(self.own.get(id - self.base_len())),
        }
    }

    fn base_len(&self) -> u32 {
        self.base.map_or(0, |base| base.items.len() as u32)
    }

    /// Its own layer, to become a base.
    pub fn into_own(self) -> Pool<T> {
        self.own
    }
}

/// A map that is a list while it is short, as [`Pool`] is. Nothing is taken out of it again.
#[derive(Debug)]
pub(crate) struct SmallMap<K, V> {
    entries: Pool<(K, V)>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self { entries: Pool::default() }
    }
}

impl<K: Hash + Eq, V> SmallMap<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.find(key)?;
        Some(&self.entries.get(at).1)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.find(key)?;
        Some(&mut self.entries.items[at as usize].1.1)
    }

    fn find(&self, key: &K) -> Option<u32> {
        self.entries.find(hash_of(key), |(known, _)| known == key)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        let hash = hash_of(&key);
        match self.entries.find(hash, |(known, _)| *known == key) {
            Some(at) => self.entries.items[at as usize].1.1 = value,
            None => {
                self.entries.push(hash, (key, value));
            }
        }
    }

    /// The value of a key, which is made if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let hash = hash_of(&key);
        let known = self.entries.find(hash, |(known, _)| *known == key);
        let at = known.unwrap_or_else(|| self.entries.push(hash, (key, make())));
        &mut self.entries.items[at as usize].1.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn numbers_are_given_once(words in proptest::collection::vec("[a-c]{0,3}", 0..80), cut in 0usize..80) {
            let cut = cut.min(words.len());
            let mut below: Layer<Box<str>> = Layer::over(None);
            let first: Vec<u32> =
                words[..cut].iter().map(|word| below.intern::<_, str>(&**word, Box::from)).collect();
            let base = below.into_own();
            let mut layer: Layer<Box<str>> = Layer::over(Some(&base));
            let ids: Vec<u32> = words.iter().map(|word| layer.intern::<_, str>(&**word, Box::from)).collect();
            prop_assert_eq!(&ids[..cut], &first[..]);
            let mut numbers: HashMap<&str, u32> = HashMap::new();
            for (word, id) in words.iter().zip(ids) {
                prop_assert_eq!(layer.item::<str>(id), word);
                prop_assert_eq!(*numbers.entry(word).or_insert(id), id);
            }
        }

        #[test]
        fn a_small_map_is_a_map(keys in proptest::collection::vec(0u8..40, 0..80)) {
            let mut map: SmallMap<u8, usize> = SmallMap::default();
            let mut model: HashMap<u8, usize> = HashMap::new();
            for (at, key) in keys.into_iter().enumerate() {
                *map.get_or_insert_with(key, || 0) += at;
                *model.entry(key).or_insert(0) += at;
            }
            for key in 0..40 {
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.get_mut(&key), model.get_mut(&key));
            }
        }
    }
}
