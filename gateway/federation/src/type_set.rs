//! Types as small integers, and sets of them as bits.

use rustc_hash::FxHashMap;

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

/// A set of types. Up to 128 types need no allocation, and every operation is two instructions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeSet {
    words: Words,
}

/// Bits. Equal sets are equal words: `Many` are more than two, and the last of them isn't zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Words {
    Few([u64; 2]),
    Many(Box<[u64]>),
}

impl std::hash::Hash for Words {
    /// Word by word: as a slice they would be hashed byte by byte, with their number.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.all().iter().for_each(|word| state.write_u64(*word));
    }
}

impl Words {
    #[inline]
    fn all(&self) -> &[u64] {
        match self {
            Self::Few(words) => words,
            Self::Many(words) => words,
        }
    }

    /// Without the zeros at the end.
    fn trimmed(mut words: Vec<u64>) -> Self {
        while words.len() > 2 && words.last() == Some(&0) {
            words.pop();
        }
        match words[..] {
            [] => Self::Few([0; 2]),
            [one] => Self::Few([one, 0]),
            [one, other] => Self::Few([one, other]),
            _ => Self::Many(words.into()),
        }
    }
}

impl Default for TypeSet {
    #[inline]
    fn default() -> Self {
        Self { words: Words::Few([0; 2]) }
    }
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
        let (word, bit) = (id.index() / 64, 1 << (id.0 % 64));
        match &mut self.words {
            Words::Few(words) if word < words.len() => words[word] |= bit,
            Words::Many(words) if word < words.len() => words[word] |= bit,
            shorter => {
                let mut words = shorter.all().to_vec();
                words.resize(word + 1, 0);
                words[word] |= bit;
                *shorter = Words::Many(words.into());
            }
        }
    }

    /// Whether the type is in it.
    #[inline]
    pub fn contains(&self, id: TypeId) -> bool {
        self.words.all().get(id.index() / 64).is_some_and(|word| word & (1 << (id.0 % 64)) != 0)
    }

    /// Whether it holds nothing.
    #[inline]
    pub fn is_empty(&self) -> bool {
        matches!(self.words, Words::Few([0, 0]))
    }

    /// How many types it holds.
    pub fn len(&self) -> usize {
        self.words.all().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    /// What either holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    /// What it holds and the other doesn't.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    #[inline]
    fn with(&self, other: &Self, word: impl Fn(u64, u64) -> u64) -> Self {
        if let (Words::Few(a), Words::Few(b)) = (&self.words, &other.words) {
            return Self { words: Words::Few([word(a[0], b[0]), word(a[1], b[1])]) };
        }
        let (a, b) = (self.words.all(), other.words.all());
        let at = |words: &[u64], at: usize| words.get(at).copied().unwrap_or(0);
        let words = (0..a.len().max(b.len())).map(|index| word(at(a, index), at(b, index)));
        Self { words: Words::trimmed(words.collect()) }
    }

    /// Whether the other holds all of it.
    pub fn is_subset(&self, other: &Self) -> bool {
        let other = other.words.all();
        let mut words = self.words.all().iter().enumerate();
        words.all(|(at, word)| word & !other.get(at).copied().unwrap_or(0) == 0)
    }

    /// Whether they share a type.
    #[inline]
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.all().iter().zip(other.words.all()).any(|(a, b)| a & b != 0)
    }

    /// Its types, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.words.all().iter().enumerate().flat_map(|(at, &word)| {
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
            prop_assert_eq!(x.is_empty(), a.is_empty());
            // Equal sets are equal, whichever way they were made.
            prop_assert_eq!(x.difference(&y).union(&x.intersection(&y)), x);
        }
    }
}
