//! What whoever asks isn't allowed to see: it is answered with null and an error, and no subgraph hears of it.

use rustc_hash::FxHashMap;

use super::PlanError;
use super::facts::Fact;
use super::solve::Solver;
use crate::selection::{Entry, Set, SetId};
use crate::supergraph::FieldName;
use crate::{TypeId, TypeSet};

impl Solver<'_> {
    /// Whether who asks may see that field of objects of that type.
    pub(super) fn may_see(&self, ty: TypeId, field: FieldName) -> bool {
        let Some(info) = self.joins.supergraph.field(ty, field) else { return true };
        info.requirements.iter().all(|&requirement| self.joins.facts.holds(Fact::Granted(requirement)))
    }

    /// Of these types those whose field may be seen.
    pub(super) fn visible_on(&self, types: &TypeSet, field: FieldName) -> TypeSet {
        if self.joins.supergraph.requirements().is_empty() {
            return types.clone();
        }
        types.iter().filter(|&ty| self.may_see(ty, field)).collect()
    }

    /// A selection without what may not be seen. Supergraphs without requirements pay nothing.
    pub(super) fn without_withheld(&mut self, set: SetId) -> Result<SetId, PlanError> {
        if self.joins.supergraph.requirements().is_empty() {
            return Ok(set);
        }
        self.without(set, &mut FxHashMap::default())
    }

    fn without(&mut self, set: SetId, known: &mut FxHashMap<SetId, SetId>) -> Result<SetId, PlanError> {
        if let Some(&known) = known.get(&set) {
            return Ok(known);
        }
        self.step(1)?;
        let mut seen: Set = Vec::new();
        for entry in self.sets.set(set).iter() {
            let types = self.visible_on(&entry.types, entry.field);
            if types.is_empty() {
                continue;
            }
            let sub = match entry.sub {
                Some(sub) => {
                    Some(stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.without(sub, known))?)
                }
                None => None,
            };
            seen.push(Entry { types, sub, ..entry.clone() });
        }
        let id = self.sets.intern(seen);
        known.insert(set, id);
        Ok(id)
    }
}
