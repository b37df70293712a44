//! Rules about directives that several subgraphs define or compose.

use indexmap::IndexMap;

use super::super::diagnostic::{Code, Place, Report, and_list};
use super::super::model::Subgraph;
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
    executable(subgraphs, report);
    imports(subgraphs, report);
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
