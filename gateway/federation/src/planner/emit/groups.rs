//! The groups that visits are gathered in.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{At, Drafts, Group, GroupId, Touched};
use crate::plan::{PathStep, RepresentationField};
use crate::planner::group_set::needs;
use crate::planner::solve::{Enter, Visit};
use crate::selection::CondId;
use crate::supergraph::ContextId;
use crate::{OperationKind, TypeId, TypeSet};

/// As long as there are no more than this, looking at each is quicker.
const FEW: usize = 32;

/// Groups by where their objects are. There can be as many places as an operation has fields.
#[derive(Default)]
pub(super) struct ByPath {
    groups: FxHashMap<Rc<[PathStep]>, SmallVec<[GroupId; 2]>>,
    /// How many groups are in it.
    known: usize,
}

impl ByPath {
    /// The groups that can be at that place, in their order.
    fn at(&mut self, path: &Rc<[PathStep]>, all: &[Group]) -> SmallVec<[GroupId; FEW]> {
        if all.len() <= FEW {
            return (0..all.len()).collect();
        }
        for (id, group) in all.iter().enumerate().skip(self.known) {
            self.groups.entry(group.path.clone()).or_default().push(id);
        }
        self.known = all.len();
        self.groups.get(path).into_iter().flatten().copied().collect()
    }
}

impl Drafts<'_> {
    /// Some field that the group brings is wanted under this condition.
    pub(super) fn want(&mut self, group: GroupId, cond: CondId) {
        let known = self.groups[group].cond;
        let any = known.map_or(cond, |known| self.solver.sets.or(known, cond));
        self.groups[group].cond = Some(any);
    }

    /// The group for a visit: one that is there already, unless that would close a circle or delay it.
    pub(super) fn group(
        &mut self,
        visit: &Visit,
        at: &At,
        deps: Touched,
        types: &TypeSet,
        fields: &[RepresentationField],
        contexts: Vec<ContextId>,
    ) -> GroupId {
        let subgraph = visit.subgraph;
        let brings = match &visit.enter {
            Enter::Key { requires, .. } => !requires.is_empty() || !contexts.is_empty(),
            Enter::Root => false,
        };
        // What is brought along for a requirement is there only if that is wanted.
        let only_if = match brings && at.own {
            true => self.solver.sets.and(visit.only_if, at.cond).unwrap_or(visit.only_if),
            false => visit.only_if,
        };
        let entities = visit.enter != Enter::Root;
        let level = deps.iter().map(|&dep| self.groups[dep].level + 1).max().unwrap_or(0);
        let part = self.part;
        let fits = |group: &Group| {
            group.subgraph == subgraph
                && group.entities == entities
                && group.part == part
                && group.only_if == only_if
                && group.deferred == at.deferred
                && group.path == at.path
                && group.contexts == contexts
                && group.level >= level
                && group.can_represent(types, visit.on, fields)
        };
        let mut here = self.places.at(&at.path, &self.groups).into_iter();
        let known = here.find(|&id| fits(&self.groups[id]) && !deps.iter().any(|&dep| self.depends(dep, id)));
        if let Some(id) = known {
            self.groups[id].deps.extend(deps);
            return id;
        }
        let declared = if entities { None } else { Some(self.root_type(at)) };
        let node = self.requests.root(declared, at.position);
        self.groups.push(Group {
            subgraph,
            entities,
            path: at.path.clone(),
            node,
            representations: Vec::new(),
            deps,
            only_if,
            cond: None,
            level,
            part,
            deferred: at.deferred,
            own: at.own,
            contexts,
            arguments: Vec::new(),
            apart: None,
        });
        self.groups.len() - 1
    }

    fn root_type(&self, at: &At) -> TypeId {
        if at.group.is_none() {
            return self.root;
        }
        self.solver.joins.supergraph.root(OperationKind::Query).unwrap_or(self.root)
    }

    /// Whether `group` needs `other`, directly or not.
    pub fn depends(&self, group: GroupId, other: GroupId) -> bool {
        needs(group, other, |at| &self.groups[at].deps)
    }

    /// Puts a group into another one for the same objects.
    pub fn absorb_group(&mut self, into: GroupId, from: GroupId) {
        let supergraph = self.solver.joins.supergraph;
        let node = (self.groups[into].node, self.groups[from].node);
        self.requests.absorb(node.0, node.1, supergraph, &mut self.solver.sets);
        for draft in std::mem::take(&mut self.groups[from].representations) {
            self.represent(into, &draft.types, draft.on, draft.fields);
        }
        let cond = self.groups[from].cond.unwrap_or(CondId::ALWAYS);
        self.want(into, cond);
        self.groups[into].only_if = self.solver.sets.or(self.groups[into].only_if, self.groups[from].only_if);
    }
}
