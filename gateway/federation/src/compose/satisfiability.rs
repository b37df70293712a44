//! Can every query of the supergraph be answered by its subgraphs?
//!
//! The walk visits every path to a type, but a path only matters by where it ends: the concrete type, and the places
//! (subgraph, and what its `@provides` adds) in which a value of it is at hand. Keys lead on from each place, which
//! makes it a way: whatever can be reached by a key whose fields are at hand on a way is at hand there, too. Type, ways
//! and the contexts set above are the state. So entities have few states, however many paths lead to them, and the walk is a breadth-first
//! search over states with a bound.

mod contexts;
mod explain;
mod graph;
mod labels;
mod resolve;
mod sharing;

use std::collections::{HashMap, HashSet, VecDeque};

use super::diagnostic::{Code, Report};
use super::merge::Merged;
use super::model::ROOTS;
use graph::{Graph, Node, TypeIndex};
use resolve::{Resolver, Ways, covers};

/// States visited at most; the largest graphs that are known have a few thousand.
const MAX_STATES: usize = 100_000;
/// Queries that can't be answered are told up to this number.
const MAX_ERRORS: usize = 50;

/// How the walk came to a state, for the example query.
#[derive(Clone)]
struct Step {
    parent: Option<usize>,
    /// The field that was followed, and on which concrete type of an abstract one.
    field: String,
    condition: Option<String>,
}

/// A concrete type and the ways on which a value of it is at hand.
struct State {
    ty: TypeIndex,
    ways: Ways,
    contexts: contexts::Set,
    step: usize,
}

/// Tells every field that some query reaches and no subgraph can then resolve.
///
/// A label of `@override` holds for some requests and not for others, and both must be answered.
pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    let (outcomes, mut complete) = labels::outcomes(merged);
    let mut told = HashSet::new();
    for held in &outcomes {
        let graph = Graph::new(merged, held);
        let mut walk = Walk::new(&graph);
        for root in ROOTS {
            walk.start(root);
        }
        complete &= walk.run();
        complete &= !walk.resolver.exhausted();
        walk.failed.retain(|failure| told.insert((failure.ty, failure.field.clone())));
        explain::report(&walk.resolver, &walk.steps, &walk.failed, report);
        walk.differing.retain(|differing| told.insert((differing.ty, differing.field.clone())));
        sharing::report(&walk.resolver, &walk.steps, &walk.differing, report);
    }
    if !complete {
        let message = "The check that every query can be answered was stopped at its bound: not every path through the subgraphs was tried";
        report.hint(Code::SatisfiabilityLimit, message);
    }
}

/// A field that can't be resolved in a state.
struct Failure {
    ty: TypeIndex,
    ways: Ways,
    field: String,
    step: usize,
}

struct Walk<'g, 'a> {
    resolver: Resolver<'g, 'a>,
    steps: Vec<Step>,
    queue: VecDeque<State>,
    visited: HashMap<TypeIndex, Vec<(Ways, contexts::Set)>>,
    failed: Vec<Failure>,
    differing: Vec<sharing::Differing>,
    states: usize,
}

impl<'g, 'a> Walk<'g, 'a> {
    fn new(graph: &'g Graph<'g, 'a>) -> Walk<'g, 'a> {
        Walk {
            resolver: Resolver::new(graph),
            steps: Vec::new(),
            queue: VecDeque::new(),
            visited: HashMap::new(),
            failed: Vec::new(),
            differing: Vec::new(),
            states: 0,
        }
    }

    fn start(&mut self, root: &str) {
        let graph = self.resolver.graph;
        let Some(ty) = graph.index(root) else { return };
        let nodes: Vec<Node> = graph.homes(ty).collect();
        let operation = if root == "Query" { String::new() } else { root.to_lowercase() };
        self.steps.push(Step { parent: None, field: operation, condition: None });
        let ways = self.resolver.close(ty, &nodes);
        self.visit(ty, ways, [].into(), self.steps.len() - 1);
    }

    /// Runs until nothing is left; false when the bound stopped it.
    fn run(&mut self) -> bool {
        while let Some(state) = self.queue.pop_front() {
            self.states += 1;
            if self.states > MAX_STATES || self.failed.len() >= MAX_ERRORS {
                return self.states <= MAX_STATES;
            }
            self.fields(&state);
        }
        true
    }

    fn fields(&mut self, state: &State) {
        let graph = self.resolver.graph;
        let below = self.contexts_below(state);
        for field in graph.merged_type(state.ty).fields.values() {
            if graph.is_hidden(field) {
                continue;
            }
            let reached = self.resolver.advance(state.ty, &state.ways, &field.name, &state.contexts);
            if reached.is_empty() {
                self.fail(state, &field.name);
                continue;
            }
            let Some(target) = graph.composite(field.ty.inner_named_type()) else { continue };
            if !self.returns_alike(state, &field.name, &reached) {
                continue;
            }
            let concrete = graph.concrete(&reached);
            let is_abstract = concrete.len() != 1 || concrete[0].0 != target;
            for (ty, nodes) in concrete {
                if graph.is_hidden_type(ty) {
                    continue;
                }
                let ways = self.resolver.close(ty, &nodes);
                let condition = is_abstract.then(|| graph.name(ty).to_string());
                let step = Step { parent: Some(state.step), field: field.name.to_string(), condition };
                self.steps.push(step);
                self.visit(ty, ways, below.clone(), self.steps.len() - 1);
            }
        }
    }

    /// A state that has at hand what an earlier one had can do all that the earlier one could.
    fn visit(&mut self, ty: TypeIndex, ways: Ways, contexts: contexts::Set, step: usize) {
        let seen = self.visited.entry(ty).or_default();
        let has = |value| contexts.binary_search(value).is_ok();
        if seen.iter().any(|(earlier, set)| covers(&ways, earlier) && set.iter().all(has)) {
            return;
        }
        seen.push((ways.clone(), contexts.clone()));
        self.queue.push_back(State { ty, ways, contexts, step });
    }

    /// What fields below an object can take from contexts: the object itself is the nearest one of its own.
    fn contexts_below(&mut self, state: &State) -> contexts::Set {
        let own: Vec<_> = self.resolver.contexts.of(state.ty).collect();
        if own.is_empty() {
            return state.contexts.clone();
        }
        let decided = |value: &u32| own.iter().any(|(known, _)| known == value);
        let mut set: Vec<u32> = state.contexts.iter().copied().filter(|value| !decided(value)).collect();
        for (value, selections) in &own {
            if self.resolver.satisfies(state.ty, &state.ways, selections) {
                set.push(*value);
            }
        }
        set.sort_unstable();
        set.into()
    }

    fn fail(&mut self, state: &State, field: &str) {
        if self.failed.iter().any(|known| known.ty == state.ty && known.field == field) {
            return;
        }
        let failure =
            Failure { ty: state.ty, ways: state.ways.clone(), field: field.to_owned(), step: state.step };
        self.failed.push(failure);
    }
}
