//! Directives for queries: they only survive as far as every subgraph has them.

use apollo_compiler::ast::DirectiveDefinition;
use indexmap::IndexMap;

use super::super::super::diagnostic::Code;
use super::super::{Graph, is_executable};
use super::{Hints, Said};

type Parts<'p> = Vec<(Graph, &'p DirectiveDefinition)>;

impl Hints<'_, '_> {
    pub(super) fn executable(&mut self) {
        let mut by_name: IndexMap<&str, Parts<'_>> = IndexMap::new();
        for (graph, subgraph) in self.subgraphs.iter().enumerate() {
            for (name, definition) in &subgraph.directives {
                if definition.locations.iter().any(|location| is_executable(*location)) {
                    by_name.entry(name.as_str()).or_default().push((graph, definition));
                }
            }
        }
        for (name, parts) in by_name {
            if parts.len() == self.subgraphs.len() {
                self.locations(name, &parts);
                self.repeatable(name, &parts);
                continue;
            }
            let what = format!(
                "Executable directive \"@{name}\" will not be part of the supergraph, as some subgraphs don't define it"
            );
            let definitions = said(&parts, |_| "a definition".to_owned());
            self.tell(Code::InconsistentExecutableDirectivePresence, &what, definitions);
        }
    }

    fn locations(&mut self, name: &str, parts: &Parts<'_>) {
        let locations = said(parts, |part| {
            let executable = part.locations.iter().filter(|location| is_executable(**location));
            let mut names: Vec<&str> = executable.map(|location| location.name()).collect();
            names.sort_unstable();
            names.join(" | ")
        });
        let first = &locations[0].1;
        if locations.iter().all(|(_, text, _)| text == first) {
            return;
        }
        let everywhere =
            |one: &&str| locations.iter().all(|(_, all, _)| all.split(" | ").any(|other| other == *one));
        let code = match first.split(" | ").any(|one| everywhere(&one)) {
            true => Code::InconsistentExecutableDirectiveLocations,
            false => Code::NoExecutableDirectiveIntersection,
        };
        let what = format!(
            "Executable directive \"@{name}\" has different locations across subgraphs: the supergraph will use those that all have"
        );
        self.tell(code, &what, locations);
    }

    fn repeatable(&mut self, name: &str, parts: &Parts<'_>) {
        if parts.iter().all(|(_, part)| part.repeatable == parts[0].1.repeatable) {
            return;
        }
        let what = format!("Executable directive \"@{name}\" will not be repeatable in the supergraph");
        let text = |part: &DirectiveDefinition| if part.repeatable { "repeatable" } else { "not repeatable" };
        let repeatable = said(parts, |part| text(part).to_owned());
        self.tell(Code::InconsistentExecutableDirectiveRepeatable, &what, repeatable);
    }
}

fn said(parts: &Parts<'_>, text: impl Fn(&DirectiveDefinition) -> String) -> Vec<Said> {
    parts.iter().map(|(graph, part)| (*graph, text(part), part.name.location())).collect()
}
