//! Which contexts are set on the way to an object: part of the state, since a field may take its arguments from them.

use std::collections::HashMap;
use std::rc::Rc;

use apollo_compiler::ast::Selection;

use super::super::merge::{Join, context_name};
use super::graph::{Graph, TypeIndex};

/// One value that some argument takes from a context.
type Value = u32;

/// Values (sorted) that can be had from objects above, where each context's nearest object decides.
pub(super) type Set = Rc<[Value]>;

/// Every value that arguments take from contexts, and the types that they come from.
#[derive(Default)]
pub(super) struct Contexts<'a> {
    /// The context's name in the supergraph, and the selection on its objects.
    values: Vec<(String, &'a [Selection])>,
    by_text: HashMap<(String, &'a str), Value>,
    by_type: HashMap<TypeIndex, Vec<Value>>,
}

impl<'a> Contexts<'a> {
    pub(super) fn new(graph: &Graph<'_, 'a>) -> Contexts<'a> {
        let mut contexts = Contexts::default();
        let fields = graph.merged.types.values().flat_map(|on| on.fields.values());
        for join in fields.flat_map(|field| &field.joins) {
            for input in &join.contextual {
                let Some(source) = input.from_context.as_ref().and_then(|from| from.source.as_ref()) else {
                    continue;
                };
                let Ok(selections) = &source.selections else { continue };
                let name = context_name(&graph.merged.subgraphs[join.graph], &source.context);
                let next = contexts.values.len() as Value;
                let key = (name.clone(), source.text.as_str());
                if *contexts.by_text.entry(key).or_insert(next) == next {
                    contexts.values.push((name, selections));
                }
            }
        }
        contexts.owners(graph);
        contexts
    }

    fn owners(&mut self, graph: &Graph<'_, 'a>) {
        for (value, (context, _)) in self.values.iter().enumerate() {
            for (owner, on) in graph.merged.types.values().enumerate() {
                if on.contexts.contains(context) {
                    for object in graph.objects(owner) {
                        self.by_type.entry(*object).or_default().push(value as Value);
                    }
                }
            }
        }
        self.by_type.values_mut().for_each(|values| values.dedup());
    }

    /// The values that objects of a type decide about, each with its selection.
    pub(super) fn of(&self, ty: TypeIndex) -> impl Iterator<Item = (Value, &'a [Selection])> {
        let values = self.by_type.get(&ty).map(Vec::as_slice).unwrap_or_default();
        values.iter().map(|value| (*value, self.values[*value as usize].1))
    }

    /// Whether every argument of a field that the gateway sets can be had.
    pub(super) fn satisfy(&self, graph: &Graph<'_, 'a>, join: &Join<'a>, set: &[Value]) -> bool {
        join.contextual.iter().all(|input| {
            let source = input.from_context.as_ref().and_then(|from| from.source.as_ref());
            let value = source.and_then(|source| {
                let name = context_name(&graph.merged.subgraphs[join.graph], &source.context);
                self.by_text.get(&(name, source.text.as_str()))
            });
            value.is_some_and(|value| set.binary_search(value).is_ok())
        })
    }
}
