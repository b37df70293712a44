//! `@fromContext`: a field's argument is set from the nearest object above that sets a context.
//!
//! Where such an object stands, its selection gets an entry that asks for the value, if anything below takes it
//! ([`Solver::with_contexts`]): distributed like what `@requires` asks for, and emitted before what is below. The
//! field itself is looked up by a key, like one with `@requires`, and that lookup waits for the value. Which object
//! it is taken from is told by where the lookup's objects stand: [`Drafts::take_contexts`].

use rustc_hash::FxHashMap;

use super::PlanError;
use super::cost::Cost;
use super::emit::{Drafts, GroupId};
use super::group_set::GroupSet;
use super::node::Node;
use super::position::ROOT;
use super::solve::{Context, Placed, Solver};
use crate::plan::{ContextArgument, ContextSource, PathStep, RepresentationField, ShapeId};
use crate::selection::{ArgsId, CondId, Entry, Set, SetId};
use crate::supergraph::{ContextId, FieldName};
use crate::{SubgraphId, TypeId, TypeSet};

/// Values that a selection takes from objects above the one it is made on, and when.
type Taken = Vec<(ContextId, CondId)>;

impl Solver<'_> {
    /// A selection with an entry for each value that fields below its objects take from them. Supergraphs without
    /// contexts pay nothing.
    pub(super) fn with_contexts(&mut self, set: SetId) -> Result<SetId, PlanError> {
        if self.joins.supergraph.contexts.is_empty() {
            return Ok(set);
        }
        Ok(self.contexts_of(set, &mut FxHashMap::default())?.0)
    }

    fn contexts_of(
        &mut self,
        set: SetId,
        known: &mut FxHashMap<SetId, (SetId, Taken)>,
    ) -> Result<(SetId, Taken), PlanError> {
        if let Some(found) = known.get(&set) {
            return Ok(found.clone());
        }
        self.step(1)?;
        let mut taken = Taken::new();
        let mut asked: Vec<Entry> = Vec::new();
        let mut entries: Set = Vec::new();
        for entry in self.sets.set(set).iter() {
            for value in self.taken_by(entry) {
                self.add_taken(&mut taken, value, entry.cond);
            }
            let Some(sub) = entry.sub else {
                entries.push(entry.clone());
                continue;
            };
            let (sub, below) =
                stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.contexts_of(sub, known))?;
            for (value, cond) in below {
                // The planner doesn't see that conditions on one way exclude each other, so nor does this.
                let cond = self.sets.and(cond, entry.cond).unwrap_or(entry.cond);
                let own = if entry.field.is_deferred() {
                    Vec::new()
                } else {
                    self.asked_of(value, &entry.types, cond)
                };
                let known: TypeSet = own.iter().fold(TypeSet::default(), |all, it| all.union(&it.types));
                self.join_asked(&mut asked, own);
                if !entry.types.is_subset(&known) {
                    self.add_taken(&mut taken, value, cond);
                }
            }
            entries.push(Entry { sub: Some(sub), ..entry.clone() });
        }
        entries.extend(asked);
        let found = (self.sets.intern(entries), taken);
        known.insert(set, found.clone());
        Ok(found)
    }

    /// The values that a field's arguments are set from, in any subgraph.
    fn taken_by(&self, entry: &Entry) -> Vec<ContextId> {
        let supergraph = self.joins.supergraph;
        let infos = entry.types.iter().filter_map(|ty| supergraph.field(ty, entry.field));
        let joins = infos.flat_map(|info| info.joins.iter().flatten());
        let mut found: Vec<ContextId> = joins.flat_map(|join| &join.contexts).map(|it| it.value).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn add_taken(&mut self, taken: &mut Taken, value: ContextId, cond: CondId) {
        match taken.iter_mut().find(|(known, _)| *known == value) {
            Some((_, known)) => *known = self.sets.or(*known, cond),
            None => taken.push((value, cond)),
        }
    }

    /// The entries that ask for a value on those of these types that set its context.
    fn asked_of(&mut self, value: ContextId, types: &TypeSet, cond: CondId) -> Vec<Entry> {
        let key = self.sets.intern_key("");
        let mut rest = types.clone();
        let mut asked = Vec::new();
        for (owners, set) in &self.joins.supergraph.context(value).owners {
            let types = owners.intersection(&rest);
            rest = rest.difference(&types);
            if !types.is_empty() {
                let (field, sub) = (FieldName::context(value), Some(*set));
                asked.push(Entry { key, field, args: ArgsId::NONE, types, cond, sub });
            }
        }
        asked
    }

    fn join_asked(&mut self, asked: &mut Vec<Entry>, more: Vec<Entry>) {
        for entry in more {
            match asked.iter_mut().find(|known| known.field == entry.field && known.sub == entry.sub) {
                Some(known) => {
                    known.types = known.types.union(&entry.types);
                    known.cond = self.sets.or(known.cond, entry.cond);
                }
                None => asked.push(entry),
            }
        }
    }

    /// Where the value comes from that an entry asks for; `None`: from nowhere.
    pub(super) fn context(
        &mut self,
        entry: &Entry,
        node: Node,
    ) -> Result<Option<(Context, Cost)>, PlanError> {
        let (Some(value), Some(set)) = (entry.field.context_value(), entry.sub) else { return Ok(None) };
        let set = self.restrict(set, node.ty);
        let frag = self.solve(set, Node { later: false, ..node })?;
        if self.frag(frag).missing.is_some() {
            return Ok(None);
        }
        Ok(Some((Context { value, set, frag, cond: entry.cond }, self.cost(frag).clone())))
    }
}

/// Where a value can be taken.
#[derive(Debug)]
struct Frame {
    value: ContextId,
    position: ShapeId,
    /// From objects of these runtime types.
    types: TypeSet,
    fields: Vec<RepresentationField>,
    /// What fetches it.
    groups: GroupSet,
}

/// Everywhere that values of contexts can be taken, as far as it was emitted.
#[derive(Debug, Default)]
pub(super) struct Frames {
    all: Vec<Frame>,
}

impl Drafts<'_> {
    /// Says that a value is fetched into objects at a place.
    pub(super) fn offer_context(
        &mut self,
        context: &Context,
        position: ShapeId,
        types: &TypeSet,
        groups: GroupSet,
    ) -> Result<(), PlanError> {
        let required = self.solver.joins.supergraph.context(context.value).is_required();
        let fields = self.representation(context.set, position, types, required)?;
        self.frames.all.push(Frame { value: context.value, position, types: types.clone(), fields, groups });
        Ok(())
    }

    /// The values that fields need in a subgraph.
    pub(super) fn contexts_needed(
        &mut self,
        fields: &[Placed],
        types: &TypeSet,
        on: Option<TypeId>,
        subgraph: SubgraphId,
    ) -> Vec<ContextId> {
        let supergraph = self.solver.joins.supergraph;
        if supergraph.contexts.is_empty() {
            return Vec::new();
        }
        let mut needed = Vec::new();
        for placed in fields {
            for ty in types.iter() {
                let info = supergraph.field(on.unwrap_or(ty), placed.entry.field);
                let join = info.and_then(|info| info.join(subgraph)).filter(|join| !join.external);
                needed.extend(join.into_iter().flat_map(|join| &join.contexts).map(|it| it.value));
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// From where objects at the end of a path take a value, the nearest first, and what fetches it there.
    pub(super) fn context_sources(
        &self,
        value: ContextId,
        path: &[PathStep],
    ) -> (Vec<ContextSource>, GroupSet) {
        let mut positions = vec![ROOT];
        for step in path {
            let at = positions[positions.len() - 1];
            let child = self.positions.all[at.index()].slots[step.slot.index()].child;
            positions.push(child.expect("paths lead down into objects"));
        }
        let (mut sources, mut groups) = (Vec::new(), GroupSet::default());
        for (depth, step) in path.iter().enumerate().rev() {
            let mut covered = TypeSet::default();
            let here = |frame: &&Frame| frame.value == value && frame.position == positions[depth];
            for frame in self.frames.all.iter().filter(here) {
                if step.types.as_ref().is_some_and(|types| !types.intersects(&frame.types)) {
                    continue;
                }
                covered = covered.union(&frame.types);
                groups.extend(frame.groups.iter().copied());
                let (types, fields) = (frame.types.clone(), frame.fields.clone());
                sources.push(ContextSource { depth, types, fields });
            }
            // Other objects take it from further above.
            if step.types.as_ref().is_some_and(|types| types.is_subset(&covered)) {
                break;
            }
        }
        (sources, groups)
    }

    /// Makes every lookup wait for what it takes from contexts, once it is known where all of that comes from.
    pub(super) fn take_contexts(&mut self) -> Result<(), PlanError> {
        for id in 0..self.groups.len() {
            for value in self.groups[id].contexts.clone() {
                let path = self.groups[id].path.clone();
                let (sources, groups) = self.context_sources(value, &path);
                if sources.is_empty() || groups.iter().any(|&dep| self.depends(dep, id)) {
                    return Err(self.out_of_context(id));
                }
                self.groups[id].deps.extend(groups);
                let required = self.solver.joins.supergraph.context(value).is_required();
                self.groups[id].arguments.push(ContextArgument { required, sources });
            }
        }
        self.keep_apart();
        self.defer_what_is_told_later();
        Ok(())
    }

    /// What is fetched for deferred fields alone is deferred with them.
    fn defer_what_is_told_later(&mut self) {
        if self.frames.all.is_empty() {
            return;
        }
        for id in (0..self.groups.len()).rev() {
            if !self.groups[id].own || self.groups[id].deferred.is_some() {
                continue;
            }
            let waiting = self.groups.iter().filter(|group| group.deps.contains(&id));
            let mut parts: Vec<_> = waiting.map(|group| group.deferred).collect();
            parts.dedup();
            if let [only] = &parts[..] {
                self.groups[id].deferred = *only;
            }
        }
    }

    /// Objects that lie below different ones of a context aren't one thing, though they be one entity.
    fn keep_apart(&mut self) {
        let mut found = Vec::new();
        for group in self.groups.iter().filter(|group| !group.contexts.is_empty()) {
            let depths: Vec<usize> =
                group.arguments.iter().flat_map(|it| &it.sources).map(|source| source.depth).collect();
            for (id, above) in self.groups.iter().enumerate() {
                let length = above.path.len();
                let is_above = length < group.path.len()
                    && above.path.iter().zip(group.path.iter()).all(|(a, b)| a.slot == b.slot);
                let apart = depths.iter().copied().filter(|&depth| depth < length).max();
                found.extend(apart.filter(|_| is_above).map(|apart| (id, apart)));
            }
        }
        for (id, apart) in found {
            self.groups[id].apart = self.groups[id].apart.max(Some(apart));
        }
    }

    fn out_of_context(&self, group: GroupId) -> PlanError {
        let slots = self.groups[group].path.iter().scan(ROOT, |at, step| {
            let slot = &self.positions.all[at.index()].slots[step.slot.index()];
            *at = slot.child?;
            Some(slot.key.map_or("", |key| self.solver.sets.key(key)))
        });
        let path = slots.collect::<Vec<_>>().join(".");
        let subgraph = self.solver.joins.supergraph.subgraph_name(self.groups[group].subgraph);
        let detail = format!("no object above has what {subgraph} wants to be told from a context");
        PlanError::Unreachable { paths: vec![path], detail }
    }
}
