//! Which SDLs go into the supergraph when not all of them compose.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sdl::Sdl;

/// One SDL for each subgraph's name.
pub(super) type SdlSet = BTreeMap<Arc<str>, Arc<Sdl>>;

/// Compositions that one search may try before it goes on with one change after the other.
const BUDGET: usize = 64;

/// What a search found.
pub(super) struct Selection<T> {
    /// The set that composed.
    pub(super) set: SdlSet,
    /// What it composed to.
    pub(super) composed: T,
    /// The names whose wanted SDL isn't in the set.
    pub(super) left_out: Vec<Arc<str>>,
}

/// Finds the largest part of what is `wanted` that composes together with the rest of the last `good` set.
///
/// A name whose change is left out keeps its good SDL, and a new name that is left out stays away.
/// Names of the good set that aren't wanted any more are gone either way. The result depends on the
/// two sets alone, never on the order in which services were found: sets of changes are tried by
/// size, and within a size by `blamed` names first and then by name. After a budget of tries, changes
/// are taken one by one instead, in the order of their names.
///
/// `None` means that not even the good set composes without what was taken away from it.
pub(super) fn largest<T>(
    wanted: &SdlSet,
    good: &SdlSet,
    blamed: &[Arc<str>],
    mut compose: impl FnMut(&SdlSet) -> Option<T>,
) -> Option<Selection<T>> {
    let mut changes: Vec<&Arc<str>> =
        wanted.iter().filter(|(name, sdl)| good.get(*name) != Some(sdl)).map(|(name, _)| name).collect();
    changes.sort_by_key(|name| !blamed.contains(name));
    let mut budget = BUDGET;
    for leave_out in 0..=changes.len() {
        for left_out in combinations(changes.len(), leave_out) {
            if budget == 0 {
                return one_by_one(wanted, good, &changes, compose);
            }
            budget -= 1;
            let left_out: Vec<Arc<str>> = left_out.into_iter().map(|at| changes[at].clone()).collect();
            let set = without(wanted, good, &left_out);
            if let Some(composed) = (!set.is_empty()).then(|| compose(&set)).flatten() {
                return Some(Selection { set, composed, left_out });
            }
        }
    }
    None
}

fn one_by_one<T>(
    wanted: &SdlSet,
    good: &SdlSet,
    changes: &[&Arc<str>],
    mut compose: impl FnMut(&SdlSet) -> Option<T>,
) -> Option<Selection<T>> {
    let mut left_out: Vec<Arc<str>> = changes.iter().copied().cloned().collect();
    left_out.sort();
    let start = without(wanted, good, &left_out);
    let mut best = compose(&start).map(|composed| (start, composed));
    for name in left_out.clone() {
        let tried: Vec<_> = left_out.iter().filter(|other| **other != name).cloned().collect();
        let set = without(wanted, good, &tried);
        if let Some(composed) = compose(&set) {
            left_out = tried;
            best = Some((set, composed));
        }
    }
    best.map(|(set, composed)| Selection { set, composed, left_out })
}

/// The wanted set with the changes of some names undone.
fn without(wanted: &SdlSet, good: &SdlSet, left_out: &[Arc<str>]) -> SdlSet {
    let mut set = wanted.clone();
    for name in left_out {
        match good.get(name) {
            Some(sdl) => set.insert(name.clone(), sdl.clone()),
            None => set.remove(name),
        };
    }
    set
}

/// All ways to choose `size` of the numbers below `n`, in lexicographic order.
fn combinations(n: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next: Option<Vec<usize>> = (size <= n).then(|| (0..size).collect());
    std::iter::from_fn(move || {
        let current = next.take()?;
        // The last position that can still move on, and all behind it, start anew.
        next = (0..size).rev().find(|&at| current[at] + size - at < n).map(|at| {
            let mut following = current.clone();
            for (offset, value) in following[at..].iter_mut().enumerate() {
                *value = current[at] + 1 + offset;
            }
            following
        });
        Some(current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"a1 b2"`: subgraph `a` with its first SDL, `b` with its second.
    fn set(text: &str) -> SdlSet {
        text.split_whitespace().map(|word| (word[..1].into(), Arc::new(Sdl::new(word)))).collect()
    }

    fn text(set: &SdlSet) -> String {
        set.values().map(|sdl| &*sdl.text).collect::<Vec<_>>().join(" ")
    }

    /// `bad` lists SDLs that don't compose together: one alone, or several joined by `+`.
    #[track_caller]
    fn check(wanted: &str, good: &str, bad: &[&str], expected: Option<&str>) {
        let mut tries = 0;
        let found = largest(&set(wanted), &set(good), &[], |set| {
            tries += 1;
            let has = |word: &str| set.values().any(|sdl| &*sdl.text == word);
            (!bad.iter().any(|rule| rule.split('+').all(has))).then_some(())
        });
        assert_eq!(found.map(|found| text(&found.set)).as_deref(), expected);
        assert!(tries <= BUDGET + 32, "{tries} tries");
    }

    #[test]
    fn everything_that_composes_is_taken() {
        check("a1 b1", "", &[], Some("a1 b1"));
        check("a2 b1", "a1 b1", &[], Some("a2 b1"));
        check("a1", "a1 b1", &[], Some("a1"));
    }

    #[test]
    fn a_change_that_breaks_keeps_the_good_sdl() {
        check("a2 b2 c1", "a1 b1", &["a2"], Some("a1 b2 c1"));
    }

    #[test]
    fn a_new_name_that_breaks_stays_away() {
        check("a1 b1 c1", "a1 b1", &["c1+a1"], Some("a1 b1"));
        check("a1 b1 c1", "", &["b1"], Some("a1 c1"));
    }

    #[test]
    fn changes_that_need_each_other_come_together() {
        check("a2 b2", "a1 b1", &["a2+b1", "a1+b2"], Some("a2 b2"));
        check("a2 b2 c9", "a1 b1", &["a2+b1", "a1+b2", "c9"], Some("a2 b2"));
    }

    #[test]
    fn nothing_composes() {
        check("a1", "", &["a1"], None);
        check("a1", "a1 b1", &["a1"], None);
        check("", "", &[], None);
    }

    #[test]
    fn the_budget_ends_the_search_not_the_result() {
        let names: Vec<String> = ('a'..='p').map(|name| format!("{name}1")).collect();
        let bad = ["a1", "c1", "e1", "g1", "i1"];
        let kept: Vec<_> = names.iter().filter(|name| !bad.contains(&name.as_str())).cloned().collect();
        check(&names.join(" "), "", &bad, Some(&kept.join(" ")));
    }

    #[test]
    fn blame_decides_between_equals() {
        let (wanted, good) = (set("a1 b1"), set(""));
        for blamed in ["a", "b"] {
            let found =
                largest(&wanted, &good, &[blamed.into()], |set| (set.len() < 2).then_some(())).unwrap();
            assert_eq!(&*found.left_out[0], blamed);
        }
    }

    #[test]
    fn combinations_are_complete() {
        let all: Vec<_> = combinations(4, 2).collect();
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(combinations(3, 0).count(), 1);
        assert_eq!(combinations(3, 3).count(), 1);
        assert_eq!(combinations(0, 1).count(), 0);
    }
}
