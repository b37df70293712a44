//! The merged types as indices, with what each subgraph knows of them.

use std::collections::HashMap;

use apollo_compiler::Name;

use super::super::merge::{Join, Merged, MergedField, MergedType};
use super::super::model::{Kind, TypeDef};

/// Position of a type in the merged types.
pub(super) type TypeIndex = usize;

/// A place in which a value is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    pub(super) graph: usize,
    /// What the subgraph calls the value's type: the type itself, or an interface object in its stead.
    pub(super) local: TypeIndex,
    /// What the subgraph provides here beyond its own fields (index into the resolver's selections; 0 is nothing).
    pub(super) provides: usize,
}

pub(super) struct Graph<'m, 'a> {
    pub(super) merged: &'m Merged<'a>,
    /// The labels of `@override` that hold.
    labels: &'m [&'a str],
    /// For each type and subgraph its definition there.
    defs: Vec<Vec<Option<&'a TypeDef>>>,
    /// For each subgraph the object types under an abstract type.
    local_possible: Vec<HashMap<TypeIndex, Vec<TypeIndex>>>,
    /// For each type the object types under it in the supergraph.
    possible: Vec<Vec<TypeIndex>>,
}

impl<'m, 'a> Graph<'m, 'a> {
    pub(super) fn new(merged: &'m Merged<'a>, labels: &'m [&'a str]) -> Graph<'m, 'a> {
        let subgraphs = merged.subgraphs.len();
        let mut defs = vec![vec![None; subgraphs]; merged.types.len()];
        let mut local_possible = vec![HashMap::<TypeIndex, Vec<TypeIndex>>::new(); subgraphs];
        let mut possible = vec![Vec::new(); merged.types.len()];
        for (index, on) in merged.types.values().enumerate() {
            for (graph, def) in &on.parts {
                defs[index][*graph] = Some(*def);
                let objects = match def.kind {
                    Kind::Object => def.implements.iter().map(|above| (above, index)).collect(),
                    Kind::Union => members(merged, def).map(|member| (&def.name, member)).collect(),
                    _ => Vec::new(),
                };
                for (above, object) in objects {
                    if let Some(above) = merged.types.get_index_of(above) {
                        local_possible[*graph].entry(above).or_default().push(object);
                    }
                }
            }
            match on.kind {
                Kind::Object => {
                    possible[index].push(index);
                    for above in on.implements.iter().filter_map(|name| merged.types.get_index_of(name)) {
                        possible[above].push(index);
                    }
                }
                Kind::Union => {
                    possible[index] =
                        on.members.keys().filter_map(|name| merged.types.get_index_of(name)).collect();
                }
                _ => {}
            }
        }
        Graph { merged, labels, defs, local_possible, possible }
    }

    pub(super) fn index(&self, name: &str) -> Option<TypeIndex> {
        self.merged.types.get_index_of(name)
    }

    pub(super) fn name(&self, ty: TypeIndex) -> &'m Name {
        &self.merged_type(ty).name
    }

    pub(super) fn merged_type(&self, ty: TypeIndex) -> &'m MergedType<'a> {
        self.merged.types.get_index(ty).map(|(_, on)| on).expect("indices come from the merged types")
    }

    pub(super) fn def(&self, graph: usize, ty: TypeIndex) -> Option<&'a TypeDef> {
        self.defs[ty][graph]
    }

    pub(super) fn is_root(&self, ty: TypeIndex) -> bool {
        matches!(self.name(ty).as_str(), "Query" | "Mutation" | "Subscription")
    }

    /// Every subgraph that defines a type.
    pub(super) fn homes(&self, ty: TypeIndex) -> impl Iterator<Item = Node> {
        self.merged_type(ty).parts.iter().map(move |(graph, _)| Node {
            graph: *graph,
            local: ty,
            provides: 0,
        })
    }

    /// The index of a type, if it has fields or members.
    pub(super) fn composite(&self, name: &str) -> Option<TypeIndex> {
        let index = self.index(name)?;
        matches!(self.merged_type(index).kind, Kind::Object | Kind::Interface | Kind::Union).then_some(index)
    }

    pub(super) fn is_hidden(&self, field: &MergedField<'_>) -> bool {
        field.marks.common.inaccessible
    }

    pub(super) fn is_hidden_type(&self, ty: TypeIndex) -> bool {
        self.merged_type(ty).marks.common.inaccessible
    }

    /// How a field is in effect in a subgraph.
    pub(super) fn join(&self, graph: usize, local: TypeIndex, field: &str) -> Option<&'m Join<'a>> {
        self.merged_type(local).fields.get(field)?.joins.iter().find(|join| join.graph == graph)
    }

    /// Whether a field is resolved there, as far as labels decide: in the one subgraph where its label holds, and
    /// in the other one where it doesn't.
    pub(super) fn is_active(&self, join: &Join<'_>) -> bool {
        join.label.is_none_or(|label| self.labels.contains(&label) == join.overrides.is_some())
    }

    /// The object types under a type in the supergraph; an object type is under itself.
    pub(super) fn objects(&self, ty: TypeIndex) -> &[TypeIndex] {
        &self.possible[ty]
    }

    /// Whether an object type is the other type, or under it.
    pub(super) fn is_under(&self, object: TypeIndex, above: &str) -> bool {
        self.index(above).is_some_and(|above| above == object || self.possible[above].contains(&object))
    }

    /// Interfaces of an object type that the subgraph knows as an interface object.
    pub(super) fn interface_objects(
        &self,
        graph: usize,
        object: TypeIndex,
    ) -> impl Iterator<Item = TypeIndex> {
        let interfaces = self.merged_type(object).implements.iter().filter_map(|name| self.index(name));
        interfaces
            .filter(move |interface| self.def(graph, *interface).is_some_and(|def| def.interface_object))
    }

    /// The concrete types that values at these nodes may have, each with the nodes where it can occur.
    pub(super) fn concrete(&self, nodes: &[Node]) -> Vec<(TypeIndex, Vec<Node>)> {
        let mut by_type: Vec<(TypeIndex, Vec<Node>)> = Vec::new();
        let mut add = |ty, node| match by_type.iter_mut().find(|(known, _)| *known == ty) {
            Some((_, nodes)) => nodes.push(node),
            None => by_type.push((ty, vec![node])),
        };
        for node in nodes {
            let Some(def) = self.def(node.graph, node.local) else { continue };
            match def.kind {
                _ if def.interface_object => self.possible[node.local].iter().for_each(|ty| add(*ty, *node)),
                Kind::Object => add(node.local, *node),
                _ => {
                    let possible = self.local_possible[node.graph].get(&node.local);
                    for ty in possible.into_iter().flatten() {
                        add(*ty, Node { local: *ty, ..*node });
                    }
                }
            }
        }
        for (_, nodes) in &mut by_type {
            nodes.sort();
            nodes.dedup();
        }
        by_type
    }
}

fn members<'t>(merged: &'t Merged<'_>, def: &'t TypeDef) -> impl Iterator<Item = TypeIndex> {
    def.members.iter().filter_map(|member| merged.types.get_index_of(member))
}
