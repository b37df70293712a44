//! What has no source from somewhere, and how much of something there is.

use super::PlanError;
use super::solve::Solver;
use crate::selection::{Entry, Set, SetId};
use crate::{TypeId, TypeSet};

impl Solver<'_> {
    /// How much is fetched somewhere else when a field is.
    pub(super) fn weight(&mut self, entry: &Entry) -> u32 {
        let Some(sub) = entry.sub else { return 1 };
        if let Some(&known) = self.weights.get(&sub) {
            return known;
        }
        let entries = self.sets.set(sub);
        let weight = entries.iter().fold(1u32, |all, entry| all.saturating_add(self.weight(entry)));
        self.weights.insert(sub, weight);
        weight
    }

    /// How many fields a set asks for, at all depths.
    pub(super) fn fields_of(&mut self, set: &Set) -> u32 {
        set.iter().fold(0, |all, entry| all.saturating_add(self.weight(entry)))
    }

    /// A field that one of its types can't answer from here is missing for all of them: which type an object
    /// has is known only once it is there, so all come from one place.
    pub(super) fn add_missing(&mut self, set: SetId, rest: SetId, ty: TypeId, missing: &mut Set) {
        for entry in self.sets.set(rest).iter() {
            let entries = self.sets.set(set);
            let same = |known: &&Entry| known.key == entry.key && known.field == entry.field;
            let of_type = |known: &&Entry| known.types.is_empty() || known.types.contains(ty);
            let types = match entries.iter().filter(same).find(of_type) {
                Some(whole) => whole.types.clone(),
                None => TypeSet::of(ty),
            };
            let entry = Entry { types, ..entry.clone() };
            let known = missing
                .iter()
                .position(|it| Entry { sub: None, ..it.clone() } == Entry { sub: None, ..entry.clone() });
            match (known, entry.sub) {
                (None, _) => missing.push(entry),
                (Some(at), Some(sub)) if missing[at].sub != Some(sub) => {
                    let mut union =
                        missing[at].sub.map(|known| (*self.sets.set(known)).clone()).unwrap_or_default();
                    let more = self.sets.set(sub);
                    union.extend(more.iter().filter(|it| !union.contains(it)).cloned().collect::<Vec<_>>());
                    missing[at].sub = Some(self.sets.intern(union));
                }
                _ => {}
            }
        }
    }

    pub(super) fn unreachable(&self, missing: SetId, root: TypeId) -> PlanError {
        let mut paths = Vec::new();
        self.missing_paths(missing, "", &mut paths);
        let names = self.joins.supergraph.subgraphs().iter().map(|subgraph| &*subgraph.name);
        let tried: Vec<&str> = names.collect();
        let root = self.joins.supergraph.names.name(root);
        let detail = format!(
            "from {root}, none of {} resolves it or can be entered with a key that is known there",
            tried.join(", ")
        );
        PlanError::Unreachable { paths, detail }
    }

    fn missing_paths(&self, set: SetId, above: &str, paths: &mut Vec<String>) {
        for entry in self.sets.set(set).iter() {
            if paths.len() >= 10 {
                return;
            }
            let path = match above {
                _ if entry.field.is_deferred() || entry.field.context_value().is_some() => above.to_owned(),
                "" => self.sets.key(entry.key).to_owned(),
                _ => format!("{above}.{}", self.sets.key(entry.key)),
            };
            match entry.sub {
                Some(sub) if !self.sets.set(sub).is_empty() => self.missing_paths(sub, &path, paths),
                _ => paths.push(path),
            }
        }
    }
}
