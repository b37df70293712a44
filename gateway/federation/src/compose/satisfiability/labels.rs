//! Labels of `@override`: which of them hold decides which subgraph resolves a field.

use std::collections::BTreeSet;

use super::super::merge::Merged;

/// Up to this many labels every combination is tried.
const MAX_COMBINED: usize = 3;
/// Labels that are tried one by one beyond that.
const MAX_SINGLE: usize = 16;

/// Sets of labels to check, each as the labels that hold; false when they aren't all there are.
pub(super) fn outcomes<'a>(merged: &Merged<'a>) -> (Vec<Vec<&'a str>>, bool) {
    let fields = merged.types.values().flat_map(|on| on.fields.values());
    let labels: BTreeSet<&str> =
        fields.flat_map(|field| &field.joins).filter_map(|join| join.label).collect();
    let labels: Vec<&str> = labels.into_iter().collect();
    let held = |is_held: &dyn Fn(usize) -> bool| -> Vec<&'a str> {
        labels.iter().enumerate().filter(|(at, _)| is_held(*at)).map(|(_, label)| *label).collect()
    };
    if labels.len() <= MAX_COMBINED {
        let all = (0..1usize << labels.len()).map(|bits| held(&|at| bits >> at & 1 == 1));
        return (all.collect(), true);
    }
    let mut some = vec![held(&|_| false), held(&|_| true)];
    for single in 0..labels.len().min(MAX_SINGLE) {
        some.push(held(&|at| at == single));
        some.push(held(&|at| at != single));
    }
    (some, labels.len() <= MAX_SINGLE)
}
