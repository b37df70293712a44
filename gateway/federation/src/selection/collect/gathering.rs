//! What is gathered of a selection set before it is in normal form.

use apollo_compiler::executable::{FragmentMap, Selection, SelectionSet};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::TypeSet;
use crate::selection::{ArgsId, CondId, KeyId, LocalSets};
use crate::supergraph::FieldName;

/// A selection set and the condition under which it counts.
pub(super) type Part<'d> = (&'d SelectionSet, CondId);

/// Nearly every field stands in one place of a document.
pub(super) type Parts<'d> = SmallVec<[Part<'d>; 1]>;

/// An entry while its parts are gathered.
pub(super) struct Gathering<'d> {
    pub key: KeyId,
    pub field: FieldName,
    pub args: ArgsId,
    pub types: TypeSet,
    /// Where it stands first.
    pub first: CondId,
    /// Where it stands at all.
    pub any: CondId,
    /// It stands under different conditions.
    pub differs: bool,
    pub parts: Parts<'d>,
}

impl<'d> Gathering<'d> {
    pub fn new(
        key: KeyId,
        field: FieldName,
        args: ArgsId,
        types: TypeSet,
        cond: CondId,
        part: Option<Part<'d>>,
    ) -> Self {
        let parts = part.into_iter().collect();
        Self { key, field, args, types, first: cond, any: cond, differs: false, parts }
    }

    pub fn copy(&self) -> Self {
        Self { types: TypeSet::default(), parts: self.parts.clone(), ..*self }
    }

    /// Whether it stands there already.
    pub fn has(&self, cond: CondId, part: Option<Part<'d>>, sets: &LocalSets) -> bool {
        let has_part = |(set, cond): Part<'d>| {
            let known = self.parts.iter().find(|(known, _)| std::ptr::eq(*known, set));
            known.is_some_and(|(_, known)| sets.or(*known, cond) == *known)
        };
        sets.or(self.any, cond) == self.any && part.is_none_or(has_part)
    }

    pub fn add(&mut self, cond: CondId, part: Option<Part<'d>>, sets: &LocalSets) {
        self.differs |= cond != self.first;
        self.any = sets.or(self.any, cond);
        let Some((set, cond)) = part else { return };
        match self.parts.iter_mut().find(|(known, _)| std::ptr::eq(*known, set)) {
            Some((_, known)) => *known = sets.or(*known, cond),
            None => self.parts.push((set, cond)),
        }
    }
}

/// A number for each fragment: smaller than those of the fragments that it spreads.
pub(super) fn spread_order(fragments: Option<&FragmentMap>) -> FxHashMap<&str, usize> {
    fn visit<'d>(
        selections: &'d [Selection],
        fragments: &'d FragmentMap,
        seen: &mut FxHashSet<&'d str>,
        last_first: &mut Vec<&'d str>,
    ) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                        visit(&field.selection_set.selections, fragments, seen, last_first)
                    });
                }
                Selection::InlineFragment(inline) => {
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                        visit(&inline.selection_set.selections, fragments, seen, last_first)
                    });
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = fragments.get(&spread.fragment_name) else { continue };
                    if seen.insert(&fragment.name) {
                        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                            visit(&fragment.selection_set.selections, fragments, seen, last_first)
                        });
                        last_first.push(&fragment.name);
                    }
                }
            }
        }
    }
    let (mut seen, mut last_first) = (FxHashSet::default(), Vec::new());
    let Some(fragments) = fragments else { return FxHashMap::default() };
    for fragment in fragments.values() {
        if seen.insert(fragment.name.as_str()) {
            visit(&fragment.selection_set.selections, fragments, &mut seen, &mut last_first);
            last_first.push(&fragment.name);
        }
    }
    last_first.into_iter().rev().enumerate().map(|(at, name)| (name, at)).collect()
}
