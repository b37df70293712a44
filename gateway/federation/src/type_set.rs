//! Types as small integers, and sets of them as bits.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// A composite or leaf type of one supergraph; an index into [`TypeNames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The index, for tables that hold something for each type.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The names of a supergraph's types, both ways. Ids are given in alphabetical order, so that they don't
/// depend on the order in which subgraphs were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypeNames {
    names: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, TypeId>,
    interfaces: TypeSet,
}

impl TypeNames {
    /// Sorts the names and numbers them.
    pub fn new(names: impl IntoIterator<Item = Box<str>>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        let ids = names.iter().enumerate().map(|(at, name)| (name.clone(), TypeId(at as u32))).collect();
        Self { names, ids, interfaces: TypeSet::default() }
    }

    /// Says which types are interfaces: an interface object goes by its interface's name until its own is known.
    #[must_use]
    pub fn with_interfaces(mut self, interfaces: TypeSet) -> Self {
        self.interfaces = interfaces;
        self
    }

    /// Whether the type is an interface, so that an object of it may turn out to be of another type.
    #[inline]
    pub fn is_interface(&self, id: TypeId) -> bool {
        self.interfaces.contains(id)
    }

    /// The type of that name.
    pub fn id(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// The type's name.
    pub fn name(&self, id: TypeId) -> &str {
        &self.names[id.index()]
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A set of types. Up to 128 types need no allocation; trailing zero words are never kept, so that equal
/// sets are equal bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeSet {
    words: SmallVec<[u64; 2]>,
}

impl TypeSet {
    /// The set of one type.
    pub fn of(id: TypeId) -> Self {
        let mut set = Self::default();
        set.insert(id);
        set
    }

    /// Adds a type.
    pub fn insert(&mut self, id: TypeId) {
        let word = id.index() / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (id.0 % 64);
    }

    /// Whether the type is in it.
    #[inline]
    pub fn contains(&self, id: TypeId) -> bool {
        self.words.get(id.index() / 64).is_some_and(|word| word & (1 << (id.0 % 64)) != 0)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many types it holds.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// What both hold.
    pub fn intersection(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        Self { words }.trimmed()
    }

    /// What either holds.
    pub fn union(&self, other: &Self) -> Self {
        let (mut long, short) =
            if self.words.len() >= other.words.len() { (self.clone(), other) } else { (other.clone(), self) };
        for (word, more) in long.words.iter_mut().zip(&short.words) {
            *word |= more;
        }
        long
    }

    /// What it holds and the other doesn't.
    pub fn difference(&self, other: &Self) -> Self {
        let mut words = self.words.clone();
        for (word, less) in words.iter_mut().zip(&other.words) {
            *word &= !less;
        }
        Self { words }.trimmed()
    }

    /// Whether the other holds all of it.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().enumerate().all(|(at, word)| word & !other.words.get(at).copied().unwrap_or(0) == 0)
    }

    /// Whether they share a type.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Its types, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(TypeId(at as u32 * 64 + bit))
            })
        })
    }

    fn trimmed(mut self) -> Self {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
        self
    }
}

impl FromIterator<TypeId> for TypeSet {
    fn from_iter<I: IntoIterator<Item = TypeId>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(ids: &BTreeSet<u32>) -> TypeSet {
        ids.iter().map(|&id| TypeId(id)).collect()
    }

    proptest! {
        #[test]
        fn behaves_like_a_set_of_integers(
            a in proptest::collection::btree_set(0u32..300, 0..40),
            b in proptest::collection::btree_set(0u32..300, 0..40),
        ) {
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(x.iter().map(|id| id.0).collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.len(), a.len());
            prop_assert_eq!(x.union(&y), set(&(&a | &b)));
            prop_assert_eq!(x.intersection(&y), set(&(&a & &b)));
            prop_assert_eq!(x.difference(&y), set(&(&a - &b)));
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(x.intersects(&y), !a.is_disjoint(&b));
        }
    }
}
