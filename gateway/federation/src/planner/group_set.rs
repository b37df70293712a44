//! Sets of groups. Nearly all hold a handful, so they are sorted lists in place rather than trees.

use std::ops::Deref;

use rustc_hash::FxHashSet;
use smallvec::{SmallVec, smallvec};

use super::emit::GroupId;

/// Sorted, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GroupSet(SmallVec<[GroupId; 4]>);

impl GroupSet {
    /// The set of one group.
    pub fn of(group: GroupId) -> Self {
        Self(smallvec![group])
    }

    /// Adds a group.
    pub fn insert(&mut self, group: GroupId) {
        // Most often it is the newest, which comes last.
        if self.0.last().is_none_or(|&last| last < group) {
            self.0.push(group);
        } else if let Err(at) = self.0.binary_search(&group) {
            self.0.insert(at, group);
        }
    }
}

/// Whether `from` needs `wanted`, directly or not, where each needs what `deps` says.
pub(super) fn needs<'a>(from: usize, wanted: usize, deps: impl Fn(usize) -> &'a GroupSet) -> bool {
    let mut open = vec![from];
    let mut seen = FxHashSet::default();
    while let Some(at) = open.pop() {
        if at == wanted {
            return true;
        }
        if seen.insert(at) {
            open.extend(deps(at).iter());
        }
    }
    false
}

impl Deref for GroupSet {
    type Target = [GroupId];

    fn deref(&self) -> &[GroupId] {
        &self.0
    }
}

impl Extend<GroupId> for GroupSet {
    fn extend<I: IntoIterator<Item = GroupId>>(&mut self, groups: I) {
        groups.into_iter().for_each(|group| self.insert(group));
    }
}

impl FromIterator<GroupId> for GroupSet {
    fn from_iter<I: IntoIterator<Item = GroupId>>(groups: I) -> Self {
        let mut set = Self::default();
        set.extend(groups);
        set
    }
}

impl IntoIterator for GroupSet {
    type Item = GroupId;
    type IntoIter = smallvec::IntoIter<[GroupId; 4]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s> IntoIterator for &'s GroupSet {
    type Item = &'s GroupId;
    type IntoIter = std::slice::Iter<'s, GroupId>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_like_a_set(groups in proptest::collection::vec(0usize..30, 0..40)) {
            let set: GroupSet = groups.iter().copied().collect();
            let model: BTreeSet<GroupId> = groups.into_iter().collect();
            prop_assert_eq!(set.to_vec(), model.into_iter().collect::<Vec<_>>());
        }
    }
}
