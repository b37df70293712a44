//! Input types: only the fields that every subgraph knows are kept.

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::super::diagnostic::Code;
use super::super::model::Kind;
use super::arguments::Inputs;
use super::types::in_subgraphs;
use super::{MergedInput, MergedType, Merger, places};

impl<'a> Merger<'a, '_> {
    /// Fills in the fields of every input type.
    pub(super) fn inputs(&mut self, types: &mut IndexMap<Name, MergedType<'a>>) {
        for merged in types.values_mut().filter(|merged| merged.kind == Kind::Input) {
            merged.inputs = self.input_fields(merged);
            if merged.inputs.is_empty() {
                let message = format!(
                    "None of the fields of input object type \"{}\" are consistently defined in all the subgraphs defining that type. As only fields common to all subgraphs are merged, this would result in an empty type.",
                    merged.name
                );
                let spans = merged.parts.iter().map(|(graph, def)| (*graph, def.span));
                let places = places(self.subgraphs, spans);
                self.report.error(Code::EmptyMergedInputType, message).at(places);
            }
        }
    }

    fn input_fields(&mut self, merged: &MergedType<'a>) -> IndexMap<Name, MergedInput> {
        let mut by_name: IndexMap<Name, Inputs<'a>> = IndexMap::new();
        for (graph, def) in &merged.parts {
            for (name, field) in &def.inputs {
                by_name.entry(name.clone()).or_default().push((*graph, field));
            }
        }
        let mut fields = IndexMap::new();
        for (name, parts) in by_name {
            let at = format!("{}.{name}", merged.name);
            // Those who have the field must agree on it, even where it is left out because others lack it.
            let mut field = self.input(&at, name.clone(), &parts, Code::FieldTypeMismatch);
            if parts.len() == merged.parts.len() {
                fields.insert(name, field);
            } else if field.marks.common.inaccessible {
                // Nobody sees it, so it needn't be everywhere; but then it must be said where it is.
                field.types = parts.iter().map(|(graph, part)| (*graph, part.ty.clone())).collect();
                fields.insert(name, field);
            } else {
                self.missing_input(&at, merged, &parts);
            }
        }
        fields
    }

    fn missing_input(&mut self, at: &str, merged: &MergedType<'a>, parts: &Inputs<'a>) {
        let name = |graph: usize| self.subgraphs[graph].name.as_str();
        let missing: Vec<&str> = merged
            .parts
            .iter()
            .filter(|(graph, _)| !parts.iter().any(|(at, _)| at == graph))
            .map(|(graph, _)| name(*graph))
            .collect();
        let required: Vec<_> = parts.iter().filter(|(_, field)| field.ty.is_non_null()).copied().collect();
        let told = if required.is_empty() { parts } else { &required };
        let names: Vec<&str> = told.iter().map(|(graph, _)| name(*graph)).collect();
        let places = places(self.subgraphs, told.iter().map(|(graph, field)| (*graph, field.span)));
        if required.is_empty() {
            let message = format!(
                "Input object field \"{at}\" will not be added to \"{}\" in the supergraph as it does not appear in all subgraphs: it is defined in {} but not in {}",
                merged.name,
                in_subgraphs(&names),
                in_subgraphs(&missing)
            );
            self.report.hint(Code::InconsistentInputObjectField, message).at(places);
        } else {
            let message = format!(
                "Input object field \"{at}\" is required in some subgraphs but does not appear in all subgraphs: it is required in {} but does not appear in {}",
                in_subgraphs(&names),
                in_subgraphs(&missing)
            );
            self.report.error(Code::RequiredInputFieldMissing, message).at(places);
        }
    }
}
