//! Subgraphs that share a field must be able to give the same object, or the answer depends on who is asked.

use super::super::diagnostic::{Code, Report, and_list};
use super::super::model::Kind;
use super::graph::{Node, TypeIndex};
use super::resolve::Resolver;
use super::{State, Step, Walk, explain};

/// A shared field and the object types that each subgraph can return for it.
pub(super) struct Differing {
    pub(super) ty: TypeIndex,
    pub(super) field: String,
    step: usize,
    objects: Vec<(usize, Vec<TypeIndex>)>,
    common: Vec<TypeIndex>,
}

impl Walk<'_, '_> {
    /// Whether the subgraphs that resolve a field have an object type in common that they all can return.
    pub(super) fn returns_alike(&mut self, state: &State, field: &str, reached: &[Node]) -> bool {
        if reached.iter().all(|node| node.graph == reached[0].graph) {
            return true;
        }
        let objects = self.objects(reached);
        let mut common = objects.first().map(|(_, types)| types.clone()).unwrap_or_default();
        common.retain(|ty| objects.iter().all(|(_, types)| types.contains(ty)));
        let none_at_all = objects.iter().all(|(_, types)| types.is_empty());
        let alike = objects.iter().all(|(_, types)| types.len() == common.len());
        let known = |known: &Differing| known.ty == state.ty && known.field == field;
        if none_at_all || alike {
            return true;
        }
        let possible = !common.is_empty();
        if !self.differing.iter().any(known) {
            let (field, step) = (field.to_owned(), state.step);
            self.differing.push(Differing { ty: state.ty, field, step, objects, common });
        }
        possible
    }

    /// What each subgraph can return where at least two of them leave the type open. An interface object stands for
    /// whatever the others return.
    fn objects(&self, reached: &[Node]) -> Vec<(usize, Vec<TypeIndex>)> {
        let graph = self.resolver.graph;
        let mut objects: Vec<(usize, Vec<TypeIndex>)> = Vec::new();
        let mut open = 0;
        for node in reached {
            let Some(def) = graph.def(node.graph, node.local).filter(|def| !def.interface_object) else {
                continue;
            };
            if objects.iter().any(|(known, _)| *known == node.graph) {
                continue;
            }
            open += usize::from(matches!(def.kind, Kind::Interface | Kind::Union));
            let concrete = graph.concrete(std::slice::from_ref(node)).into_iter().map(|(ty, _)| ty);
            objects.push((node.graph, concrete.filter(|ty| !graph.is_hidden_type(*ty)).collect()));
        }
        if open < 2 {
            objects.clear();
        }
        objects
    }
}

pub(super) fn report(
    resolver: &Resolver<'_, '_>,
    steps: &[Step],
    differing: &[Differing],
    report: &mut Report,
) {
    let graph = resolver.graph;
    for found in differing {
        let on = format!("{}.{}", graph.name(found.ty), found.field);
        let query = explain::query(resolver, steps, (found.ty, &found.field), found.step);
        let told: Vec<String> = found
            .objects
            .iter()
            .map(|(at, types)| {
                let types = and_list(types.iter().map(|ty| graph.name(*ty)));
                let types = if types.is_empty() { "no type".to_owned() } else { types };
                format!("\n- in subgraph \"{}\": {types}", graph.merged.name(*at))
            })
            .collect();
        let told = told.concat();
        let places = explain::places(resolver, found.ty, &found.field);
        if found.common.is_empty() {
            let message = format!(
                "For the following supergraph API query:\n{query}\nthe shared field \"{on}\" has no possible runtime type that its subgraphs have in common:{told}"
            );
            let help = format!(
                "let the subgraphs return the same types for \"{on}\", or give each a field of its own"
            );
            report.error(Code::ShareableHasMismatchedRuntimeTypes, message).at(places).help(help);
        } else {
            let common = and_list(found.common.iter().map(|ty| graph.name(*ty)));
            let message = format!(
                "For the following supergraph API query:\n{query}\nthe shared field \"{on}\" has different possible runtime types in its subgraphs, so they may only return {common}:{told}"
            );
            report.hint(Code::InconsistentRuntimeTypes, message).at(places);
        }
    }
}
