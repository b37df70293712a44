//! Enums: all values where they are only read, the common ones where they are only written.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use super::super::diagnostic::Code;
use super::super::model::{EnumValue, Kind};
use super::types::in_subgraphs;
use super::{Graph, MergedType, MergedValue, Merger, description, marks, places};

/// An example of where an enum is used, for each direction.
#[derive(Default, Clone)]
struct Usage {
    input: Option<String>,
    output: Option<String>,
}

impl<'a> Merger<'a, '_> {
    /// Fills in the values of every enum.
    pub(super) fn enums(&mut self, types: &mut IndexMap<Name, MergedType<'a>>) {
        let usages = self.usages();
        for merged in types.values_mut().filter(|merged| merged.kind == Kind::Enum) {
            let usage = usages.get(&merged.name).cloned().unwrap_or_default();
            merged.values = self.values(merged, &usage);
            if merged.values.is_empty() {
                let message = format!(
                    "None of the values of enum type \"{}\" are defined consistently in all the subgraphs defining that type. As only values common to all subgraphs are merged, this would result in an empty type.",
                    merged.name
                );
                let spans = merged.parts.iter().map(|(graph, def)| (*graph, def.span));
                let places = places(self.subgraphs, spans);
                self.report.error(Code::EmptyMergedEnumType, message).at(places);
            }
        }
    }

    fn values(&mut self, merged: &MergedType<'a>, usage: &Usage) -> IndexMap<Name, MergedValue> {
        let mut by_name: IndexMap<Name, Vec<(Graph, &'a EnumValue)>> = IndexMap::new();
        for (graph, def) in &merged.parts {
            for (name, value) in &def.values {
                by_name.entry(name.clone()).or_default().push((*graph, value));
            }
        }
        let mut values = IndexMap::new();
        for (name, parts) in by_name {
            if parts.len() < merged.parts.len()
                && usage.input.is_some()
                && !self.keep(merged, usage, &name, &parts)
            {
                continue;
            }
            let value = MergedValue {
                name: name.clone(),
                description: description(parts.iter().map(|(_, value)| &value.description)),
                marks: marks::merge(
                    self.subgraphs,
                    parts.iter().map(|(graph, value)| (*graph, &value.marks)),
                ),
                graphs: parts.iter().map(|(graph, _)| *graph).collect(),
            };
            values.insert(name, value);
        }
        values
    }

    /// Whether a value stays that some subgraphs don't know, in an enum that clients send.
    fn keep(
        &mut self,
        merged: &MergedType<'a>,
        usage: &Usage,
        name: &Name,
        parts: &[(Graph, &'a EnumValue)],
    ) -> bool {
        let names = |graphs: Vec<Graph>| {
            let names: Vec<&str> = graphs.iter().map(|graph| self.subgraphs[*graph].name.as_str()).collect();
            in_subgraphs(&names)
        };
        let known = names(parts.iter().map(|(graph, _)| *graph).collect());
        let unknown = merged.parts.iter().map(|(graph, _)| *graph);
        let unknown = names(unknown.filter(|graph| !parts.iter().any(|(at, _)| at == graph)).collect());
        let places = places(self.subgraphs, parts.iter().map(|(graph, value)| (*graph, value.span)));
        match (&usage.input, &usage.output) {
            (Some(_), None) => {
                let message = format!(
                    "Value \"{name}\" of enum type \"{}\" will not be part of the supergraph as it is not defined in all the subgraphs defining \"{}\": \"{name}\" is defined in {known} but not in {unknown}",
                    merged.name, merged.name
                );
                self.report.hint(Code::InconsistentEnumValueForInput, message).at(places);
                false
            }
            (Some(input), Some(output)) if !parts.iter().any(|(_, value)| value.marks.inaccessible) => {
                let message = format!(
                    "Enum type \"{}\" is used as both input type (for example, as type of \"{input}\") and output type (for example, as type of \"{output}\"), but value \"{name}\" is not defined in all the subgraphs defining \"{}\": \"{name}\" is defined in {known} but not in {unknown}",
                    merged.name, merged.name
                );
                self.report.error(Code::EnumValueMismatch, message).at(places).help(format!(
                    "add \"{name}\" to the other subgraphs, @inaccessible while they don't have it yet"
                ));
                true
            }
            _ => true,
        }
    }

    fn usages(&self) -> HashMap<Name, Usage> {
        let mut usages = Usages::default();
        let types = || self.subgraphs.iter().flat_map(|subgraph| subgraph.types.values());
        let enums = types().filter(|def| def.kind == Kind::Enum);
        usages.of = enums.map(|def| (def.name.clone(), Usage::default())).collect();
        for def in types() {
            for field in def.fields.values() {
                for argument in field.arguments.values() {
                    let at = || format!("{}.{}({}:)", def.name, field.name, argument.name);
                    usages.add(&argument.ty, |usage| &mut usage.input, at);
                }
                usages.add(&field.ty, |usage| &mut usage.output, || format!("{}.{}", def.name, field.name));
            }
            for field in def.inputs.values() {
                usages.add(&field.ty, |usage| &mut usage.input, || format!("{}.{}", def.name, field.name));
            }
        }
        usages.of
    }
}

/// How each enum is used.
#[derive(Default)]
struct Usages {
    of: HashMap<Name, Usage>,
}

impl Usages {
    /// Notes a use, unless one is known in that direction or the type isn't an enum. Most types aren't: `at` is
    /// only written where it is kept.
    fn add(&mut self, ty: &Type, way: fn(&mut Usage) -> &mut Option<String>, at: impl FnOnce() -> String) {
        if let Some(usage) = self.of.get_mut(ty.inner_named_type()) {
            way(usage).get_or_insert_with(at);
        }
    }
}
