//! What can be resolved in a state: moves by keys, fields, and the conditions of both.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use apollo_compiler::ast::Selection;

use super::super::fieldset;
use super::super::merge::Join;
use super::super::model::Key;
use super::contexts::Contexts;
use super::graph::{Graph, Node, TypeIndex};

/// Conditions that lead to conditions: deeper than this is taken as not to be satisfied.
const MAX_DEPTH: usize = 48;
/// Steps of all conditions together, so that no schema can keep composition busy for long.
const MAX_WORK: usize = 5_000_000;

/// Every place (sorted) in which an object that was reached in one of them can be looked up.
///
/// A key's fields, and what a field requires, must all be resolved on one way: a shareable field that gives an object
/// in several subgraphs gives as many ways, and what one of them has at hand is of no use to a look-up on another,
/// as nothing says that each of them is asked.
pub(super) type Way = Rc<[Node]>;

/// All ways to an object, none of them part of another.
pub(super) type Ways = Rc<[Way]>;

/// Whether all that can be resolved on some ways can be resolved on the others, too.
pub(super) fn covers(ways: &[Way], less: &[Way]) -> bool {
    let within = |small: &Way, large: &Way| small.iter().all(|node| large.binary_search(node).is_ok());
    less.iter().all(|small| ways.iter().any(|large| within(small, large)))
}

pub(super) struct Resolver<'g, 'a> {
    pub(super) graph: &'g Graph<'g, 'a>,
    pub(super) contexts: Contexts<'a>,
    /// Selections of `@provides`; the first is empty.
    provided: Vec<Vec<Selection>>,
    provided_by_text: HashMap<String, usize>,
    /// The way from a concrete type and a place in which a value of it was reached.
    closed: HashMap<(TypeIndex, Node), Way>,
    /// Closures and requirements that are being worked on: meeting one again is a circle.
    closing: HashSet<(TypeIndex, Node)>,
    requiring: HashSet<(TypeIndex, usize, String)>,
    /// Circles met so far: what was found inside one may be too little, so it isn't remembered.
    circles: usize,
    work: usize,
}

impl<'g, 'a> Resolver<'g, 'a> {
    pub(super) fn new(graph: &'g Graph<'g, 'a>) -> Resolver<'g, 'a> {
        Resolver {
            graph,
            contexts: Contexts::new(graph),
            provided: vec![Vec::new()],
            provided_by_text: HashMap::from([(String::new(), 0)]),
            closed: HashMap::new(),
            closing: HashSet::new(),
            requiring: HashSet::new(),
            circles: 0,
            work: 0,
        }
    }

    /// Whether the bound on the work was reached.
    pub(super) fn exhausted(&self) -> bool {
        self.work >= MAX_WORK
    }

    /// The ways to a value that was reached at all of these nodes.
    pub(super) fn close(&mut self, ty: TypeIndex, nodes: &[Node]) -> Ways {
        let mut ways: Vec<Way> = Vec::new();
        for node in nodes {
            let way = [self.way(ty, *node)];
            if !covers(&ways, &way) {
                ways.retain(|known| !covers(&way, std::slice::from_ref(known)));
                ways.extend(way);
            }
        }
        ways.into()
    }

    /// Every place that keys lead to, from one place.
    fn way(&mut self, ty: TypeIndex, node: Node) -> Way {
        let start = (ty, node);
        if let Some(known) = self.closed.get(&start) {
            return known.clone();
        }
        if self.closing.len() >= MAX_DEPTH || self.exhausted() || !self.closing.insert(start) {
            self.circles += 1;
            return [node].into();
        }
        let circles = self.circles;
        let closed = self.closure(ty, node);
        self.closing.remove(&start);
        if circles == self.circles || self.closing.is_empty() {
            self.closed.insert(start, closed.clone());
        }
        closed
    }

    fn closure(&mut self, ty: TypeIndex, node: Node) -> Way {
        let graph = self.graph;
        let mut nodes = vec![node];
        if graph.is_root(ty) {
            // A root is at hand everywhere, without a key.
            nodes.extend(graph.homes(ty));
            nodes.sort();
            nodes.dedup();
            return nodes.into();
        }
        let targets = self.targets(ty);
        loop {
            nodes.sort();
            let way: Way = nodes.as_slice().into();
            for target in targets.iter().filter(|target| way.binary_search(target).is_err()) {
                let keys = self.keys(ty, &way, *target);
                if keys.iter().any(|key| self.satisfied_on(ty, &way, &key.fields.selections)) {
                    nodes.push(*target);
                }
            }
            if nodes.len() == way.len() {
                return way;
            }
        }
    }

    /// Where a value of a type could be looked up: as itself, or as an interface object.
    pub(super) fn targets(&self, ty: TypeIndex) -> Vec<Node> {
        let graph = self.graph;
        let mut targets: Vec<Node> = graph.homes(ty).collect();
        for at in 0..graph.merged.subgraphs.len() {
            targets.extend(graph.interface_objects(at, ty).map(|local| Node {
                graph: at,
                local,
                provides: 0,
            }));
        }
        targets
    }

    /// The keys by which a value that is at `nodes` can be looked up at `target`.
    fn keys(&self, ty: TypeIndex, nodes: &[Node], target: Node) -> Vec<&'a Key> {
        let graph = self.graph;
        let resolvable = |local: TypeIndex| {
            graph.def(target.graph, local).into_iter().flat_map(|def| &def.keys).filter(|key| key.resolvable)
        };
        let mut keys = Vec::new();
        // While only interface objects are at hand, nobody knows which type the value has: it can be looked up
        // as the interface alone.
        if target.local != ty || nodes.iter().any(|node| node.local == ty) {
            keys.extend(resolvable(target.local));
        }
        if target.local == ty {
            let here = graph.def(target.graph, ty).into_iter().flat_map(|def| &def.implements);
            for interface in here.filter_map(|name| graph.index(name)) {
                if nodes.iter().any(|node| node.local == interface) {
                    keys.extend(resolvable(interface));
                }
            }
        }
        keys
    }

    /// Where the value of a field is at hand, when its object is reached on these ways and below these contexts.
    ///
    /// Keys and requirements are asked for in a place of their own, where no context is known.
    pub(super) fn advance(
        &mut self,
        ty: TypeIndex,
        ways: &[Way],
        field: &str,
        contexts: &[u32],
    ) -> Vec<Node> {
        let mut reached = Vec::new();
        for way in ways {
            for node in way.iter() {
                reached.extend(self.follow(ty, way, *node, field, contexts));
            }
        }
        reached.sort();
        reached.dedup();
        reached
    }

    fn follow(
        &mut self,
        ty: TypeIndex,
        way: &Way,
        node: Node,
        field: &str,
        contexts: &[u32],
    ) -> Option<Node> {
        self.work += 1;
        let graph = self.graph;
        let join = graph.join(node.graph, node.local, field)?;
        let from_above = self.provided_below(ty, node, field);
        let local = graph.index(join.ty.inner_named_type());
        if join.external {
            let nested = from_above?;
            return Some(self.arrive(node, local, nested));
        }
        if !graph.is_active(join) || !self.contexts.satisfy(graph, join, contexts) {
            return None;
        }
        if join.used_overridden || !self.requirement(ty, way, node, field, join) {
            return None;
        }
        let mut nested = from_above.unwrap_or_default();
        nested.extend(join.provides.iter().flat_map(|set| set.selections.iter().cloned()));
        Some(self.arrive(node, local, nested))
    }

    /// A scalar's node has no type to go on with; its own is as good as any.
    fn arrive(&mut self, from: Node, local: Option<TypeIndex>, provides: Vec<Selection>) -> Node {
        let provides = self.intern(provides);
        Node { graph: from.graph, local: local.unwrap_or(from.local), provides }
    }

    /// What is provided below a field; `None` when the field itself isn't provided.
    fn provided_below(&self, ty: TypeIndex, node: Node, field: &str) -> Option<Vec<Selection>> {
        let mut below = None;
        self.collect_provided(ty, &self.provided[node.provides], field, &mut below);
        below
    }

    fn collect_provided(
        &self,
        ty: TypeIndex,
        selections: &[Selection],
        field: &str,
        below: &mut Option<Vec<Selection>>,
    ) {
        for selection in selections {
            match selection {
                Selection::Field(selected) if selected.name == field => {
                    below.get_or_insert_default().extend(selected.selection_set.iter().cloned());
                }
                Selection::InlineFragment(fragment) => {
                    let applies =
                        fragment.type_condition.as_ref().is_none_or(|on| self.graph.is_under(ty, on));
                    if applies {
                        self.collect_provided(ty, &fragment.selection_set, field, below);
                    }
                }
                _ => {}
            }
        }
    }

    fn intern(&mut self, selections: Vec<Selection>) -> usize {
        if selections.is_empty() {
            return 0;
        }
        let next = self.provided.len();
        let id = *self.provided_by_text.entry(fieldset::print(&selections)).or_insert(next);
        if id == next {
            self.provided.push(selections);
        }
        id
    }

    fn requirement(&mut self, ty: TypeIndex, way: &Way, node: Node, field: &str, join: &Join<'_>) -> bool {
        let Some(set) = join.requires else { return true };
        let circle = (ty, node.graph, field.to_owned());
        if self.requiring.len() >= MAX_DEPTH || !self.requiring.insert(circle.clone()) {
            self.circles += 1;
            return false;
        }
        let satisfied = self.satisfied_on(ty, way, &set.selections);
        self.requiring.remove(&circle);
        satisfied
    }

    /// Whether a condition can be resolved on one way.
    fn satisfied_on(&mut self, ty: TypeIndex, way: &Way, selections: &[Selection]) -> bool {
        self.satisfies(ty, std::slice::from_ref(way), selections)
    }

    /// Whether each field of a selection can be resolved on one of the ways, whichever.
    pub(super) fn satisfies(&mut self, ty: TypeIndex, ways: &[Way], selections: &[Selection]) -> bool {
        if self.exhausted() {
            return true;
        }
        selections.iter().all(|selection| match selection {
            Selection::Field(selected) if selected.name == "__typename" => true,
            Selection::Field(selected) => {
                let reached = self.advance(ty, ways, &selected.name, &[]);
                !reached.is_empty() && self.satisfies_below(&reached, &selected.selection_set)
            }
            Selection::InlineFragment(fragment) => {
                let applies = fragment.type_condition.as_ref().is_none_or(|on| self.graph.is_under(ty, on));
                !applies || self.satisfies(ty, ways, &fragment.selection_set)
            }
            Selection::FragmentSpread(_) => true,
        })
    }

    fn satisfies_below(&mut self, reached: &[Node], selections: &[Selection]) -> bool {
        selections.is_empty()
            || self.graph.concrete(reached).into_iter().all(|(ty, nodes)| {
                let ways = self.close(ty, &nodes);
                self.satisfies(ty, &ways, selections)
            })
    }
}
