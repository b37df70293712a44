//! Which types there are, of which kind, and what doesn't need their contents.

use apollo_compiler::Name;
use indexmap::{IndexMap, IndexSet};

use super::super::diagnostic::{Code, and_list};
use super::super::model::{Kind, ROOTS, TypeDef};
use super::{Graph, MergedType, Merger, context_name, description, marks, places};

impl<'a> Merger<'a, '_> {
    /// Every type that is of one kind, with its parts, but without fields yet.
    pub(super) fn types(&mut self) -> IndexMap<Name, MergedType<'a>> {
        let mut by_name: IndexMap<Name, Vec<(Graph, &'a TypeDef)>> = IndexMap::new();
        for (graph, subgraph) in self.subgraphs.iter().enumerate() {
            for (name, def) in &subgraph.types {
                by_name.entry(name.clone()).or_default().push((graph, def));
            }
        }
        let mut types = IndexMap::new();
        for (name, parts) in by_name {
            if self.same_kind(&name, &parts) {
                self.has_base(&name, &parts);
                self.without_implementations(&name, &parts);
                types.insert(name.clone(), self.shell(name, parts));
            }
        }
        types
    }

    fn shell(&self, name: Name, parts: Vec<(Graph, &'a TypeDef)>) -> MergedType<'a> {
        let mut members: IndexMap<Name, Vec<Graph>> = IndexMap::new();
        let mut implements = IndexSet::new();
        let mut contexts = Vec::new();
        for (graph, def) in &parts {
            let subgraph = &self.subgraphs[*graph];
            contexts.extend(def.contexts.keys().map(|context| context_name(subgraph, context)));
            implements.extend(def.implements.iter().cloned());
            for member in &def.members {
                members.entry(member.clone()).or_default().push(*graph);
            }
        }
        MergedType {
            name,
            kind: parts[0].1.public_kind(),
            description: description(parts.iter().map(|(_, def)| &def.description)),
            marks: marks::merge(self.subgraphs, parts.iter().map(|(graph, def)| (*graph, &def.marks))),
            parts,
            implements,
            contexts,
            fields: IndexMap::new(),
            members,
            values: IndexMap::new(),
            inputs: IndexMap::new(),
        }
    }

    fn same_kind(&mut self, name: &Name, parts: &[(Graph, &TypeDef)]) -> bool {
        let mut kinds: IndexMap<Kind, Vec<&str>> = IndexMap::new();
        for (graph, def) in parts {
            kinds.entry(def.public_kind()).or_default().push(&self.subgraphs[*graph].name);
        }
        let mut groups =
            kinds.iter().map(|(kind, names)| format!("{} Type in {}", kind.name(), in_subgraphs(names)));
        let first = groups.next().unwrap_or_default();
        let rest: Vec<String> = groups.collect();
        if !rest.is_empty() {
            let message = format!(
                "Type \"{name}\" has mismatched kind: it is defined as {first} but {}",
                rest.join(" and ")
            );
            let places = places(self.subgraphs, parts.iter().map(|(graph, def)| (*graph, def.span)));
            self.report.error(Code::TypeKindMismatch, message).at(places);
        }
        if parts.iter().all(|(_, def)| def.interface_object) {
            let message = format!(
                "Type \"{name}\" is declared with @interfaceObject in all the subgraphs in which is is defined"
            );
            let places = places(self.subgraphs, parts.iter().map(|(graph, def)| (*graph, def.span)));
            self.report
                .error(Code::InterfaceObjectUsageError, message)
                .at(places)
                .help(format!("define \"interface {name}\" and its implementations in one subgraph"));
        }
        rest.is_empty()
    }

    /// Where a subgraph has an interface object, it answers for all of the interface's objects by that name, and
    /// none of them can have a name of its own there.
    fn without_implementations(&mut self, name: &Name, parts: &[(Graph, &TypeDef)]) {
        for (graph, interface) in parts.iter().filter(|(_, def)| def.interface_object) {
            let subgraph = &self.subgraphs[*graph];
            let implements = |def: &TypeDef| {
                let mut anywhere = self.subgraphs.iter().filter_map(|other| other.types.get(&def.name));
                anywhere.any(|def| def.kind == Kind::Object && def.implements.contains(name))
            };
            let beside: Vec<&TypeDef> = subgraph.types.values().filter(|def| implements(def)).collect();
            if beside.is_empty() {
                continue;
            }
            let message = format!(
                "Interface type \"{name}\" is defined as an @interfaceObject in subgraph \"{}\" so that subgraph should not define any of the implementation types of that interface, but it defines {}",
                subgraph.name,
                and_list(beside.iter().map(|def| &def.name)),
            );
            let spans = [interface.span].into_iter().chain(beside.iter().map(|def| def.span));
            let places = places(self.subgraphs, spans.map(|span| (*graph, span)));
            self.report.error(Code::InterfaceObjectUsageError, message).at(places).help(format!(
                "put what \"{}\" says of them on \"{name}\", or on the type in a subgraph without the @interfaceObject",
                subgraph.name
            ));
        }
    }

    fn has_base(&mut self, name: &Name, parts: &[(Graph, &TypeDef)]) {
        if ROOTS.contains(&name.as_str()) || parts.iter().any(|(_, def)| def.defined) {
            return;
        }
        // Subgraphs of federation 1 may all say `@extends`, each of a type that they share by its key.
        let shared =
            |(graph, def): &(Graph, &TypeDef)| self.subgraphs[*graph].is_v1() && def.extends_directive;
        if parts.len() > 1 && parts.iter().all(shared) {
            return;
        }
        for (graph, def) in parts {
            let subgraph = &self.subgraphs[*graph];
            let message = format!(
                "[{}] Type \"{name}\" is an extension type, but there is no type definition for \"{name}\" in any subgraph.",
                subgraph.name
            );
            self.report.error(Code::ExtensionWithNoBase, message).at(subgraph.place(def.span));
        }
    }
}

/// `subgraph "a"`, `subgraphs "a" and "b"`.
pub(super) fn in_subgraphs(names: &[&str]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("subgraph{plural} {}", and_list(names))
}
