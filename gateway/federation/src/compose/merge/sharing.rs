//! A field that several subgraphs resolve must be shareable in each of them.

use super::super::diagnostic::{Code, Report, and_list};
use super::super::model::{Field, Kind};
use super::types::in_subgraphs;
use super::{Graph, Merged, MergedField, MergedType, places};

/// A subgraph that resolves a field.
struct Resolver<'m> {
    graph: Graph,
    field: &'m Field,
    /// Resolved through this interface object.
    through: Option<&'m str>,
}

pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    for on in merged.types.values() {
        for field in on.fields.values() {
            let mut resolvers = resolvers(field);
            if on.kind == Kind::Object {
                if resolvers.iter().any(|resolver| !shareable(resolver.field)) {
                    resolvers.extend(through_interface_objects(merged, on, field));
                }
            } else {
                resolvers.retain(|resolver| on.part(resolver.graph).is_some_and(|def| def.interface_object));
            }
            check(merged, on, field, &resolvers, report);
        }
    }
}

fn resolvers<'m>(field: &MergedField<'m>) -> Vec<Resolver<'m>> {
    let effective = field.joins.iter().filter(|join| !join.external && !join.used_overridden);
    // A label moves traffic from one subgraph to the other: they never resolve the field at the same time.
    let effective = effective.filter(|join| join.label.is_none() || join.overrides.is_some());
    effective
        .filter_map(|join| {
            let (_, part) = field.parts.iter().find(|(graph, _)| *graph == join.graph)?;
            Some(Resolver { graph: join.graph, field: part, through: None })
        })
        .collect()
}

fn through_interface_objects<'m>(
    merged: &'m Merged<'m>,
    on: &MergedType<'m>,
    field: &MergedField<'m>,
) -> Vec<Resolver<'m>> {
    let mut found = Vec::new();
    for interface in on.implements.iter().filter_map(|name| merged.types.get(name)) {
        for (graph, def) in interface.parts.iter().filter(|(_, def)| def.interface_object) {
            let Some(field) = def.fields.get(&field.name) else { continue };
            if !field.external && !field.used.key {
                found.push(Resolver { graph: *graph, field, through: Some(&interface.name) });
            }
        }
    }
    found
}

fn shareable(field: &Field) -> bool {
    field.shareable || field.used.key
}

fn check(
    merged: &Merged<'_>,
    on: &MergedType<'_>,
    field: &MergedField<'_>,
    resolvers: &[Resolver<'_>],
    report: &mut Report,
) {
    if resolvers.len() < 2 {
        return;
    }
    let places =
        || places(merged.subgraphs, resolvers.iter().map(|resolver| (resolver.graph, resolver.field.span)));
    if on.name == "Subscription" {
        let message = "Fields on root level subscription object cannot be marked as shareable";
        report.error(Code::InvalidFieldSharing, message).at(places());
        return;
    }
    let refusing: Vec<&str> = resolvers
        .iter()
        .filter(|resolver| !shareable(resolver.field))
        .map(|resolver| merged.name(resolver.graph))
        .collect();
    if refusing.is_empty() {
        return;
    }
    let coordinate = format!("{}.{}", on.name, field.name);
    let all: Vec<String> = resolvers.iter().map(|resolver| describe(merged, &field.name, resolver)).collect();
    let refused =
        if refusing.len() == resolvers.len() { "all of them".to_owned() } else { in_subgraphs(&refusing) };
    let (last, first) = all.split_last().expect("there are at least two");
    let message = format!(
        "Non-shareable field \"{coordinate}\" is resolved from multiple subgraphs: it is resolved from subgraphs {} and {last} and defined as non-shareable in {refused}",
        first.join(", ")
    );
    report.error(Code::InvalidFieldSharing, message).at(places()).help(format!(
        "mark it @shareable in {} if all resolve it alike, or @external where it is only referred to",
        and_list(&refusing)
    ));
}

fn describe(merged: &Merged<'_>, field: &str, resolver: &Resolver<'_>) -> String {
    let name = merged.name(resolver.graph);
    match resolver.through {
        Some(interface) => format!("\"{name}\" (through @interfaceObject field \"{interface}.{field}\")"),
        None => format!("\"{name}\""),
    }
}
