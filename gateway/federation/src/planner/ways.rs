//! The ways by which an object reached in one subgraph can be asked for in others: key jumps, and jumps over
//! jumps, each target by its shortest way.

use super::PlanError;
use super::choose::{Choice, Place};
use super::cost::Cost;
use super::node::{NOWHERE, Node};
use super::solve::{Content, Enter, Frag, FragId, Need, Placed, Solver, Visit};
use crate::selection::{CondId, Entry, SetId};
use crate::supergraph::{FieldJoin, FieldName, TypeKind};
use crate::{OperationKind, SubgraphId, TypeId};

/// How to get from a node to the same object elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub node: Node,
    /// The interface by whose name the object goes there.
    pub on: Option<TypeId>,
    /// The target is an interface with a key, which tells an interface object's concrete type.
    pub is_interface: bool,
    /// By a root selection, without a key.
    pub root: bool,
    /// Back into the subgraph where the object already is, for fields that something is to be brought along for.
    pub back: bool,
    /// How many fetches after the one in which the object was reached.
    pub level: u8,
    /// All fetches on the way, the last included.
    pub cost: Cost,
    /// The same without the last.
    pub cost_before: Cost,
    key: Option<SetId>,
    needs: Vec<WayNeed>,
}

#[derive(Clone, Debug)]
struct WayNeed {
    placed: Placed,
    /// Index of the way to where it comes from.
    from: usize,
}

impl Way {
    pub fn here(node: Node) -> Self {
        Self::root(node, 0, Cost::default(), false)
    }

    fn root(node: Node, level: u8, cost: Cost, root: bool) -> Self {
        Self {
            node,
            on: None,
            is_interface: false,
            root,
            back: false,
            level,
            cost,
            cost_before: Cost::default(),
            key: None,
            needs: Vec::new(),
        }
    }
}

impl Solver<'_> {
    pub(super) fn find_ways(&mut self, node: Node) -> Result<Vec<Way>, PlanError> {
        let mut ways = vec![Way::here(node)];
        if let Some(kind) = self.root_kind(node.ty)
            && (node.subgraph == NOWHERE || kind == OperationKind::Query)
        {
            self.root_ways(node, &mut ways);
            return Ok(ways);
        }
        let mut targets: Vec<(SubgraphId, TypeId)> = self
            .joins
            .supergraph
            .subgraph_ids()
            .filter(|&subgraph| subgraph != node.subgraph)
            .filter_map(|subgraph| Some((subgraph, self.joins.type_in(node.ty, subgraph)?)))
            .collect();
        // Shortest first: each round adds all that the known ways reach at the least level.
        while !targets.is_empty() {
            let mut found = Vec::new();
            for &(subgraph, ty) in &targets {
                found.extend(self.shortest(node, subgraph, ty, &ways)?);
            }
            let Some(level) = found.iter().map(|way: &Way| way.level).min() else { break };
            found.retain(|way| way.level == level);
            targets.retain(|(subgraph, _)| !found.iter().any(|way| way.node.subgraph == *subgraph));
            ways.extend(found);
        }
        Ok(ways)
    }

    fn root_kind(&self, ty: TypeId) -> Option<OperationKind> {
        [OperationKind::Query, OperationKind::Mutation, OperationKind::Subscription]
            .into_iter()
            .find(|kind| self.joins.supergraph.root(*kind) == Some(ty))
    }

    fn root_ways(&mut self, node: Node, ways: &mut Vec<Way>) {
        let level = u8::from(node.subgraph != NOWHERE);
        for subgraph in self.joins.supergraph.subgraph_ids() {
            let known = self.joins.supergraph.ty(node.ty).join(subgraph).is_some();
            if known && subgraph != node.subgraph {
                let target = Node { ty: node.ty, subgraph, provided: None, later: false };
                ways.push(Way::root(target, level, Cost::of(level, subgraph), true));
            }
        }
    }

    /// The way back into the node's own subgraph by a key, where `@requires` or `@fromContext` brings something
    /// along.
    pub(super) fn way_back(&mut self, node: Node, ways: &[Way]) -> Result<Option<Way>, PlanError> {
        if node.subgraph == NOWHERE || self.root_kind(node.ty).is_some() {
            return Ok(None);
        }
        let needed = self
            .joins
            .supergraph
            .ty(node.ty)
            .fields
            .iter()
            .any(|(_, field)| field.join(node.subgraph).is_some_and(FieldJoin::brings));
        if !needed && !node.later {
            return Ok(None);
        }
        let way = self.shortest(node, node.subgraph, node.ty, ways)?;
        Ok(way.map(|way| Way { back: true, ..way }))
    }

    /// The best of a target's keys, given the ways known so far.
    fn shortest(
        &mut self,
        node: Node,
        subgraph: SubgraphId,
        ty: TypeId,
        ways: &[Way],
    ) -> Result<Option<Way>, PlanError> {
        let supergraph = self.joins.supergraph;
        let Some(join) = supergraph.ty(ty).join(subgraph) else { return Ok(None) };
        let is_interface = supergraph.ty(ty).kind == TypeKind::Interface && !join.interface_object;
        if is_interface && !self.joins.is_interface_object(node.ty, node.subgraph) {
            return Ok(None);
        }
        let mut best: Option<Way> = None;
        for key in join.keys.iter().filter(|key| key.resolvable) {
            self.step(1)?;
            let fields = self.restrict(key.fields, node.ty);
            let Some((needs, level, cost_before)) = self.satisfy(fields, ways)? else { continue };
            let mut cost = cost_before.clone();
            cost.add_fetch(level, subgraph);
            let better = best.as_ref().is_none_or(|known| cost.is_less(&known.cost));
            if better {
                let on = (ty != node.ty || supergraph.ty(ty).kind != TypeKind::Object).then_some(ty);
                let target = Node { ty, subgraph, provided: None, later: false };
                best = Some(Way {
                    on,
                    is_interface,
                    key: Some(fields),
                    needs,
                    cost_before,
                    ..Way::root(target, level, cost, false)
                });
            }
        }
        Ok(best)
    }

    /// Where each field of a key comes from, and the level at which all are there.
    fn satisfy(&mut self, key: SetId, ways: &[Way]) -> Result<Option<(Vec<WayNeed>, u8, Cost)>, PlanError> {
        let mut needs = Vec::new();
        let mut cost = Cost::default();
        let mut level = 0;
        for entry in self.sets.set(key).iter().filter(|entry| entry.field != FieldName::TYPENAME) {
            let Some((need, at, own)) = self.source(entry, ways)? else { return Ok(None) };
            level = level.max(at);
            cost.add(&own);
            needs.push(need);
        }
        if level >= 60 {
            return Ok(None);
        }
        Ok(Some((needs, level + 1, cost)))
    }

    fn source(&mut self, entry: &Entry, ways: &[Way]) -> Result<Option<(WayNeed, u8, Cost)>, PlanError> {
        let mut best: Option<(WayNeed, u8, Cost)> = None;
        for (from, way) in ways.iter().enumerate().filter(|(_, way)| !way.is_interface) {
            if best.as_ref().is_some_and(|(_, level, _)| *level <= way.level) {
                break;
            }
            let Some(local) = self.joins.local(way.node, entry.field, &mut self.sets) else { continue };
            if local.brings() {
                continue;
            }
            let mut cost = way.cost.clone();
            let mut level = way.level;
            let mut child = None;
            if let Some(sub) = entry.sub {
                let id = self.solve_value(sub, local.ty.named, local.below, local.provided)?;
                let value = self.value(id);
                if value.missing.is_some() {
                    continue;
                }
                level = level.saturating_add(value.cost.depth());
                cost.add_below(&value.cost, way.level);
                child = Some(id);
            }
            if best.as_ref().is_none_or(|(_, known, _)| level < *known) {
                let placed = Placed { entry: entry.clone(), child };
                best = Some((WayNeed { placed, from }, level, cost));
            }
        }
        Ok(best)
    }

    /// Turns the chosen places into the fields here and the visits elsewhere.
    pub(super) fn record(
        &mut self,
        chosen: &[(Entry, Choice)],
        ways: &[Way],
        frag: &mut Frag,
    ) -> Result<(), PlanError> {
        let mut visits: Vec<VisitKey> = Vec::new();
        let mut by_interface: Vec<(usize, Vec<Entry>)> = Vec::new();
        for (entry, choice) in chosen {
            let placed = Placed { entry: entry.clone(), child: choice.child };
            if choice.place == Place(0) {
                frag.here.push(placed);
                continue;
            }
            let only_if = if choice.brings { entry.cond } else { CondId::ALWAYS };
            let mut key = VisitKey { way: choice.place.0, level: choice.level, only_if, number: 0 };
            let mut at = visit(key, ways, &mut visits, frag);
            while !self.brings(choice.requires, &mut frag.visits[at].enter) {
                key.number += 1;
                at = visit(key, ways, &mut visits, frag);
            }
            match &mut frag.visits[at].content {
                Content::Fields(fields) if !ways[choice.place.0].is_interface => fields.push(placed),
                _ => match by_interface.iter_mut().find(|(known, _)| *known == at) {
                    Some((_, entries)) => entries.push(entry.clone()),
                    None => by_interface.push((at, vec![entry.clone()])),
                },
            }
        }
        for (at, entries) in by_interface {
            let node = ways[visits[at].way].node;
            let set = self.sets.intern(entries);
            let value = self.solve_value(set, node.ty, node.subgraph, None)?;
            frag.visits[at].content = Content::Interface(value);
        }
        Ok(())
    }
}

impl Solver<'_> {
    /// Makes a visit bring along what a field requires, unless it already brings something that has the same
    /// name in the representation and isn't the same.
    fn brings(&self, requires: Option<(SetId, FragId)>, enter: &mut Enter) -> bool {
        let (Some(requires), Enter::Key { requires: known, .. }) = (requires, enter) else { return true };
        if known.contains(&requires) {
            return true;
        }
        if known.iter().any(|(set, _)| self.collide(*set, requires.0)) {
            return false;
        }
        known.push(requires);
        true
    }

    /// Whether two field sets ask for one field with different arguments.
    fn collide(&self, a: SetId, b: SetId) -> bool {
        let (a, b) = (self.sets.set(a), self.sets.set(b));
        a.iter().any(|one| {
            let same = b.iter().filter(|other| other.field == one.field);
            let mut together = same.filter(|other| {
                one.types.is_empty() || other.types.is_empty() || one.types.intersects(&other.types)
            });
            together.any(|other| {
                let below = || one.sub.zip(other.sub).is_some_and(|(a, b)| self.collide(a, b));
                one.args != other.args || below()
            })
        })
    }
}

/// What tells a visit from others.
#[derive(Clone, Copy, PartialEq, Eq)]
struct VisitKey {
    way: usize,
    level: u8,
    only_if: CondId,
    /// Requirements that a representation can't hold at once make for several.
    number: u32,
}

/// The visit of a way, with those it needs before it.
fn visit(wanted: VisitKey, ways: &[Way], visits: &mut Vec<VisitKey>, frag: &mut Frag) -> usize {
    if let Some(known) = visits.iter().position(|known| *known == wanted) {
        return known;
    }
    let VisitKey { way, only_if, .. } = wanted;
    let Way { node, on, key, needs, .. } = &ways[way];
    let enter = match key {
        None => Enter::Root,
        Some(key) => {
            let mut list = Vec::new();
            for need in needs {
                let level = ways[need.from].level;
                let before = VisitKey { way: need.from, level, only_if: CondId::ALWAYS, number: 0 };
                let from = (need.from != 0).then(|| visit(before, ways, visits, frag));
                list.push(Need { placed: need.placed.clone(), from });
            }
            Enter::Key { key: *key, needs: list, requires: Vec::new() }
        }
    };
    visits.push(wanted);
    let content = Content::Fields(Vec::new());
    frag.visits.push(Visit { subgraph: node.subgraph, on: *on, only_if, enter, content });
    visits.len() - 1
}
