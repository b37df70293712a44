//! Unions whose members differ between the subgraphs that a value can come from.
//!
//! Where a field of a union type can be asked from several subgraphs, and each knows other members, the answer
//! must not depend on which of them the planner happens to take. So a member that isn't known to all of them
//! has no fields there: `__typename` tells what it is, and the rest of what the client selects on it is null.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::PlanError;
use super::node::{NOWHERE, Node};
use super::solve::Solver;
use crate::pool::SmallMap;
use crate::selection::{Entry, Set, SetId};
use crate::supergraph::{FieldName, TypeKind};
use crate::{SubgraphId, TypeId, TypeSet};

/// Where objects can come from: the subgraph, and what `@provides` adds there.
type Source = (SubgraphId, Option<SetId>);

/// The sources of the objects of one runtime type, sorted, without repeats.
type Sources = SmallVec<[Source; 2]>;

/// By runtime type, sorted.
type Origin = Vec<(TypeId, Sources)>;

/// A narrowing of one operation's selections.
pub(super) struct PartialUnions<'s, 'a> {
    solver: &'s mut Solver<'a>,
    known: FxHashMap<(SetId, Origin), SetId>,
    concerned: SmallMap<SetId, bool>,
}

impl<'s, 'a> PartialUnions<'s, 'a> {
    pub fn new(solver: &'s mut Solver<'a>) -> Self {
        Self { solver, known: FxHashMap::default(), concerned: SmallMap::default() }
    }

    /// The selection without what no answer may contain. Most supergraphs have no such unions, and pay nothing;
    /// nor do operations that don't select any of them.
    pub fn narrow_root(&mut self, client: SetId, root: TypeId) -> Result<SetId, PlanError> {
        if self.solver.joins.supergraph.partial_unions.is_empty() || !self.is_concerned(client) {
            return Ok(client);
        }
        self.narrow(client, &vec![(root, smallvec![(NOWHERE, None)])])
    }

    /// Whether a set selects such a union, at any depth.
    fn is_concerned(&mut self, set: SetId) -> bool {
        if let Some(&known) = self.concerned.get(&set) {
            return known;
        }
        let concerned = self.solver.sets.set(set).iter().any(|entry| self.concerns(entry));
        self.concerned.insert(set, concerned);
        concerned
    }

    fn concerns(&mut self, entry: &Entry) -> bool {
        let Some(sub) = entry.sub else { return false };
        let supergraph = self.solver.joins.supergraph;
        let mut infos = entry.types.iter().filter_map(|ty| supergraph.field(ty, entry.field));
        infos.any(|info| supergraph.partial_unions.contains(info.ty.named)) || self.is_concerned(sub)
    }

    fn narrow(&mut self, set: SetId, origin: &Origin) -> Result<SetId, PlanError> {
        let name = (set, origin.clone());
        if let Some(&known) = self.known.get(&name) {
            return Ok(known);
        }
        self.solver.step(1)?;
        let mut narrowed: Set = Vec::new();
        for entry in self.solver.sets.set(set).iter() {
            match entry.sub {
                Some(sub) if entry.field.is_deferred() => {
                    narrowed.push(Entry { sub: Some(self.narrow(sub, origin)?), ..entry.clone() });
                }
                Some(sub) if self.concerns(entry) => narrowed.extend(self.entry(entry, sub, origin)?),
                _ => narrowed.push(entry.clone()),
            }
        }
        let id = self.solver.sets.intern(narrowed);
        self.known.insert(name, id);
        Ok(id)
    }

    /// One field, once for all types of objects below which the same is left.
    fn entry(&mut self, entry: &Entry, sub: SetId, origin: &Origin) -> Result<Vec<Entry>, PlanError> {
        let mut alike: Vec<Entry> = Vec::new();
        let mut rest = entry.types.clone();
        for (ty, sources) in origin {
            if !entry.types.contains(*ty) {
                continue;
            }
            rest = rest.difference(&TypeSet::of(*ty));
            let (set, below) = self.below(*ty, sources, entry.field, sub)?;
            let sub = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.narrow(set, &below))?;
            match alike.iter_mut().find(|known| known.sub == Some(sub)) {
                Some(known) => known.types.insert(*ty),
                None => alike.push(Entry { types: TypeSet::of(*ty), sub: Some(sub), ..entry.clone() }),
            }
        }
        // Types that no source is known for stay as they are: if they can't be answered, solving says so.
        match alike.iter_mut().find(|known| known.sub == Some(sub)) {
            Some(known) => known.types = known.types.union(&rest),
            None if !rest.is_empty() => alike.push(Entry { types: rest, ..entry.clone() }),
            None => {}
        }
        Ok(alike)
    }

    /// What is left of a field's selection, and where the objects in it can come from.
    fn below(
        &mut self,
        ty: TypeId,
        sources: &Sources,
        field: FieldName,
        sub: SetId,
    ) -> Result<(SetId, Origin), PlanError> {
        let mut declared: Vec<(TypeId, SubgraphId, Option<SetId>)> = Vec::new();
        for node in self.reachable(ty, sources)? {
            if let Some(local) = self.solver.joins.local(node, field, &mut self.solver.sets) {
                declared.push((local.ty.named, node.subgraph, local.provided));
            }
        }
        let supergraph = self.solver.joins.supergraph;
        let mut origin: Vec<(TypeId, Sources)> = Vec::new();
        for &(named, subgraph, provided) in &declared {
            for runtime in self.solver.joins.runtime_types(named, subgraph).iter() {
                match origin.iter_mut().find(|(known, _)| *known == runtime) {
                    Some((_, sources)) => add(sources, (subgraph, provided)),
                    None => origin.push((runtime, smallvec![(subgraph, provided)])),
                }
            }
        }
        origin.sort_unstable();
        let Some(&(union_, ..)) = declared.first() else { return Ok((sub, origin)) };
        let same = supergraph.ty(union_).kind == TypeKind::Union
            && declared.iter().all(|(named, ..)| *named == union_);
        if !same {
            return Ok((sub, origin));
        }
        let members = |subgraph| supergraph.ty(union_).join(subgraph).map(|join| &join.possible);
        let shared =
            declared.iter().fold(supergraph.ty(union_).possible.clone(), |shared, (_, subgraph, _)| {
                members(*subgraph).map_or_else(TypeSet::default, |members| shared.intersection(members))
            });
        Ok((self.only(sub, &shared), origin))
    }

    /// The nodes at which an object can be asked that came from one of these sources.
    fn reachable(&mut self, ty: TypeId, sources: &Sources) -> Result<Vec<Node>, PlanError> {
        let mut nodes = Vec::new();
        for &(subgraph, provided) in sources {
            let here = Node { ty, subgraph, provided, later: false };
            for way in self.solver.ways(here)?.iter().filter(|way| !way.is_interface) {
                if !nodes.contains(&way.node) {
                    nodes.push(way.node);
                }
            }
        }
        Ok(nodes)
    }

    fn only(&mut self, set: SetId, types: &TypeSet) -> SetId {
        let entries = self.solver.sets.set(set);
        let nothing = self.solver.sets.intern(Vec::new());
        let kept = entries.iter().filter_map(|entry| {
            if entry.field.is_deferred() && !entry.types.intersects(types) {
                // It comes all the same, with nulls.
                return Some(Entry { sub: Some(nothing), ..entry.clone() });
            }
            // The type's name is known to whoever answers.
            let name = entry.field == FieldName::TYPENAME;
            let left = if name { entry.types.clone() } else { entry.types.intersection(types) };
            (!left.is_empty()).then(|| Entry { types: left, ..entry.clone() })
        });
        let kept = kept.collect();
        self.solver.sets.intern(kept)
    }
}

fn add(sources: &mut Sources, source: Source) {
    if let Err(at) = sources.binary_search(&source) {
        sources.insert(at, source);
    }
}
