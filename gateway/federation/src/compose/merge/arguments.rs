//! Arguments: only those that every subgraph takes are kept.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

use super::super::diagnostic::Code;
use super::super::model::{Field, Input, is_narrower};
use super::types::in_subgraphs;
use super::{Graph, MergedInput, Merger, description, marks, places, values};

/// One input in several subgraphs.
pub(super) type Inputs<'a> = Vec<(Graph, &'a Input)>;

impl<'a> Merger<'a, '_> {
    /// The arguments of a field: `base` resolves it, `all` mention it.
    pub(super) fn arguments(
        &mut self,
        coordinate: &str,
        base: &[(Graph, &'a Field)],
        all: &[(Graph, &'a Field)],
    ) -> IndexMap<Name, MergedInput> {
        let mut by_name: IndexMap<Name, Inputs<'a>> = IndexMap::new();
        for (graph, field) in base {
            for (name, argument) in &field.arguments {
                by_name.entry(name.clone()).or_default().push((*graph, argument));
            }
        }
        let mut merged = IndexMap::new();
        for (name, parts) in by_name {
            let at = format!("{coordinate}({name}:)");
            if parts.iter().any(|(_, argument)| argument.from_context.is_some()) {
                self.contextual_argument(&at, &parts);
                continue;
            }
            let missing: Vec<&str> = base
                .iter()
                .filter(|(graph, _)| !parts.iter().any(|(at, _)| at == graph))
                .map(|(graph, _)| self.subgraphs[*graph].name.as_str())
                .collect();
            if missing.is_empty() {
                let argument = self.input(&at, name.clone(), &parts, Code::FieldArgumentTypeMismatch);
                self.external_argument(coordinate, &argument, all);
                merged.insert(name, argument);
            } else {
                self.missing_argument(&at, &parts, &missing);
            }
        }
        merged
    }

    /// An argument that the gateway sets isn't the client's, not even where only one subgraph has it set.
    fn contextual_argument(&mut self, at: &str, parts: &Inputs<'a>) {
        for (graph, argument) in parts.iter().filter(|(_, argument)| argument.from_context.is_none()) {
            let subgraph = &self.subgraphs[*graph];
            let place = subgraph.place(argument.span);
            if argument.ty.is_non_null() && argument.default.is_none() {
                let message = format!(
                    "Argument \"{at}\" is contextual in at least one subgraph but in \"{}\" it does not have @fromContext, is not nullable and has no default value.",
                    subgraph.name
                );
                let help =
                    "make the argument nullable, give it a default, or set it by @fromContext there, too";
                self.report.error(Code::ContextualArgumentNotContextual, message).at(place).help(help);
            } else {
                let message = format!(
                    "Contextual argument \"{at}\" will not be included in the supergraph since it is contextual in at least one subgraph"
                );
                self.report.hint(Code::ContextualArgumentNotContextual, message).at(place);
            }
        }
    }

    fn missing_argument(&mut self, at: &str, parts: &Inputs<'a>, missing: &[&str]) {
        let required: Vec<_> =
            parts.iter().filter(|(_, argument)| argument.ty.is_non_null()).copied().collect();
        let told = if required.is_empty() { parts } else { &required };
        let names: Vec<&str> = told.iter().map(|(graph, _)| self.subgraphs[*graph].name.as_str()).collect();
        let places = places(self.subgraphs, told.iter().map(|(graph, argument)| (*graph, argument.span)));
        if required.is_empty() {
            let message = format!(
                "Optional argument \"{at}\" will not be included in the supergraph as it does not appear in all subgraphs: it is defined in {} but not in {}",
                in_subgraphs(&names),
                in_subgraphs(missing)
            );
            self.report.hint(Code::InconsistentArgumentPresence, message).at(places);
        } else {
            let message = format!(
                "Argument \"{at}\" is required in some subgraphs but does not appear in all subgraphs: it is required in {} but does not appear in {}",
                in_subgraphs(&names),
                in_subgraphs(missing)
            );
            self.report
                .error(Code::RequiredArgumentMissing, message)
                .at(places)
                .help("make the argument optional, or add it to the other subgraphs");
        }
    }

    /// Where a field is only external, its arguments must still be those of the field.
    fn external_argument(&mut self, coordinate: &str, argument: &MergedInput, all: &[(Graph, &'a Field)]) {
        let name = &argument.name;
        for (graph, field) in all.iter().filter(|(_, field)| field.external) {
            let subgraph = &self.subgraphs[*graph];
            let (code, problem) = match field.arguments.get(name) {
                None => (Code::ExternalArgumentMissing, "is missing".to_owned()),
                Some(own) if !is_narrower(&argument.ty, &own.ty) => {
                    let problem = format!("has type \"{}\" instead of \"{}\"", own.ty, argument.ty);
                    (Code::ExternalArgumentTypeMismatch, problem)
                }
                Some(own) if !same_default(own.default.as_ref(), argument.default.as_ref()) => {
                    let text = |default: Option<&Node<Value>>| {
                        default.map_or("no default".to_owned(), |value| {
                            value.serialize().no_indent().to_string()
                        })
                    };
                    let (own, wanted) = (text(own.default.as_ref()), text(argument.default.as_ref()));
                    let problem = format!("has default value {own} instead of {wanted}");
                    (Code::ExternalArgumentDefaultMismatch, problem)
                }
                Some(_) => continue,
            };
            let message = format!(
                "Argument \"{coordinate}({name}:)\" {problem} in subgraph \"{}\", where \"{coordinate}\" is marked @external",
                subgraph.name
            );
            let help = format!("declare the argument as where \"{coordinate}\" is resolved");
            self.report.error(code, message).at(subgraph.place(field.span)).help(help);
        }
    }

    /// Merges an argument or an input field that stands in all of the given subgraphs.
    pub(super) fn input(&mut self, at: &str, name: Name, parts: &Inputs<'a>, code: Code) -> MergedInput {
        let ty = self.input_type(at, parts, code);
        let differs = parts.iter().any(|(_, part)| part.ty != ty);
        let types = if differs {
            parts.iter().map(|(graph, part)| (*graph, part.ty.clone())).collect()
        } else {
            Vec::new()
        };
        MergedInput {
            name,
            description: description(parts.iter().map(|(_, part)| &part.description)),
            ty,
            default: self.default(at, parts, code),
            marks: marks::merge(self.subgraphs, parts.iter().map(|(graph, part)| (*graph, &part.marks))),
            types,
        }
    }

    /// The type that every subgraph accepts: the narrowest.
    fn input_type(&mut self, at: &str, parts: &Inputs<'a>, code: Code) -> Type {
        let mut narrowest = &parts[0].1.ty;
        for (_, part) in parts {
            if !is_narrower(narrowest, &part.ty) && is_narrower(&part.ty, narrowest) {
                narrowest = &part.ty;
            }
        }
        if parts.iter().any(|(_, part)| !is_narrower(narrowest, &part.ty)) {
            let what = match code {
                Code::FieldArgumentTypeMismatch => format!("Type of argument \"{at}\""),
                _ => format!("Type of field \"{at}\""),
            };
            let uses = parts.iter().map(|(graph, part)| (*graph, part.ty.to_string(), part.span));
            self.mismatch(code, &what, "type", uses.collect());
        }
        narrowest.clone()
    }

    /// A default holds if every subgraph has it.
    fn default(&mut self, at: &str, parts: &Inputs<'a>, code: Code) -> Option<Node<Value>> {
        let given: Vec<_> =
            parts.iter().filter_map(|(graph, part)| Some((*graph, part, part.default.as_ref()?))).collect();
        let (_, _, first) = given.first()?;
        if given.iter().any(|(_, _, value)| !values::equal(first, value)) {
            let (code, what) = match code {
                Code::FieldArgumentTypeMismatch => {
                    (Code::FieldArgumentDefaultMismatch, format!("Argument \"{at}\""))
                }
                _ => (Code::InputFieldDefaultMismatch, format!("Input field \"{at}\"")),
            };
            let text = |value: &Node<Value>| value.serialize().no_indent().to_string();
            let uses = given.iter().map(|(graph, part, value)| (*graph, text(value), part.span));
            self.mismatch(code, &what, "default value", uses.collect());
        }
        (given.len() == parts.len()).then(|| (*first).clone())
    }
}

fn same_default(one: Option<&Node<Value>>, other: Option<&Node<Value>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => values::equal(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}
