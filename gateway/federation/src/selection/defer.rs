//! `@defer`: what of a deferred fragment isn't in the answer already when its turn comes.
//!
//! A deferred fragment is an entry of the set in which it stands, with what is to come later as its selection.
//! What is selected there without `@defer` too isn't deferred (the incremental delivery draft, "Field collection").

use super::{CondId, Entry, LocalSets, Set, SetId};
use crate::TypeSet;

/// Takes out of each deferred fragment of a set what the set itself selects.
pub(super) fn deduplicate(entries: &mut Vec<Entry>, sets: &mut LocalSets) {
    if !entries.iter().any(|entry| entry.field.is_deferred()) {
        return;
    }
    let immediate: Set = entries.iter().filter(|entry| !entry.field.is_deferred()).cloned().collect();
    let deferred = |entry: &mut Entry| {
        let Some(sub) = entry.sub.filter(|_| entry.field.is_deferred()) else { return true };
        let rest = without(sub, &immediate, sets);
        entry.sub = Some(rest);
        !sets.set(rest).is_empty()
    };
    entries.retain_mut(deferred);
}

/// The set without what another one has.
fn without(set: SetId, other: &Set, sets: &mut LocalSets) -> SetId {
    let mut rest = Vec::new();
    for entry in sets.set(set).iter() {
        if entry.field.is_deferred() {
            let sub = entry.sub.map(|sub| without(sub, other, sets));
            if sub.is_some_and(|sub| !sets.set(sub).is_empty()) {
                rest.push(Entry { sub, ..entry.clone() });
            }
        } else {
            rest.extend(entry_without(entry, other, sets));
        }
    }
    sets.intern(rest)
}

/// What is left of one field, by runtime type.
fn entry_without(entry: &Entry, other: &Set, sets: &mut LocalSets) -> Vec<Entry> {
    let mut left = entry.types.clone();
    let mut rest = Vec::new();
    for known in other {
        let same = known.key == entry.key && known.field == entry.field && known.args == entry.args;
        let common = left.intersection(&known.types);
        if !same || common.is_empty() || known.cond != CondId::ALWAYS && known.cond != entry.cond {
            continue;
        }
        left = left.difference(&common);
        if let (Some(sub), Some(known)) = (entry.sub, known.sub) {
            let known = sets.set(known);
            let sub = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || without(sub, &known, sets));
            if !sets.set(sub).is_empty() {
                rest.push(Entry { types: common, sub: Some(sub), ..entry.clone() });
            }
        }
    }
    if left != TypeSet::default() {
        rest.push(Entry { types: left, ..entry.clone() });
    }
    rest
}
