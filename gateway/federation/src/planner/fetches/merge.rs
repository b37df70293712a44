//! Which groups go in one request.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Unit;
use crate::SubgraphId;
use crate::plan::{PathStep, SlotId};
use crate::planner::emit::{Drafts, GroupId};
use crate::planner::group_set::{GroupSet, needs};

/// Requests in topological order.
pub(super) struct Units {
    pub all: Vec<Unit>,
}

/// Beyond this many groups only those of one level are merged.
const MAX_TRIED: usize = 150;

impl Units {
    /// Merges the groups of a plan. Entities that one subgraph is asked for at one level go in one request;
    /// a request that can wait without making the plan longer joins a later one.
    pub fn merged(drafts: &mut Drafts) -> Self {
        if drafts.groups.len() == 1 {
            drafts.requests.fold(drafts.groups[0].node);
            return Self { all: vec![Unit { groups: vec![0], deps: GroupSet::default() }] };
        }
        order_parts(drafts);
        let mut graph = Graph::new(drafts);
        graph.merge_levels(drafts);
        if graph.units.len() <= MAX_TRIED {
            while graph.sink_one(drafts) {}
        }
        for unit in &mut graph.units {
            join_lookups(drafts, &mut unit.groups);
            unit.groups.iter().for_each(|&group| drafts.requests.fold(drafts.groups[group].node));
            join_alike(drafts, &mut unit.groups);
        }
        graph.reduced()
    }
}

/// What belongs to a mutation's field waits for everything that belongs to the fields before it, but for what
/// is deferred there.
fn order_parts(drafts: &mut Drafts) {
    let parts: Vec<usize> = drafts.groups.iter().map(|group| group.part).collect();
    let Some(&last) = parts.iter().max() else { return };
    if last == 0 {
        return;
    }
    for at in 0..parts.len() {
        if drafts.groups[at].deps.is_empty() {
            let first = |other: &usize| drafts.groups[*other].deferred.is_none();
            let before = (0..parts.len()).filter(|&other| parts[other] < parts[at]).filter(first);
            let before: Vec<_> = before.collect();
            drafts.groups[at].deps.extend(before);
        }
    }
}

struct Graph {
    units: Vec<Unit>,
    levels: Vec<usize>,
}

impl Graph {
    fn new(drafts: &Drafts) -> Self {
        let mut needed = GroupSet::default();
        drafts.groups.iter().for_each(|group| needed.extend(group.deps.iter().copied()));
        let mut numbers = vec![0; drafts.groups.len()];
        let mut units: Vec<Unit> = Vec::with_capacity(numbers.len());
        for (id, group) in drafts.groups.iter().enumerate() {
            if group.deferred.is_some() && !needed.contains(&id) && drafts.brings_only_keys(group) {
                continue;
            }
            numbers[id] = units.len();
            units.push(Unit { groups: vec![id], deps: group.deps.clone() });
        }
        for unit in &mut units {
            unit.deps = unit.deps.iter().map(|&dep| numbers[dep]).collect();
        }
        let mut graph = Self { units, levels: Vec::new() };
        graph.levels = graph.longest();
        graph
    }

    /// For each unit the longest way to it.
    fn longest(&self) -> Vec<usize> {
        let mut levels = vec![usize::MAX; self.units.len()];
        let mut open = Vec::new();
        for start in 0..self.units.len() {
            open.push(start);
            while let Some(&at) = open.last() {
                let waiting: Vec<usize> =
                    self.units[at].deps.iter().copied().filter(|&dep| levels[dep] == usize::MAX).collect();
                if waiting.is_empty() {
                    levels[at] = self.units[at].deps.iter().map(|&dep| levels[dep] + 1).max().unwrap_or(0);
                    open.pop();
                } else {
                    open.extend(waiting);
                }
            }
        }
        levels
    }

    fn can_merge(&self, drafts: &Drafts, a: usize, b: usize) -> bool {
        let groups = |unit: usize| self.units[unit].groups.iter().map(|&group| &drafts.groups[group]);
        let (Some(first), Some(other)) = (groups(a).next(), groups(b).next()) else { return false };
        let same = first.subgraph == other.subgraph
            && first.part == other.part
            && first.deferred == other.deferred
            && first.entities
            && other.entities;
        // One request has one value of each context, so it has no lookup besides.
        let alone = !first.contexts.is_empty() || !other.contexts.is_empty();
        same && (!alone || groups(a).all(|one| groups(b).all(|other| one.can_join(other))))
    }

    /// Units of one level never depend on each other, and merging them leaves all levels as they are.
    fn merge_levels(&mut self, drafts: &Drafts) {
        let mut into = Vec::with_capacity(self.units.len());
        let mut firsts: FxHashMap<(usize, SubgraphId), Vec<usize>> = FxHashMap::default();
        for unit in 0..self.units.len() {
            let subgraph = drafts.groups[self.units[unit].groups[0]].subgraph;
            let firsts = firsts.entry((self.levels[unit], subgraph)).or_default();
            let known = firsts.iter().copied().find(|&first| self.can_merge(drafts, first, unit));
            match known {
                Some(first) => {
                    let merged = std::mem::take(&mut self.units[unit]);
                    self.units[first].groups.extend(merged.groups);
                    self.units[first].deps.extend(merged.deps);
                }
                None => firsts.push(unit),
            }
            into.push(known.unwrap_or(unit));
        }
        self.close_gaps(&into);
    }

    /// Moves one request into a later one to the same subgraph, if the plan gets no longer.
    fn sink_one(&mut self, drafts: &Drafts) -> bool {
        let depth = self.levels.iter().max().copied().unwrap_or(0);
        for early in 0..self.units.len() {
            for late in 0..self.units.len() {
                let later = self.levels[late] > self.levels[early];
                if !later || !self.can_merge(drafts, early, late) || self.depends(late, early) {
                    continue;
                }
                if self.levels[late] + self.tail(early) <= depth {
                    self.merge(early, late);
                    return true;
                }
            }
        }
        false
    }

    /// How many requests follow at the most.
    fn tail(&self, unit: usize) -> usize {
        let below = self.units.iter().enumerate().filter(|(_, other)| other.deps.contains(&unit));
        below.map(|(other, _)| self.tail(other) + 1).max().unwrap_or(0)
    }

    fn depends(&self, unit: usize, other: usize) -> bool {
        needs(unit, other, |at| &self.units[at].deps)
    }

    /// Puts a unit into another.
    fn merge(&mut self, from: usize, into: usize) {
        let unit = std::mem::take(&mut self.units[from]);
        self.units[into].groups.extend(unit.groups);
        self.units[into].deps.extend(unit.deps);
        let mut all: Vec<usize> = (0..self.units.len()).collect();
        all[from] = into;
        self.close_gaps(&all);
    }

    /// Numbers units anew after some went into others: `into` says for each where it is now.
    fn close_gaps(&mut self, into: &[usize]) {
        let mut next = 0;
        let number = |(at, &into): (usize, &usize)| {
            let number = next;
            next += usize::from(at == into);
            number
        };
        let numbers: Vec<usize> = into.iter().enumerate().map(number).collect();
        let mut at = 0;
        self.units.retain(|_| {
            at += 1;
            into[at - 1] == at - 1
        });
        for unit in &mut self.units {
            unit.deps = unit.deps.iter().map(|&dep| numbers[into[dep]]).collect();
        }
        self.levels = self.longest();
    }

    /// In topological order, without dependencies that others imply.
    fn reduced(self) -> Units {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        order.sort_by_key(|&unit| (self.levels[unit], unit));
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &unit)| place[unit] = at);
        let mut all: Vec<Unit> = Vec::with_capacity(order.len());
        for &unit in &order {
            let deps = &self.units[unit].deps;
            let implied = |dep: usize| deps.iter().any(|&other| other != dep && self.depends(other, dep));
            let deps = deps.iter().copied().filter(|&dep| !implied(dep)).map(|dep| place[dep]).collect();
            all.push(Unit { groups: self.units[unit].groups.clone(), deps });
        }
        Units { all }
    }
}

/// Lookups of the same objects in one request become one.
fn join_lookups(drafts: &mut Drafts, groups: &mut Vec<GroupId>) {
    let mut same: Vec<Vec<GroupId>> = Vec::new();
    let mut by_path: FxHashMap<Rc<[PathStep]>, usize> = FxHashMap::default();
    for &group in &*groups {
        let at = *by_path.entry(drafts.groups[group].path.clone()).or_insert(same.len());
        match same.get_mut(at) {
            Some(known) => known.push(group),
            None => same.push(vec![group]),
        }
    }
    for mut together in same.into_iter().filter(|together| together.len() > 1) {
        while let Some((into, from)) = joinable(drafts, &together) {
            let gone = together.remove(from);
            let into = together[into - usize::from(into > from)];
            drafts.absorb_group(into, gone);
            groups.retain(|group| *group != gone);
        }
    }
}

/// Two of these groups whose lookups can be one: the one that stays, and the other.
fn joinable(drafts: &Drafts, groups: &[GroupId]) -> Option<(usize, usize)> {
    let joins = |&(into, from): &(usize, usize)| {
        let (one, other) = (&drafts.groups[groups[into]], &drafts.groups[groups[from]]);
        into != from && one.entities && one.can_join(other)
    };
    (0..groups.len()).flat_map(|into| (0..groups.len()).map(move |from| (into, from))).find(joins)
}

/// Lookups of objects that lie in one slot of objects of different types become one where they ask for the same.
fn join_alike(drafts: &mut Drafts, groups: &mut Vec<GroupId>) {
    if groups.len() == 1 {
        return;
    }
    let mut by_slots: FxHashMap<Vec<SlotId>, Vec<GroupId>> = FxHashMap::default();
    let mut gone: FxHashSet<GroupId> = FxHashSet::default();
    for &group in &*groups {
        let slots = drafts.groups[group].path.iter().map(|step| step.slot).collect();
        let same = by_slots.entry(slots).or_default();
        let wider = same.iter().find_map(|&known| Some((known, alike(drafts, known, group)?)));
        match wider {
            Some((known, path)) => {
                drafts.groups[known].path = path;
                gone.insert(group);
            }
            None => same.push(group),
        }
    }
    groups.retain(|group| !gone.contains(group));
}

/// The path to the objects of both groups, if one lookup can be made for them: it differs in the types of one step.
fn alike(drafts: &Drafts, one: GroupId, other: GroupId) -> Option<Rc<[PathStep]>> {
    let (a, b) = (&drafts.groups[one], &drafts.groups[other]);
    let same = a.entities
        && b.entities
        && a.cond == b.cond
        && a.only_if == b.only_if
        && a.deferred == b.deferred
        && a.contexts.is_empty()
        && b.contexts.is_empty()
        && a.apart.is_none()
        && b.apart.is_none()
        && a.representations == b.representations;
    let mut differing = a.path.iter().zip(&*b.path).enumerate().filter(|(_, (a, b))| a != b);
    let (Some((at, (from, to))), None) = (differing.next(), differing.next()) else { return None };
    let types = from.types.as_ref()?.union(to.types.as_ref()?);
    if !same || !drafts.requests.is_same(a.node, b.node) {
        return None;
    }
    let mut path = a.path.to_vec();
    path[at].types = Some(types);
    Some(path.into())
}
