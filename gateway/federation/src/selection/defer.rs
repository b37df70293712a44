//! `@defer`: what of a deferred fragment isn't in the answer already when its turn comes.
//!
//! A deferred fragment is an entry of the set in which it stands, with what is to come later as its selection.
//! What is selected there without `@defer` too isn't deferred (the incremental delivery draft, "Field collection").
//! Where that is a field with a selection of its own, what is left of the fragment below it is deferred on the
//! objects in that field: they are fetched once, so that a later part never speaks of other objects than the first.

use super::{CondId, Entry, LocalSets, Set, SetId};

/// Takes out of each deferred fragment of a set what the set itself selects.
pub(super) fn deduplicate(entries: &mut Vec<Entry>, sets: &mut LocalSets) {
    if !entries.iter().any(|entry| entry.field.is_deferred()) {
        return;
    }
    let (deferred, mut immediate): (Set, Set) =
        std::mem::take(entries).into_iter().partition(|entry| entry.field.is_deferred());
    let mut left = Vec::new();
    for entry in deferred {
        left.extend(without(entry, &mut immediate, sets));
    }
    entries.extend(immediate);
    entries.extend(left);
}

/// A deferred fragment without what is there anyway; `None`: nothing is left of it here.
fn without(fragment: Entry, immediate: &mut Set, sets: &mut LocalSets) -> Option<Entry> {
    let mut rest = Vec::new();
    for entry in sets.set(fragment.sub?).iter() {
        if entry.field.is_deferred() {
            rest.extend(without(entry.clone(), immediate, sets));
        } else {
            rest.extend(entry_without(&fragment, entry, immediate, sets));
        }
    }
    (!rest.is_empty()).then(|| Entry { sub: Some(sets.intern(rest)), ..fragment })
}

/// What is left of one of a fragment's fields.
fn entry_without(
    fragment: &Entry,
    entry: &Entry,
    immediate: &mut Set,
    sets: &mut LocalSets,
) -> Option<Entry> {
    let mut left = entry.types.clone();
    let mut split = Vec::new();
    for known in immediate.iter_mut() {
        let same = known.key == entry.key && known.field == entry.field && known.args == entry.args;
        let common = left.intersection(&known.types);
        if !same || common.is_empty() || known.cond != CondId::ALWAYS && known.cond != entry.cond {
            continue;
        }
        left = left.difference(&common);
        if let (Some(later), Some(sub)) = (entry.sub, known.sub) {
            let others = known.types.difference(&common);
            if !others.is_empty() {
                split.push(Entry { types: others, ..known.clone() });
                known.types = common;
            }
            let below = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
                let mut below = sets.set(sub).to_vec();
                defer_below(fragment, entry.cond, later, &mut below, sets);
                deduplicate(&mut below, sets);
                sets.intern(below)
            });
            known.sub = Some(below);
        }
    }
    immediate.extend(split);
    (!left.is_empty()).then(|| Entry { types: left, ..entry.clone() })
}

/// Adds a selection to a set as a deferred fragment of its own, under a condition.
fn defer_below(fragment: &Entry, cond: CondId, later: SetId, below: &mut Set, sets: &mut LocalSets) {
    let Some(own) = sets.and(fragment.cond, cond) else { return };
    let entries = sets.set(later);
    let mut conditional = Vec::with_capacity(entries.len());
    for entry in entries.iter() {
        if let Some(cond) = sets.and(entry.cond, cond) {
            conditional.push(Entry { cond, ..entry.clone() });
        }
    }
    let later = sets.intern(conditional);
    let types =
        sets.set(later).iter().fold(Default::default(), |all: crate::TypeSet, it| all.union(&it.types));
    if types.is_empty() {
        return;
    }
    match below.iter_mut().find(|known| known.field == fragment.field) {
        Some(known) => {
            known.types = known.types.union(&types);
            known.cond = sets.or(known.cond, own);
            known.sub = Some(known.sub.map_or(later, |sub| joined(sub, later, sets)));
        }
        None => below.push(Entry { types, cond: own, sub: Some(later), ..fragment.clone() }),
    }
}

/// Both sets, with fields that they have in common once.
fn joined(one: SetId, other: SetId, sets: &mut LocalSets) -> SetId {
    let mut all = sets.set(one).to_vec();
    for entry in sets.set(other).iter() {
        let same = |known: &&mut Entry| {
            Entry { sub: None, ..(**known).clone() } == Entry { sub: None, ..entry.clone() }
        };
        match (all.iter_mut().find(same), entry.sub) {
            (Some(known), Some(sub)) => {
                known.sub = Some(known.sub.map_or(sub, |own| joined(own, sub, sets)));
            }
            (Some(_), None) => {}
            (None, _) => all.push(entry.clone()),
        }
    }
    sets.intern(all)
}
