//! The places of the answer and what is stored at them.
//!
//! A slot that the client asked for belongs to a response key and a field: types may have different fields under one
//! key, and an object that goes by an interface's name is asked for all of them before its type is known. What the planner needs besides (keys, what
//! `@requires` names) uses the client's slot where the client asked the very same field of all the types
//! concerned, and has a slot of its own otherwise: so an alias never shadows a key.

use smallvec::SmallVec;

use super::PlanError;
use crate::plan::{ShapeId, SlotId};
use crate::pool::SmallMap;
use crate::selection::{ArgsId, Entry, KeyId, LocalSets, SetId};
use crate::supergraph::FieldName;
use crate::{Supergraph, TypeSet};

/// More places than this are refused: the answer's tables would outgrow what they describe.
const MAX_POSITIONS: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Position {
    pub slots: Vec<DraftSlot>,
    by_key: SmallMap<KeyId, (FieldName, ArgsId, SlotId)>,
    /// Further fields under the same keys, of other types.
    further: Vec<(KeyId, FieldName, ArgsId, SlotId)>,
    /// What the client asks, of which types. The planner's needs are few, so each looks through all of it.
    asked: Vec<(FieldName, ArgsId, TypeSet, SlotId)>,
    own: Vec<(FieldName, ArgsId, SlotId)>,
    sets: SmallVec<[SetId; 2]>,
}

#[derive(Debug)]
pub(super) struct DraftSlot {
    /// The client's response key.
    pub key: Option<KeyId>,
    pub child: Option<ShapeId>,
}

#[derive(Debug)]
pub(super) struct Positions {
    pub all: Vec<Position>,
}

pub(super) const ROOT: ShapeId = ShapeId(0);

impl Positions {
    /// The places that the client's selection makes.
    ///
    /// Objects in different fields under one key share their place, so that they are looked up together, unless
    /// the graph has interface objects. Of what the client selects only `wanted` is fetched for it: what else the
    /// planner needs of that is stored elsewhere, so that the client doesn't see it.
    pub fn new(
        client: SetId,
        wanted: SetId,
        sets: &LocalSets,
        supergraph: &Supergraph,
    ) -> Result<Self, PlanError> {
        let mut positions = Self { all: vec![Position::default()] };
        positions.take(client, sets, supergraph)?;
        if wanted != client {
            for position in &mut positions.all {
                position.asked.clear();
                position.sets.clear();
            }
            positions.take(wanted, sets, supergraph)?;
        }
        Ok(positions)
    }

    /// Makes the places and slots of a selection, as far as they aren't there, and notes that it is asked for.
    fn take(&mut self, set: SetId, sets: &LocalSets, supergraph: &Supergraph) -> Result<(), PlanError> {
        let mut open = vec![(ROOT, set)];
        while let Some((at, set)) = open.pop() {
            if self.all[at.index()].sets.contains(&set) {
                continue;
            }
            self.all[at.index()].sets.push(set);
            for entry in sets.set(set).iter() {
                if entry.field.is_deferred() {
                    open.extend(entry.sub.map(|sub| (at, sub)));
                    continue;
                }
                if entry.field == FieldName::TYPENAME || entry.field == FieldName::INTROSPECTION {
                    continue;
                }
                let slot = self.ask(at, entry, supergraph);
                if let Some(sub) = entry.sub {
                    open.push((self.child(at, slot)?, sub));
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, at: ShapeId, entry: &Entry, supergraph: &Supergraph) -> SlotId {
        let slot = match (self.slot(at, entry), self.all[at.index()].by_key.get(&entry.key)) {
            (Some(slot), _) => slot,
            (None, Some(&(.., first))) => {
                let together = entry.sub.is_some() && !supergraph.has_interface_objects;
                let position = &mut self.all[at.index()];
                let slot = if together { first } else { position.add(Some(entry.key)) };
                position.further.push((entry.key, entry.field, entry.args, slot));
                slot
            }
            (None, None) => {
                let position = &mut self.all[at.index()];
                let slot = position.add(Some(entry.key));
                position.by_key.insert(entry.key, (entry.field, entry.args, slot));
                slot
            }
        };
        let position = &mut self.all[at.index()];
        position.asked.push((entry.field, entry.args, entry.types.clone(), slot));
        slot
    }

    /// The place in a slot.
    pub fn child(&mut self, at: ShapeId, slot: SlotId) -> Result<ShapeId, PlanError> {
        if let Some(child) = self.all[at.index()].slots[slot.index()].child {
            return Ok(child);
        }
        if self.all.len() >= MAX_POSITIONS {
            return Err(PlanError::TooComplex);
        }
        let child = ShapeId(self.all.len() as u32);
        self.all.push(Position::default());
        self.all[at.index()].slots[slot.index()].child = Some(child);
        Ok(child)
    }

    /// The slot of a field that the client asked for.
    pub fn slot(&self, at: ShapeId, entry: &Entry) -> Option<SlotId> {
        let position = &self.all[at.index()];
        let &(field, args, slot) = position.by_key.get(&entry.key)?;
        if (field, args) == (entry.field, entry.args) {
            return Some(slot);
        }
        let name = (entry.key, entry.field, entry.args);
        let further = position.further.iter().find(|(key, field, args, _)| (*key, *field, *args) == name);
        further.map(|(.., slot)| *slot)
    }

    /// Where a field that the planner needs is stored, by runtime type.
    pub fn needed(
        &mut self,
        at: ShapeId,
        field: FieldName,
        args: ArgsId,
        types: &TypeSet,
    ) -> SmallVec<[(TypeSet, SlotId); 1]> {
        let position = &mut self.all[at.index()];
        let mut rest = types.clone();
        let mut found = SmallVec::new();
        let same = position.asked.iter().filter(|(asked, with, ..)| (*asked, *with) == (field, args));
        for (.., asked, slot) in same {
            let common = rest.intersection(asked);
            if !common.is_empty() {
                rest = rest.difference(&common);
                found.push((common, *slot));
            }
        }
        if !rest.is_empty() {
            let known = position.own.iter().find(|(own, with, _)| (*own, *with) == (field, args));
            let slot = match known {
                Some(&(.., slot)) => slot,
                None => {
                    let slot = position.add(None);
                    position.own.push((field, args, slot));
                    slot
                }
            };
            found.push((rest, slot));
        }
        found
    }
}

impl Position {
    fn add(&mut self, key: Option<KeyId>) -> SlotId {
        self.slots.push(DraftSlot { key, child: None });
        SlotId(self.slots.len() as u32 - 1)
    }
}
