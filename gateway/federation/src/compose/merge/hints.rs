//! What differs between subgraphs and composes all the same, where somebody should know. What usually differs, such as
//! the values of an enum that is only read, isn't told.

mod executable;
mod value_types;

use std::fmt::Display;

use apollo_compiler::Node;
use apollo_compiler::parser::SourceSpan;
use indexmap::IndexMap;

use super::super::diagnostic::{Code, Diagnostic, Report};
use super::super::model::{Input, Kind, Marks, Subgraph};
use super::types::in_subgraphs;
use super::{Graph, Merged, MergedField, MergedInput, MergedType, places};

/// Adds the hints about everything that was merged.
pub(super) fn add(merged: &Merged<'_>, report: &mut Report) {
    let mut hints = Hints { subgraphs: merged.subgraphs, report };
    for on in merged.types.values() {
        hints.on_type(on);
        for field in on.fields.values().filter(|field| !field.inherited) {
            hints.field(on, field);
        }
        for input in on.inputs.values() {
            let parts: Vec<(Graph, &Input)> = on
                .parts
                .iter()
                .filter_map(|(graph, def)| Some((*graph, def.inputs.get(&input.name)?)))
                .collect();
            hints.input(&format_args!("{}.{}", on.name, input.name), input, &parts);
        }
        for value in on.values.values().filter(|value| value.graphs.len() > 1) {
            let parts =
                on.parts.iter().filter_map(|(graph, def)| Some((*graph, def.values.get(&value.name)?)));
            let parts: Vec<_> = parts.collect();
            let at = format!("{}.{}", on.name, value.name);
            hints.description(&at, parts.iter().map(|(graph, part)| (*graph, &part.description, part.span)));
            hints.marks(&at, parts.iter().map(|(graph, part)| (*graph, &part.marks, part.span)));
        }
    }
    hints.executable();
}

struct Hints<'m, 'r> {
    subgraphs: &'m [Subgraph],
    report: &'r mut Report,
}

/// A directive that can stand once: its name, whether several are merged, and what one says.
type Single<'f> = (&'static str, bool, &'f dyn Fn(&Marks) -> Option<String>);

/// What a subgraph says, and where.
type Said = (Graph, String, Option<SourceSpan>);

impl Hints<'_, '_> {
    fn on_type(&mut self, on: &MergedType<'_>) {
        if on.parts.len() < 2 {
            return;
        }
        self.description(&on.name, on.parts.iter().map(|(graph, def)| (*graph, &def.description, def.span)));
        self.marks(&on.name, on.parts.iter().map(|(graph, def)| (*graph, &def.marks, def.span)));
        let keyed = on.parts.iter().filter(|(_, def)| !def.keys.is_empty()).count();
        if on.kind == Kind::Object && keyed > 0 && keyed < on.parts.len() {
            let said = on.parts.iter().map(|(graph, def)| {
                let text = if def.keys.is_empty() { "no @key" } else { "a @key" };
                (*graph, text.to_owned(), def.span)
            });
            let what =
                format!("Type \"{}\" is declared as an entity in some but not all of its subgraphs", on.name);
            self.tell(Code::InconsistentEntity, &what, said.collect());
        }
        self.value_type(on);
    }

    fn field(&mut self, on: &MergedType<'_>, field: &MergedField<'_>) {
        if field.parts.len() < 2 {
            return;
        }
        let at = format!("{}.{}", on.name, field.name);
        self.description(&at, field.parts.iter().map(|(graph, part)| (*graph, &part.description, part.span)));
        self.marks(&at, field.parts.iter().map(|(graph, part)| (*graph, &part.marks, part.span)));
        let resolving: Vec<_> = field.parts.iter().filter(|(_, part)| !part.external).collect();
        if resolving.iter().any(|(_, part)| part.ty != field.ty) {
            let said = resolving.iter().map(|(graph, part)| (*graph, part.ty.to_string(), part.span));
            let what = format!(
                "Type of field \"{at}\" is inconsistent but compatible across subgraphs: will use type \"{}\" in supergraph",
                field.ty
            );
            self.tell(Code::InconsistentButCompatibleFieldType, &what, said.collect());
        }
        for argument in field.arguments.values() {
            let parts = resolving
                .iter()
                .filter_map(|(graph, part)| Some((*graph, part.arguments.get(&argument.name)?)));
            self.input(&format_args!("{at}({}:)", argument.name), argument, &parts.collect::<Vec<_>>());
        }
    }

    fn input(&mut self, at: &dyn Display, input: &MergedInput, parts: &[(Graph, &Input)]) {
        if parts.len() < 2 {
            return;
        }
        let at = &at.to_string();
        self.description(at, parts.iter().map(|(graph, part)| (*graph, &part.description, part.span)));
        self.marks(at, parts.iter().map(|(graph, part)| (*graph, &part.marks, part.span)));
        if parts.iter().any(|(_, part)| part.ty != input.ty) {
            let said = parts.iter().map(|(graph, part)| (*graph, part.ty.to_string(), part.span));
            let what = format!(
                "Type of \"{at}\" is inconsistent but compatible across subgraphs: will use type \"{}\" in supergraph",
                input.ty
            );
            self.tell(Code::InconsistentButCompatibleArgumentType, &what, said.collect());
        }
        let given = parts.iter().filter(|(_, part)| part.default.is_some()).count();
        if given > 0 && given < parts.len() {
            let said = parts.iter().map(|(graph, part)| {
                let text = part.default.as_ref().map(|value| value.serialize().no_indent().to_string());
                (*graph, text.unwrap_or_else(|| "no default value".to_owned()), part.span)
            });
            let what = format!(
                "\"{at}\" has a default value in only some subgraphs: will not use a default in the supergraph"
            );
            self.tell(Code::InconsistentDefaultValuePresence, &what, said.collect());
        }
    }

    fn description<'p>(
        &mut self,
        at: &str,
        parts: impl Iterator<Item = (Graph, &'p Option<Node<str>>, Option<SourceSpan>)>,
    ) {
        let given: Vec<_> =
            parts.filter_map(|(graph, text, span)| Some((graph, text.as_ref()?, span))).collect();
        if given.iter().all(|(_, text, _)| text.as_str() == given[0].1.as_str()) {
            return;
        }
        let said = given.iter().map(|(graph, text, span)| (*graph, format!("{:?}", text.as_str()), *span));
        let what = format!("\"{at}\" has inconsistent descriptions across subgraphs");
        self.tell(Code::InconsistentDescription, &what, said.collect());
    }

    /// Directives of which an element can have one, with different arguments.
    fn marks<'p>(&mut self, at: &str, parts: impl Iterator<Item = (Graph, &'p Marks, Option<SourceSpan>)>) {
        let parts: Vec<_> = parts.collect();
        let directive =
            |of: &Option<Node<apollo_compiler::ast::Directive>>| of.as_ref().map(|it| it.to_string());
        let of: [Single<'_>; 6] = [
            ("deprecated", false, &|marks| directive(&marks.deprecated)),
            ("specifiedBy", false, &|marks| directive(&marks.specified_by)),
            ("listSize", true, &|marks| directive(&marks.list_size)),
            ("cost", true, &|marks| marks.cost.map(|weight| weight.to_string())),
            ("requiresScopes", true, &|marks| marks.scopes.as_ref().map(|scopes| format!("{scopes:?}"))),
            ("policy", true, &|marks| marks.policies.as_ref().map(|policies| format!("{policies:?}"))),
        ];
        for (name, merged, text) in of {
            let said: Vec<Said> =
                parts.iter().filter_map(|(graph, marks, span)| Some((*graph, text(marks)?, *span))).collect();
            if said.iter().all(|(_, text, _)| *text == said[0].1) {
                continue;
            }
            let (code, outcome) = match merged {
                true => (Code::MergedNonRepeatableDirectiveArguments, "will be merged"),
                false => {
                    (Code::InconsistentNonRepeatableDirectiveArguments, "will be those of the first subgraph")
                }
            };
            let what = format!(
                "Arguments of @{name} on \"{at}\" differ across subgraphs and {outcome} in the supergraph"
            );
            self.tell(code, &what, said);
        }
    }

    fn tell(&mut self, code: Code, what: &str, said: Vec<Said>) -> &mut Diagnostic {
        let mut groups: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (graph, text, _) in &said {
            groups.entry(text).or_default().push(&self.subgraphs[*graph].name);
        }
        let told: Vec<String> =
            groups.iter().map(|(text, names)| format!("{text} in {}", in_subgraphs(names))).collect();
        let places = places(self.subgraphs, said.iter().map(|(graph, _, span)| (*graph, *span)));
        self.report.hint(code, format!("{what}: {}", told.join(", "))).at(places)
    }
}
