//! From which subgraph each field of a selection set comes.

use std::collections::hash_map::Entry as MapEntry;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::cost::Cost;
use super::facts::Facts;
use super::node::{Joins, NOWHERE, Node};
use super::ways::Way;
use super::{PlanError, Roots};
use crate::pool::{Pool, SmallMap, hash_of};
use crate::selection::{ArgsId, CondId, Entry, LocalSets, Set, SetId};
use crate::supergraph::{ContextId, FieldName, TypeKind};
use crate::{OperationKind, SubgraphId, Supergraph, TypeId, TypeSet};

/// How a selection set on objects of one type is answered; index into [`Solver::frags`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FragId(pub u32);

/// The same for a value of a declared type, by runtime types; index into [`Solver::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ValueId(pub u32);

/// A selection set on objects of one runtime type, distributed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Frag {
    /// Taken from the answer in which the object was reached.
    pub here: Vec<Placed>,
    /// Further visits to the object, in an order in which each can be entered.
    pub visits: Vec<Visit>,
    pub deferred: Vec<Deferred>,
    /// What fields below take from these objects.
    pub contexts: Vec<Context>,
    /// What has no source from here.
    pub missing: Option<SetId>,
}

/// A deferred fragment on the same objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Deferred {
    pub number: u32,
    pub frag: FragId,
}

/// A value that fields below take from the objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub value: ContextId,
    /// What is selected for it, and where that comes from.
    pub set: SetId,
    pub frag: FragId,
    /// When any field needs it.
    pub cond: CondId,
}

/// A field that has found its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Placed {
    pub entry: Entry,
    pub child: Option<ValueId>,
}

/// A fetch for the same object from another subgraph (or the same one again, for `@requires`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Visit {
    pub subgraph: SubgraphId,
    /// The interface by whose name the object goes there; `None`: its own type.
    pub on: Option<TypeId>,
    /// What it requires is fetched under this condition only, so nothing else may travel with it.
    pub only_if: CondId,
    pub enter: Enter,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Enter {
    /// The operation's root, or a `Query` object.
    Root,
    /// By `_entities`.
    Key { key: SetId, needs: Vec<Need>, requires: Vec<(SetId, FragId)> },
}

/// A key's field and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Need {
    pub placed: Placed,
    /// An earlier visit; `None`: here.
    pub from: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Fields(Vec<Placed>),
    /// An interface is asked for an interface object's concrete types.
    Interface(ValueId),
}

/// A value of a declared type in one subgraph's answer.
#[derive(Debug)]
pub(super) struct Value {
    pub declared: TypeId,
    /// Runtime types that are answered alike.
    pub groups: Vec<(TypeSet, FragId)>,
    pub missing: Option<SetId>,
    pub cost: Cost,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Task {
    Solve(SetId, Node),
    Ways(Node),
}

pub(super) struct Solver<'a> {
    pub joins: Joins<'a>,
    pub sets: LocalSets<'a>,
    frags: Pool<(Rc<Frag>, Cost)>,
    values: Vec<Rc<Value>>,
    solved: SmallMap<(SetId, Node), FragId>,
    value_ids: SmallMap<(SetId, TypeId, SubgraphId, Option<SetId>), ValueId>,
    pub(super) known_ways: SmallMap<Node, Rc<Vec<Way>>>,
    restricted: SmallMap<(SetId, TypeId), SetId>,
    pub(super) weights: SmallMap<SetId, u32>,
    /// What is being worked out, and at which depth: asking for it again is a cycle.
    running: FxHashMap<Task, usize>,
    /// The least depth at which a cycle was cut; what hangs below it isn't remembered, since it could be
    /// better from elsewhere.
    cut: usize,
    budget: u64,
}

/// Tasks within tasks before a way counts as a cycle.
const MAX_RUNNING: usize = 2_000;

impl<'a> Solver<'a> {
    pub fn new(supergraph: &'a Supergraph, sets: LocalSets<'a>, facts: Facts<'a>, budget: u64) -> Self {
        Self {
            joins: Joins { supergraph, facts, payload: None },
            sets,
            frags: Pool::default(),
            values: Vec::new(),
            solved: SmallMap::default(),
            value_ids: SmallMap::default(),
            known_ways: SmallMap::default(),
            restricted: SmallMap::default(),
            weights: SmallMap::default(),
            running: FxHashMap::default(),
            cut: usize::MAX,
            budget,
        }
    }

    /// Distributes the root selection. A mutation's fields are parts of their own, each in one subgraph.
    pub fn roots(&mut self, client: SetId, root: TypeId, kind: OperationKind) -> Result<Roots, PlanError> {
        let all = self.restrict(client, root);
        let node = Node { ty: root, subgraph: NOWHERE, provided: None, later: false };
        let sets = match kind {
            OperationKind::Mutation => {
                let entries = self.sets.set(all);
                entries.iter().map(|entry| self.sets.intern(vec![entry.clone()])).collect()
            }
            _ => vec![all],
        };
        let mut parts = Vec::new();
        for set in sets {
            let frag = self.solve(set, node)?;
            let roots = self.frag(frag).visits.len();
            if let Some(missing) = self.frag(frag).missing {
                return Err(self.unreachable(missing, root));
            }
            if kind != OperationKind::Query && roots > 1 {
                return Err(self.unreachable(set, root));
            }
            parts.push((set, frag));
        }
        Ok(Roots { kind, parts })
    }

    pub fn frag(&self, id: FragId) -> Rc<Frag> {
        self.frags.get(id.0).0.clone()
    }

    pub fn cost(&self, id: FragId) -> &Cost {
        &self.frags.get(id.0).1
    }

    pub fn value(&self, id: ValueId) -> Rc<Value> {
        self.values[id.0 as usize].clone()
    }

    /// Steps that are left.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    pub fn step(&mut self, steps: u64) -> Result<(), PlanError> {
        self.budget = self.budget.checked_sub(steps).ok_or(PlanError::TooComplex)?;
        Ok(())
    }

    /// The entries that apply to a runtime type, without their types.
    pub fn restrict(&mut self, set: SetId, ty: TypeId) -> SetId {
        if let Some(&known) = self.restricted.get(&(set, ty)) {
            return known;
        }
        let entries = self.sets.set(set);
        let applies = |entry: &&Entry| entry.types.is_empty() || entry.types.contains(ty);
        let plain = |entry: &Entry| Entry { types: TypeSet::default(), ..entry.clone() };
        let mut own = Vec::with_capacity(entries.len());
        own.extend(entries.iter().filter(applies).map(plain));
        let restricted = self.sets.intern(own);
        self.restricted.insert((set, ty), restricted);
        restricted
    }

    /// Runs a task unless it is running already. `None`: it is, this is a cycle.
    fn guarded<T>(
        &mut self,
        task: Task,
        run: impl FnOnce(&mut Self) -> Result<T, PlanError>,
    ) -> Result<Option<(T, bool)>, PlanError> {
        let depth = self.running.len();
        match self.running.entry(task) {
            MapEntry::Occupied(at) => {
                self.cut = self.cut.min(*at.get());
                return Ok(None);
            }
            MapEntry::Vacant(free) if depth < MAX_RUNNING => {
                free.insert(depth);
            }
            MapEntry::Vacant(_) => return Err(PlanError::TooDeep),
        }
        let outer = std::mem::replace(&mut self.cut, usize::MAX);
        let result = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || run(self));
        self.running.remove(&task);
        let whole = self.cut >= depth;
        let inner = if whole { usize::MAX } else { self.cut };
        self.cut = outer.min(inner);
        Ok(Some((result?, whole)))
    }

    /// The ways from a node to where else its objects can be asked; the first is the node itself.
    pub fn ways(&mut self, node: Node) -> Result<Rc<Vec<Way>>, PlanError> {
        if let Some(known) = self.known_ways.get(&node) {
            return Ok(known.clone());
        }
        let Some((ways, whole)) = self.guarded(Task::Ways(node), |solver| solver.find_ways(node))? else {
            return Ok(Rc::new(vec![Way::here(node)]));
        };
        let ways = Rc::new(ways);
        if whole {
            self.known_ways.insert(node, ways.clone());
        }
        Ok(ways)
    }

    /// Distributes a set (restricted to the node's type) over the ways from a node.
    pub fn solve(&mut self, set: SetId, node: Node) -> Result<FragId, PlanError> {
        if let Some(&known) = self.solved.get(&(set, node)) {
            return Ok(known);
        }
        self.step(1)?;
        let Some((id, whole)) =
            self.guarded(Task::Solve(set, node), |solver| solver.distribute(set, node))?
        else {
            let missing = self.sets.set(set).len() as u32;
            let frag = Frag { missing: Some(set), ..Frag::default() };
            return Ok(self.keep(frag, Cost::missing(missing)));
        };
        if whole {
            self.solved.insert((set, node), id);
        }
        Ok(id)
    }

    fn keep(&mut self, frag: Frag, cost: Cost) -> FragId {
        let hash = hash_of(&frag);
        let known = self.frags.find(hash, |(known, its)| **known == frag && *its == cost);
        FragId(known.unwrap_or_else(|| self.frags.push(hash, (Rc::new(frag), cost))))
    }

    fn distribute(&mut self, set: SetId, node: Node) -> Result<FragId, PlanError> {
        let mut frag = Frag::default();
        let mut open = Vec::new();
        let object = !self.joins.is_interface_object(node.ty, node.subgraph);
        let mut discover = false;
        let mut missing: Set = Vec::new();
        let mut cost = Cost::default();
        for entry in self.sets.set(set).iter() {
            match entry.field {
                field if field.is_deferred() => {
                    // Whether a fragment follows is told at once, so its objects' type must be known by then.
                    discover |= !object && !entry.types.is_empty() && !entry.types.contains(node.ty);
                    let (deferred, rest) = self.defer(entry, node, object)?;
                    frag.deferred.extend(deferred);
                    missing.extend(rest);
                }
                field if field.context_value().is_some() => match self.context(entry, node)? {
                    Some((context, own)) => {
                        frag.contexts.push(context);
                        cost.add(&own);
                    }
                    None => missing.push(entry.clone()),
                },
                FieldName::INTROSPECTION => {}
                FieldName::TYPENAME if object => frag.here.push(Placed { entry: entry.clone(), child: None }),
                FieldName::TYPENAME => discover = true,
                _ => {
                    discover |= !object && !entry.types.is_empty() && !entry.types.contains(node.ty);
                    match self.free_here(entry, node)? {
                        Some(placed) => frag.here.push(placed),
                        None => open.push(entry.clone()),
                    }
                }
            }
        }
        if discover {
            open.push(self.typename_entry());
        }
        if !open.is_empty() {
            missing.extend(self.place(open, node, &mut frag, &mut cost)?);
        }
        if !missing.is_empty() {
            cost.missing = self.fields_of(&missing);
            frag.missing = Some(self.sets.intern(missing));
        }
        Ok(self.keep(frag, cost))
    }

    /// Distributes a deferred fragment. What it costs counts for nothing: it is what comes before it that has
    /// to be there soon.
    fn defer(
        &mut self,
        entry: &Entry,
        node: Node,
        object: bool,
    ) -> Result<(Option<Deferred>, Option<Entry>), PlanError> {
        let (Some(sub), Some(number)) = (entry.sub, entry.field.deferred_number()) else {
            return Ok((None, None));
        };
        let own = if object { self.restrict(sub, node.ty) } else { self.of_interface(sub, node.ty) };
        let frag = self.solve(own, Node { later: true, ..node })?;
        let missing = self.frag(frag).missing.map(|rest| Entry { sub: Some(rest), ..entry.clone() });
        Ok((Some(Deferred { number, frag }), missing))
    }

    /// Whether the objects of a node can be entered anew by a key.
    fn can_enter_again(&mut self, node: Node) -> Result<bool, PlanError> {
        let ways = self.ways(Node { later: false, ..node })?;
        Ok(self.way_back(node, &ways)?.is_some())
    }

    fn typename_entry(&self) -> Entry {
        Entry {
            key: self.joins.supergraph.key(FieldName::TYPENAME),
            field: FieldName::TYPENAME,
            args: ArgsId::NONE,
            types: TypeSet::default(),
            cond: CondId::ALWAYS,
            sub: None,
        }
    }

    /// A field that costs nothing where the object already is: no other choice can be better.
    fn free_here(&mut self, entry: &Entry, node: Node) -> Result<Option<Placed>, PlanError> {
        let Some(local) = self.joins.local(node, entry.field, &mut self.sets) else { return Ok(None) };
        if local.brings() || node.later && self.can_enter_again(node)? {
            return Ok(None);
        }
        let Some(sub) = entry.sub else { return Ok(Some(Placed { entry: entry.clone(), child: None })) };
        let child = self.solve_value(sub, local.ty.named, local.below, local.provided)?;
        let free = self.value(child).cost.is_free();
        Ok(free.then(|| Placed { entry: entry.clone(), child: Some(child) }))
    }

    /// Distributes a set over the runtime types of a value.
    pub fn solve_value(
        &mut self,
        set: SetId,
        declared: TypeId,
        subgraph: SubgraphId,
        provided: Option<SetId>,
    ) -> Result<ValueId, PlanError> {
        let name = (set, declared, subgraph, provided);
        if let Some(&known) = self.value_ids.get(&name) {
            return Ok(known);
        }
        let outer = std::mem::replace(&mut self.cut, usize::MAX);
        let mut groups: Vec<(TypeSet, FragId)> = Vec::new();
        let mut cost = Cost::default();
        let mut missing: Set = Vec::new();
        for ty in self.joins.runtime_types(declared, subgraph).iter() {
            let own = if self.joins.is_interface_object(ty, subgraph) {
                self.of_interface(set, ty)
            } else {
                self.restrict(set, ty)
            };
            let frag = self.solve(own, Node { ty, subgraph, provided, later: false })?;
            cost.add(self.cost(frag));
            if let Some(rest) = self.frag(frag).missing {
                self.add_missing(set, rest, ty, &mut missing);
            }
            match groups.iter_mut().find(|(_, known)| *known == frag) {
                Some((types, _)) => types.insert(ty),
                None => groups.push((TypeSet::of(ty), frag)),
            }
        }
        cost.missing = self.fields_of(&missing);
        cost.foreign = cost.foreign.saturating_add(self.foreign(set, declared, subgraph));
        let missing = (!missing.is_empty()).then(|| self.sets.intern(missing));
        let id = ValueId(self.values.len() as u32);
        self.values.push(Rc::new(Value { declared, groups, missing, cost }));
        if self.cut == usize::MAX {
            self.value_ids.insert(name, id);
        }
        self.cut = self.cut.min(outer);
        Ok(id)
    }

    /// How many fields are selected on members that a union doesn't have in this subgraph. Of what clients select
    /// nothing is left there (see [`super::partial_unions`]); what a requirement selects is taken from where the
    /// union has them all, if there is such a place.
    fn foreign(&self, set: SetId, declared: TypeId, subgraph: SubgraphId) -> u32 {
        let ty = self.joins.supergraph.ty(declared);
        if ty.kind != TypeKind::Union {
            return 0;
        }
        let foreign = ty.possible.difference(&self.joins.runtime_types(declared, subgraph));
        let is_foreign =
            |entry: &&Entry| entry.field != FieldName::TYPENAME && entry.types.intersects(&foreign);
        match foreign.is_empty() {
            true => 0,
            false => self.sets.set(set).iter().filter(is_foreign).count() as u32,
        }
    }

    /// What concerns an interface object: its types stay, since its concrete type may have to be found.
    fn of_interface(&mut self, set: SetId, interface: TypeId) -> SetId {
        let possible = &self.joins.supergraph.ty(interface).possible;
        let entries = self.sets.set(set);
        let concerns = |entry: &&Entry| entry.types.is_empty() || entry.types.intersects(possible);
        let narrow = |entry: &Entry| {
            let everywhere = entry.types.is_empty() || entry.types.contains(interface);
            let types = if everywhere { TypeSet::default() } else { entry.types.clone() };
            Entry { types, ..entry.clone() }
        };
        self.sets.intern(entries.iter().filter(concerns).map(narrow).collect())
    }
}
