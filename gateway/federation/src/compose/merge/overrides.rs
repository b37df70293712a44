//! `@override` between subgraphs.

use std::collections::HashMap;

use super::super::diagnostic::Code;
use super::super::model::{Field, Override, Subgraph};
use super::{Graph, Merger};

impl<'a> Merger<'a, '_> {
    /// Which subgraphs' definitions of a field another subgraph overrides, and by what.
    pub(super) fn overridden(
        &mut self,
        coordinate: &str,
        parts: &[(Graph, &'a Field)],
    ) -> HashMap<Graph, &'a Override> {
        let mut overridden = HashMap::new();
        for (graph, field) in parts {
            let Some(overrides) = &field.overrides else { continue };
            let subgraph = &self.subgraphs[*graph];
            let Some((source, source_field)) = self.source(coordinate, parts, subgraph, overrides) else {
                continue;
            };
            if source_field.overrides.is_some() && source != *graph {
                let message = format!(
                    "Field \"{coordinate}\" on subgraph \"{}\" is also marked with directive @override in subgraph \"{}\". Only one @override directive is allowed per field.",
                    subgraph.name, overrides.from
                );
                let source = &self.subgraphs[source];
                let places = [subgraph.place(overrides.span), source.place(source_field.span)];
                self.report.error(Code::OverrideSourceHasOverride, message).at(places.into_iter().flatten());
            }
            if overrides.label.is_some() && source_field.requires.is_some() {
                let message = format!(
                    "@override with label (progressive override) cannot be used on field \"{coordinate}\" on subgraph \"{}\" since \"{coordinate}\" on \"{}\" is marked with directive \"@requires\". Use non-progressive @override (without label) for this field.",
                    subgraph.name, overrides.from
                );
                self.report.error(Code::OverrideCollision, message).at(subgraph.place(overrides.span));
            }
            self.migration(coordinate, subgraph, source_field, overrides);
            overridden.insert(source, overrides);
        }
        overridden
    }

    /// The subgraph that a field is taken from, if it is there and has the field.
    fn source(
        &mut self,
        coordinate: &str,
        parts: &[(Graph, &'a Field)],
        subgraph: &Subgraph,
        overrides: &Override,
    ) -> Option<(Graph, &'a Field)> {
        let source = self.subgraphs.iter().position(|other| other.name == overrides.from);
        let found = source.and_then(|source| parts.iter().find(|(graph, _)| *graph == source));
        if let Some(&found) = found {
            return Some(found);
        }
        let (code, message) = match source {
            None => {
                let message = format!(
                    "Source subgraph \"{}\" for field \"{coordinate}\" on subgraph \"{}\" does not exist.",
                    overrides.from, subgraph.name
                );
                (Code::FromSubgraphDoesNotExist, message)
            }
            Some(_) => {
                let message = format!(
                    "Field \"{coordinate}\" on subgraph \"{}\" no longer exists in the from subgraph. The @override directive can be removed.",
                    subgraph.name
                );
                (Code::OverrideDirectiveCanBeRemoved, message)
            }
        };
        self.report.hint(code, message).at(subgraph.place(overrides.span));
        None
    }

    /// What is left to do once a field has moved.
    fn migration(&mut self, coordinate: &str, subgraph: &Subgraph, source: &Field, overrides: &Override) {
        let (code, message) = match (&overrides.label, source.external) {
            (_, true) => {
                let message = format!(
                    "Field \"{coordinate}\" on subgraph \"{}\" is not resolved anymore by the from subgraph (it is marked \"@external\" in \"{}\"). The @override directive can be removed.",
                    subgraph.name, overrides.from
                );
                (Code::OverrideDirectiveCanBeRemoved, message)
            }
            (Some(label), _) => {
                let message = format!(
                    "Field \"{coordinate}\" is currently being migrated to subgraph \"{}\" with progressive @override (label \"{label}\"). Once the migration is complete, remove the field from subgraph \"{}\".",
                    subgraph.name, overrides.from
                );
                (Code::OverrideMigrationInProgress, message)
            }
            (None, _) => {
                let message = format!(
                    "Field \"{coordinate}\" on subgraph \"{}\" is overridden. Consider removing it.",
                    overrides.from
                );
                (Code::OverriddenFieldCanBeRemoved, message)
            }
        };
        self.report.hint(code, message).at(subgraph.place(overrides.span));
    }
}
