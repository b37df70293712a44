//! Which runtime types each type can have, in each subgraph and over all.

use apollo_compiler::Name;
use apollo_compiler::schema::{DirectiveList, ExtendedType};

use super::{Reader, SupergraphError};
use crate::supergraph::directives::string;
use crate::supergraph::{TypeInfo, TypeJoin};
use crate::{SubgraphId, TypeId};

impl Reader<'_> {
    /// Fills in which runtime types each type can have, in each subgraph and over all.
    pub(super) fn possible(&self, types: &mut [TypeInfo]) -> Result<(), SupergraphError> {
        for at in 0..types.len() {
            let id = TypeId(at as u32);
            let name = self.names.name(id);
            match &self.schema.types[name] {
                ExtendedType::Object(object) => {
                    types[at].possible.insert(id);
                    each_join(&mut types[at], |_, join| join.possible.insert(id));
                    let implements = pairs(&object.directives, "join__implements", "interface");
                    let fallback: Vec<Name> =
                        object.implements_interfaces.iter().map(|interface| interface.name.clone()).collect();
                    self.implementer(types, id, &implements, &fallback)?;
                }
                ExtendedType::Interface(interface) => {
                    let objects = each_interface_object(&types[at]);
                    for subgraph in objects {
                        add_possible(types, id, id, subgraph);
                        for parent in &interface.implements_interfaces {
                            if let Some(parent) = self.names.id(parent) {
                                add_possible(types, parent, id, subgraph);
                            }
                        }
                    }
                }
                ExtendedType::Union(union_) => {
                    let members = pairs(&union_.directives, "join__unionMember", "member");
                    let fallback: Vec<Name> =
                        union_.members.iter().map(|member| member.name.clone()).collect();
                    for (subgraph, member) in self.placed(types, name, &members, &fallback, id)? {
                        add_possible(types, id, member, subgraph);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn implementer(
        &self,
        types: &mut [TypeInfo],
        object: TypeId,
        implements: &[(&str, &str)],
        fallback: &[Name],
    ) -> Result<(), SupergraphError> {
        let name = self.names.name(object);
        for (subgraph, interface) in self.placed(types, name, implements, fallback, object)? {
            add_possible(types, interface, object, subgraph);
        }
        // An interface object stands for the objects of other subgraphs.
        for interface in types[object.index()].interfaces.clone() {
            types[interface.index()].possible.insert(object);
        }
        Ok(())
    }

    /// `(subgraph, other type)` of each directive; without any, wherever both types are.
    fn placed(
        &self,
        types: &[TypeInfo],
        place: &str,
        directives: &[(&str, &str)],
        fallback: &[Name],
        id: TypeId,
    ) -> Result<Vec<(SubgraphId, TypeId)>, SupergraphError> {
        let mut placed = Vec::new();
        for (graph, other) in directives {
            if let Some(other) = self.names.id(other) {
                placed.push((self.graph(graph, place)?, other));
            }
        }
        if directives.is_empty() {
            for other in fallback.iter().filter_map(|other| self.names.id(other)) {
                let both = (0..self.subgraphs.len() as u16).map(SubgraphId).filter(|&subgraph| {
                    types[id.index()].join(subgraph).is_some()
                        && types[other.index()].join(subgraph).is_some()
                });
                placed.extend(both.map(|subgraph| (subgraph, other)));
            }
        }
        Ok(placed)
    }
}

fn add_possible(types: &mut [TypeInfo], ty: TypeId, runtime: TypeId, subgraph: SubgraphId) {
    types[ty.index()].possible.insert(runtime);
    if let Some(join) = &mut types[ty.index()].joins[subgraph.0 as usize] {
        join.possible.insert(runtime);
    }
}

fn each_join(ty: &mut TypeInfo, mut change: impl FnMut(SubgraphId, &mut TypeJoin)) {
    for (at, join) in ty.joins.iter_mut().enumerate() {
        if let Some(join) = join {
            change(SubgraphId(at as u16), join);
        }
    }
}

fn each_interface_object(ty: &TypeInfo) -> Vec<SubgraphId> {
    let joins = ty.joins.iter().enumerate();
    let objects = joins.filter(|(_, join)| join.as_ref().is_some_and(|join| join.interface_object));
    objects.map(|(at, _)| SubgraphId(at as u16)).collect()
}

fn pairs<'d>(directives: &'d DirectiveList, directive: &str, other: &str) -> Vec<(&'d str, &'d str)> {
    let found = directives.iter().filter(|found| found.name == directive);
    found.filter_map(|found| Some((string(found, "graph")?, string(found, other)?))).collect()
}
