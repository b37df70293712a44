//! From decisions to groups of selections: one group is one lookup of entities, or one root selection.

use std::rc::Rc;

use smallvec::SmallVec;

use super::contexts::Frames;
use super::deferred::DeferredFragments;
use super::group_set::GroupSet;
use super::node::Node;
use super::position::{Positions, ROOT};
use super::representation::{self, DraftRepresentation};
use super::request::{RequestNode, Requests, Wanted};
use super::solve::{Content, Enter, Frag, FragId, Need, Placed, Solver, ValueId, Visit};
use super::{PlanError, Roots};
use crate::plan::{ContextArgument, DeferredId, PathStep, ShapeId, SlotId};
use crate::selection::{CondId, SetId};
use crate::supergraph::{ContextId, Contextual, FieldName, FieldType};
use crate::{OperationKind, SubgraphId, TypeId, TypeSet};

mod groups;

/// Index into [`Drafts::groups`].
pub(super) type GroupId = usize;

/// One lookup of entities, or one root selection, of one subgraph.
#[derive(Debug)]
pub(super) struct Group {
    pub subgraph: SubgraphId,
    pub entities: bool,
    pub path: Rc<[PathStep]>,
    pub node: RequestNode,
    pub representations: Vec<DraftRepresentation>,
    pub deps: GroupSet,
    /// See [`Visit::only_if`].
    pub only_if: CondId,
    /// Under which condition anything in it is wanted.
    pub cond: Option<CondId>,
    /// The longest way to it, in fetches.
    pub level: usize,
    /// For mutations: which root field it belongs to.
    pub part: usize,
    /// The deferred fragment that it is for.
    pub deferred: Option<DeferredId>,
    /// Nothing in it is the client's own wish.
    pub own: bool,
    /// What its fields take from objects above, sorted; equal for all of its objects.
    pub contexts: Vec<ContextId>,
    /// The same, once it is known from where.
    pub arguments: Vec<ContextArgument>,
    /// See [`crate::plan::Lookup::apart`].
    pub apart: Option<usize>,
}

/// All groups of a plan, before they are merged into fetches.
pub(super) struct Drafts<'a> {
    pub solver: Solver<'a>,
    pub positions: Positions,
    pub requests: Requests<'a>,
    pub groups: Vec<Group>,
    /// Groups by where their objects are.
    places: groups::ByPath,
    pub client: SetId,
    pub root: TypeId,
    pub deferred: DeferredFragments,
    pub frames: Frames,
    /// The client's variables, in the order of their definitions.
    pub variables: Vec<Box<str>>,
    part: usize,
}

/// Where a selection set is being emitted.
#[derive(Clone)]
struct At {
    /// The group in which the objects were reached; `None` at the operation's root.
    group: Option<GroupId>,
    node: Option<RequestNode>,
    position: ShapeId,
    path: Rc<[PathStep]>,
    subgraph: SubgraphId,
    provided: Option<SetId>,
    /// What the selection is for is wanted under this condition.
    cond: CondId,
    /// The planner's own need: slots go by field, not by the client's response key.
    own: bool,
    on: Option<TypeId>,
    /// What is below belongs to objects of these runtime types only.
    guard: Option<TypeSet>,
    deferred: Option<DeferredId>,
}

pub(super) fn emit<'a>(
    solver: Solver<'a>,
    (client, wanted): (SetId, SetId),
    kind: OperationKind,
    root: TypeId,
    roots: &Roots,
) -> Result<Drafts<'a>, PlanError> {
    let positions = Positions::new(client, wanted, &solver.sets, solver.joins.supergraph)?;
    let mut drafts = Drafts {
        solver,
        positions,
        requests: Requests::default(),
        groups: Vec::new(),
        places: groups::ByPath::default(),
        client,
        root,
        deferred: DeferredFragments::default(),
        frames: Frames::default(),
        variables: Vec::new(),
        part: 0,
    };
    debug_assert_eq!(kind, roots.kind);
    for (part, (_, frag)) in roots.parts.iter().enumerate() {
        let at = At {
            group: None,
            node: None,
            position: ROOT,
            path: Rc::new([]),
            subgraph: super::node::NOWHERE,
            provided: None,
            cond: CondId::ALWAYS,
            own: false,
            on: None,
            guard: None,
            deferred: None,
        };
        drafts.part = drafts.part_of(part, *frag);
        drafts.frag(*frag, &TypeSet::of(root), &at)?;
    }
    drafts.take_contexts()?;
    Ok(drafts)
}

type Touched = GroupSet;

/// A field in one subgraph: its type, what it provides, what it takes from contexts, and in whose answer its objects
/// are.
type FieldHere<'a> = (&'a FieldType, Option<SetId>, &'a [Contextual], SubgraphId);

impl<'a> Drafts<'a> {
    /// Mutation fields that follow each other in one subgraph go in one request, which runs them in order,
    /// as long as nothing else has to be fetched in between.
    fn part_of(&self, part: usize, frag: FragId) -> usize {
        let frag = self.solver.frag(frag);
        let last = self.groups.iter().map(|group| group.part).max();
        let Some(last) = last else { return part };
        let mut before = self.groups.iter().filter(|group| group.part == last);
        let (Some(only), None, [visit]) = (before.next(), before.next(), &frag.visits[..]) else {
            return part;
        };
        if only.subgraph == visit.subgraph { last } else { part }
    }

    /// Emits a value's selection; returns the groups that fetch any of it.
    fn value(&mut self, id: ValueId, at: &At) -> Result<Touched, PlanError> {
        let value = self.solver.value(id);
        let mut touched = Touched::default();
        let concrete = self.solver.joins.is_concrete(value.declared, at.subgraph);
        if let Some(node) = at.node
            && !concrete
        {
            self.requests.get_mut(node).typename = true;
        }
        let alone = value.groups.len() == 1;
        for (types, frag) in &value.groups {
            let mut own = at.clone();
            if self.solver.joins.is_interface_object(value.declared, at.subgraph) {
                own.on = own.on.or(Some(value.declared));
            }
            // An interface object stands for all of its interface's types.
            let types = self.runtime_types(types);
            own.guard = (!alone).then(|| types.clone());
            touched
                .extend(stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.frag(*frag, &types, &own))?);
        }
        Ok(touched)
    }

    fn runtime_types(&self, types: &TypeSet) -> TypeSet {
        let supergraph = self.solver.joins.supergraph;
        types.iter().fold(types.clone(), |all, ty| match supergraph.ty(ty).is_abstract() {
            true => all.union(&supergraph.ty(ty).possible),
            false => all,
        })
    }

    fn frag(&mut self, id: FragId, types: &TypeSet, at: &At) -> Result<Touched, PlanError> {
        self.solver.step(1)?;
        let frag = self.solver.frag(id);
        let mut touched = Touched::default();
        touched.extend(at.group);
        for context in &frag.contexts {
            let own = At { own: true, cond: context.cond, ..at.clone() };
            let groups = self.frag(context.frag, types, &own)?;
            self.offer_context(context, at.position, types, groups)?;
        }
        for placed in &frag.here {
            touched.extend(self.placed(placed, types, at)?);
        }
        let mut groups: Vec<GroupId> = Vec::with_capacity(frag.visits.len());
        for at_visit in 0..frag.visits.len() {
            let cond = self.visit_condition(&frag, at_visit, at);
            let group =
                self.visit(&frag.visits[at_visit], &groups, types, &At { cond, ..at.clone() }, &mut touched)?;
            touched.insert(group);
            groups.push(group);
        }
        for deferred in &frag.deferred {
            let id = self.deferred.id(deferred.number, at.position);
            // Nothing waits for it but its own part of the answer.
            self.frag(deferred.frag, types, &At { deferred: Some(id), ..at.clone() })?;
        }
        Ok(touched)
    }

    /// A visit is wanted for its own fields and for the visits that get their keys from it.
    fn visit_condition(&mut self, frag: &Frag, visit: usize, at: &At) -> CondId {
        let mut any: Option<CondId> = None;
        let sets = &mut self.solver.sets;
        let mut add = |cond: CondId, sets: &mut crate::selection::LocalSets| {
            any = Some(any.map_or(cond, |any| sets.or(any, cond)));
        };
        match &frag.visits[visit].content {
            Content::Fields(fields) => fields.iter().for_each(|placed| add(placed.entry.cond, sets)),
            Content::Interface(_) => add(CondId::ALWAYS, sets),
        }
        let needed = frag.visits[visit + 1..].iter().any(|later| match &later.enter {
            Enter::Key { needs, .. } => needs.iter().any(|need| need.from == Some(visit)),
            Enter::Root => false,
        });
        if needed {
            add(CondId::ALWAYS, sets);
        }
        let own = any.unwrap_or(CondId::ALWAYS);
        if at.own { at.cond } else { own }
    }

    fn visit(
        &mut self,
        visit: &Visit,
        before: &[GroupId],
        types: &TypeSet,
        at: &At,
        touched: &mut Touched,
    ) -> Result<GroupId, PlanError> {
        let mut deps = Touched::default();
        deps.extend(at.group);
        let mut fields = Vec::new();
        if let Enter::Key { key, needs, requires } = &visit.enter {
            for need in needs {
                deps.extend(self.need(need, before, types, at)?);
            }
            fields = self.representation(*key, at.position, types, true)?;
            for (set, frag) in requires {
                let own = At { own: true, ..at.clone() };
                let groups = self.frag(*frag, types, &own)?;
                deps.extend(groups.iter().copied());
                touched.extend(groups);
                let more = self.representation(*set, at.position, types, false)?;
                representation::join(&mut fields, more);
            }
        }
        let contexts = match &visit.content {
            Content::Fields(fields) => self.contexts_needed(fields, types, visit.on, visit.subgraph),
            Content::Interface(_) => Vec::new(),
        };
        for &value in &contexts {
            deps.extend(self.context_sources(value, &at.path).1);
        }
        let entities = visit.enter != Enter::Root;
        let group = self.group(visit, at, deps, types, &fields, contexts);
        if entities {
            self.represent(group, types, visit.on, fields);
        }
        self.groups[group].own &= at.own;
        self.want(group, at.cond);
        let inner = At {
            group: Some(group),
            node: Some(self.groups[group].node),
            subgraph: visit.subgraph,
            provided: None,
            on: visit.on,
            ..at.clone()
        };
        match &visit.content {
            Content::Fields(fields) => {
                for placed in fields {
                    touched.extend(self.placed(placed, types, &inner)?);
                }
            }
            Content::Interface(value) => {
                self.requests.get_mut(self.groups[group].node).typename = true;
                self.requests.get_mut(self.groups[group].node).within = visit.on;
                touched.extend(self.value(*value, &At { on: None, ..inner })?);
            }
        }
        Ok(group)
    }

    /// Emits a key's field where it comes from; returns the groups that it comes from.
    fn need(
        &mut self,
        need: &Need,
        before: &[GroupId],
        types: &TypeSet,
        at: &At,
    ) -> Result<Touched, PlanError> {
        let source = match need.from {
            None => At { own: true, ..at.clone() },
            Some(visit) => {
                let group = before[visit];
                self.want(group, at.cond);
                let on = self.groups[group].representations.iter().find_map(|it| it.on);
                At {
                    group: Some(group),
                    node: Some(self.groups[group].node),
                    subgraph: self.groups[group].subgraph,
                    provided: None,
                    own: true,
                    on,
                    ..at.clone()
                }
            }
        };
        let mut touched = self.placed(&need.placed, types, &source)?;
        touched.extend(source.group);
        Ok(touched)
    }

    /// Selects one field in the group where it was placed, and emits what is below it.
    fn placed(&mut self, placed: &Placed, types: &TypeSet, at: &At) -> Result<Touched, PlanError> {
        let Placed { entry, child } = placed;
        let (Some(group), Some(node)) = (at.group, at.node) else { return Ok(Touched::default()) };
        if entry.field == FieldName::TYPENAME {
            return Ok(Touched::default());
        }
        let slots = match at.own {
            true => self.positions.needed(at.position, entry.field, entry.args, types),
            false => {
                let slot = self.positions.slot(at.position, entry);
                slot.map(|slot| (types.clone(), slot)).into_iter().collect::<SmallVec<_>>()
            }
        };
        let mut touched = Touched::of(group);
        for (types, slot) in slots {
            touched.extend(self.select(placed, &types, slot, node, at, *child)?);
        }
        Ok(touched)
    }

    fn select(
        &mut self,
        placed: &Placed,
        types: &TypeSet,
        slot: SlotId,
        node: RequestNode,
        at: &At,
        child: Option<ValueId>,
    ) -> Result<Touched, PlanError> {
        let mut touched = Touched::default();
        for (types, local) in self.by_type(placed, types, at)? {
            touched.extend(self.select_alike(placed, &types, slot, node, at, child, local)?);
        }
        Ok(touched)
    }

    /// The types by what the field is on them in this subgraph: one response key can't be both `ID` and `ID!`.
    fn by_type(
        &mut self,
        placed: &Placed,
        types: &TypeSet,
        at: &At,
    ) -> Result<SmallVec<[(TypeSet, FieldHere<'a>); 1]>, PlanError> {
        let field = placed.entry.field;
        let supergraph = self.solver.joins.supergraph;
        let mut found: SmallVec<[(TypeSet, FieldHere<'a>); 1]> = SmallVec::new();
        for ty in types.iter() {
            let node =
                Node { ty: at.on.unwrap_or(ty), subgraph: at.subgraph, provided: at.provided, later: false };
            let Some(local) = self.solver.joins.local(node, field, &mut self.solver.sets) else { continue };
            let alike = (local.ty, local.provided, local.contexts, local.below);
            match found.iter_mut().find(|(_, known)| *known == alike) {
                Some((types, _)) => types.insert(ty),
                None => found.push((TypeSet::of(ty), alike)),
            }
        }
        if found.is_empty() {
            return Err(PlanError::Unknown(supergraph.field_name(field).to_owned()));
        }
        Ok(found)
    }

    #[expect(clippy::too_many_arguments, reason = "it is one step of `select`, for some of its types")]
    fn select_alike(
        &mut self,
        placed: &Placed,
        types: &TypeSet,
        slot: SlotId,
        node: RequestNode,
        at: &At,
        child: Option<ValueId>,
        (ty, provided, contexts, subgraph): FieldHere<'a>,
    ) -> Result<Touched, PlanError> {
        let entry = &placed.entry;
        let supergraph = self.solver.joins.supergraph;
        let position = match child {
            Some(_) => Some(self.positions.child(at.position, slot)?),
            None => None,
        };
        let key = self.positions.all[at.position.index()].slots[slot.index()].key;
        let wanted = Wanted {
            slot,
            field: entry.field,
            args: entry.args,
            types,
            on: at.on,
            cond: if at.own { CondId::ALWAYS } else { entry.cond },
            name: key.unwrap_or_else(|| supergraph.key(entry.field)),
            ty,
            contexts,
            child: position,
        };
        let below = self.requests.select(node, wanted, supergraph, &mut self.solver.sets);
        let (Some(value), Some(position)) = (child, position) else { return Ok(Touched::default()) };
        let inner = At {
            node: below,
            position,
            path: down(&at.path, at.guard.clone(), slot),
            guard: None,
            subgraph,
            provided,
            cond: if at.own { at.cond } else { CondId::ALWAYS },
            on: None,
            ..at.clone()
        };
        self.value(value, &inner)
    }
}

fn down(path: &[PathStep], types: Option<TypeSet>, slot: SlotId) -> Rc<[PathStep]> {
    let step = PathStep { types, slot };
    path.iter().cloned().chain([step]).collect()
}
