//! Rules about directives that several subgraphs define or compose.

use std::collections::BTreeSet;

use apollo_compiler::ast::DirectiveDefinition;
use indexmap::IndexMap;

use super::super::diagnostic::{Code, Place, Report, and_list};
use super::super::model::Subgraph;
use super::super::spec::Known;
use super::types::in_subgraphs;

/// What a composed directive is, and where.
struct Composed<'a> {
    subgraph: &'a Subgraph,
    identity: &'a str,
    element: &'a str,
    local: &'a str,
    major: &'a str,
    place: Option<Place>,
}

pub(super) fn validate(subgraphs: &[Subgraph], report: &mut Report) {
    let composed = composed(subgraphs);
    let by = |key: fn(&Composed<'_>) -> String, value: fn(&Composed<'_>) -> String| {
        let mut groups: IndexMap<String, IndexMap<String, Vec<&Composed<'_>>>> = IndexMap::new();
        for one in &composed {
            groups.entry(key(one)).or_default().entry(value(one)).or_default().push(one);
        }
        groups.retain(|_, values| values.len() > 1);
        groups
    };
    for (directive, names) in
        by(|one| format!("{} {}", one.identity, one.element), |one| one.local.to_owned())
    {
        let element = directive.rsplit(' ').next().unwrap_or_default();
        let told: Vec<String> =
            names.iter().map(|(name, uses)| format!("name \"@{name}\" in {}", graphs(uses))).collect();
        let message = format!(
            "Composed directive \"@{element}\" has incompatible name across subgraphs: it has {}. Composed directive must have the same name across all subgraphs.",
            told.join(" but ")
        );
        report.error(Code::DirectiveCompositionError, message).at(all_places(&names));
    }
    for (name, identities) in by(|one| one.local.to_owned(), |one| one.identity.to_owned()) {
        let message = format!(
            "Composed directive \"@{name}\" is not linked by the same core feature in every subgraph"
        );
        report.error(Code::DirectiveCompositionError, message).at(all_places(&identities));
    }
    for (identity, versions) in by(|one| one.identity.to_owned(), |one| one.major.to_owned()) {
        let message = format!(
            "Core feature \"{identity}\" requested to be merged has major version mismatch across subgraphs"
        );
        report.error(Code::DirectiveCompositionError, message).at(all_places(&versions));
    }
    taken(subgraphs, report);
    executable(subgraphs, report);
    imports(subgraphs, report);
}

/// The supergraph has federation's directives under their own names, so nothing else can have those there.
fn taken(subgraphs: &[Subgraph], report: &mut Report) {
    let carried: BTreeSet<Known> =
        subgraphs.iter().flat_map(|subgraph| &subgraph.carried_over).copied().collect();
    for known in carried {
        let name = known.name();
        let defining: Vec<_> = subgraphs
            .iter()
            .filter_map(|subgraph| Some((subgraph, subgraph.directives.get(name)?)))
            .collect();
        let composed = defining.iter().any(|(subgraph, _)| subgraph.links.is_composed(name));
        let everywhere = defining.len() == subgraphs.len() && {
            let executable = |definition: &DirectiveDefinition| {
                definition.locations.iter().any(|location| super::is_executable(*location))
            };
            defining.iter().all(|(_, definition)| executable(definition))
        };
        if !composed && !everywhere {
            continue;
        }
        let uses = subgraphs.iter().filter(|subgraph| subgraph.carried_over.contains(&known));
        let uses: Vec<&str> = uses.map(|subgraph| subgraph.name.as_str()).collect();
        let defined: Vec<&str> = defining.iter().map(|(subgraph, _)| subgraph.name.as_str()).collect();
        let message = format!(
            "Directive \"@{name}\" as {} defines it cannot be part of the supergraph, where that is the name of federation's directive, used in {}",
            in_subgraphs(&defined),
            in_subgraphs(&uses)
        );
        let places =
            defining.iter().filter_map(|(subgraph, definition)| subgraph.place(definition.name.location()));
        report
            .error(Code::DirectiveCompositionError, message)
            .at(places)
            .help(format!("give the directive that isn't federation's another name than \"@{name}\""));
    }
}

fn composed(subgraphs: &[Subgraph]) -> Vec<Composed<'_>> {
    let mut all = Vec::new();
    for subgraph in subgraphs {
        for (local, span) in &subgraph.links.composed {
            let Some(link) = subgraph.links.foreign.iter().find(|link| link.owns(local)) else { continue };
            let major =
                link.version.as_deref().and_then(|version| version.split('.').next()).unwrap_or_default();
            let element = link.element_of(local).unwrap_or(local);
            let place = subgraph.place(*span);
            all.push(Composed { subgraph, identity: &link.identity, element, local, major, place });
        }
    }
    all
}

fn graphs(uses: &[&Composed<'_>]) -> String {
    let names: Vec<&str> = uses.iter().map(|one| one.subgraph.name.as_str()).collect();
    in_subgraphs(&names)
}

fn all_places(groups: &IndexMap<String, Vec<&Composed<'_>>>) -> Vec<Place> {
    groups.values().flatten().filter_map(|one| one.place.clone()).collect()
}

/// Directives for queries survive when every subgraph has them; then their arguments must agree.
fn executable(subgraphs: &[Subgraph], report: &mut Report) {
    let Some((first, others)) = subgraphs.split_first() else { return };
    for (name, definition) in &first.directives {
        let is_executable = definition.locations.iter().any(|location| super::is_executable(*location));
        let everywhere = others.iter().all(|subgraph| subgraph.directives.contains_key(name));
        if !is_executable || !everywhere {
            continue;
        }
        for argument in &definition.arguments {
            let mut types: IndexMap<String, Vec<&str>> = IndexMap::new();
            for subgraph in subgraphs {
                if let Some(given) = subgraph.directives[name].argument_by_name(&argument.name) {
                    types.entry(given.ty.to_string()).or_default().push(&subgraph.name);
                }
            }
            if types.len() > 1 {
                let told: Vec<String> = types
                    .iter()
                    .map(|(ty, names)| format!("type \"{ty}\" in {}", in_subgraphs(names)))
                    .collect();
                let message = format!(
                    "Type of argument \"@{name}({}:)\" is incompatible across subgraphs: it has {}",
                    argument.name,
                    told.join(" but ")
                );
                let places = subgraphs
                    .iter()
                    .filter_map(|subgraph| subgraph.place(subgraph.directives[name].location()));
                report.error(Code::FieldArgumentTypeMismatch, message).at(places);
            }
        }
    }
}

/// Gateways look these directives up by one name.
fn imports(subgraphs: &[Subgraph], report: &mut Report) {
    for element in ["@cost", "@listSize"] {
        let mut names: IndexMap<&str, Vec<&Subgraph>> = IndexMap::new();
        for subgraph in subgraphs {
            for import in subgraph.links.imports.iter().filter(|import| import.element == element) {
                names.entry(&import.local).or_default().push(subgraph);
            }
        }
        if names.len() > 1 {
            let told: Vec<String> = names
                .iter()
                .map(|(name, graphs)| {
                    format!("\"{name}\" in {}", and_list(graphs.iter().map(|graph| &graph.name)))
                })
                .collect();
            let message = format!(
                "The \"{element}\" directive (from the federation specification) is imported with mismatched name between subgraphs: it is imported as {}",
                told.join(" but ")
            );
            let places = names
                .values()
                .flatten()
                .filter_map(|subgraph| subgraph.place(subgraph.links.federation_span));
            report.error(Code::LinkImportNameMismatch, message).at(places);
        }
    }
}
