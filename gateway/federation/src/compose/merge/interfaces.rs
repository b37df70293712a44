//! Interfaces and their implementations after merging.

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::super::diagnostic::{Code, Report, and_list};
use super::super::model::{Kind, Version};
use super::marks::Demands;
use super::types::in_subgraphs;
use super::{Merged, MergedField, MergedInput, MergedMarks, MergedType, places};

/// Gives implementations the fields that only an interface object has.
pub(super) fn inherit(merged: &mut Merged<'_>) {
    let mut inherited = Vec::new();
    for on in merged.types.values().filter(|on| on.kind == Kind::Object) {
        for interface in on.implements.iter().filter_map(|name| merged.types.get(name)) {
            if !interface.has_interface_object() {
                continue;
            }
            for field in interface.fields.values().filter(|field| !on.fields.contains_key(&field.name)) {
                let supplied = field.joins.iter().any(|join| {
                    !join.external && interface.part(join.graph).is_some_and(|def| def.interface_object)
                });
                if supplied {
                    inherited.push((on.name.clone(), copy(field)));
                }
            }
        }
    }
    for (on, field) in inherited {
        if let Some(on) = merged.types.get_mut(&on) {
            on.fields.entry(field.name.clone()).or_insert(field);
        }
    }
}

fn copy<'a>(field: &MergedField<'a>) -> MergedField<'a> {
    let marks = |marks: &MergedMarks| MergedMarks { common: marks.common.clone(), joined: Vec::new() };
    let arguments = field.arguments.iter().map(|(name, argument)| {
        let copied = MergedInput {
            name: name.clone(),
            description: argument.description.clone(),
            ty: argument.ty.clone(),
            default: argument.default.clone(),
            marks: marks(&argument.marks),
            types: Vec::new(),
        };
        (name.clone(), copied)
    });
    MergedField {
        name: field.name.clone(),
        description: field.description.clone(),
        ty: field.ty.clone(),
        marks: marks(&field.marks),
        arguments: arguments.collect::<IndexMap<Name, MergedInput>>(),
        parts: Vec::new(),
        joins: Vec::new(),
        inherited: true,
    }
}

/// Whoever asks an interface may get any of its implementations, so it demands what all of them demand.
///
/// The other way round, what an interface object's field demands holds for the implementations that it supplies.
pub(super) fn authorise(merged: &mut Merged<'_>) {
    authorise_objects(merged);
    let interfaces: Vec<Name> =
        merged.types.values().filter(|on| on.kind == Kind::Interface).map(|on| on.name.clone()).collect();
    for name in interfaces {
        let mut on_type = Demands::default();
        let mut on_fields: IndexMap<Name, Demands> = IndexMap::new();
        for implementation in merged.possible(&name).into_iter().filter_map(|name| merged.types.get(name)) {
            on_type.add(&implementation.marks.common);
            for field in implementation.fields.values().filter(|field| !field.inherited) {
                on_fields.entry(field.name.clone()).or_default().add(&field.marks.common);
            }
        }
        let Some(interface) = merged.types.get_mut(&name) else { continue };
        on_type.put(&mut interface.marks.common);
        for (field, demands) in on_fields {
            if let Some(field) = interface.fields.get_mut(&field) {
                demands.put(&mut field.marks.common);
            }
        }
    }
}

/// An interface object resolves its field for every implementation, those that have a field of their own included.
fn authorise_objects(merged: &mut Merged<'_>) {
    let mut demands: Vec<(Name, Name, Demands)> = Vec::new();
    for interface in merged.types.values().filter(|on| on.has_interface_object()) {
        for (_, def) in interface.parts.iter().filter(|(_, def)| def.interface_object) {
            for field in def.fields.values().filter(|field| field.marks.demands_something()) {
                for object in merged.possible(&interface.name) {
                    let mut wanted = Demands::default();
                    wanted.add(&field.marks);
                    demands.push((object.clone(), field.name.clone(), wanted));
                }
            }
        }
    }
    for (object, field, wanted) in demands {
        let field = merged.types.get_mut(&object).and_then(|on| on.fields.get_mut(&field));
        if let Some(field) = field {
            wanted.put(&mut field.marks.common);
        }
    }
}

pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    for on in merged.types.values().filter(|on| matches!(on.kind, Kind::Object | Kind::Interface)) {
        for interface in on.implements.iter().filter_map(|name| merged.types.get(name)) {
            implementation(merged, on, interface, report);
        }
        if on.kind == Kind::Interface {
            entity_interface(merged, on, report);
        }
    }
}

fn implementation(merged: &Merged<'_>, on: &MergedType<'_>, interface: &MergedType<'_>, report: &mut Report) {
    for field in interface.fields.values() {
        let Some(own) = on.fields.get(&field.name) else {
            missing_field(merged, on, interface, field, report);
            continue;
        };
        let agreed = [own, field].iter().all(|field| {
            field.parts.iter().all(|(_, part)| part.external || merged.is_subtype(&part.ty, &field.ty))
        });
        // Where the subgraphs don't agree on a type, that is told already.
        if agreed && !merged.is_subtype(&own.ty, &field.ty) {
            let message = format!(
                "Interface field {}.{} expects type {} but {}.{} of type {} is not a proper subtype.",
                interface.name, field.name, field.ty, on.name, own.name, own.ty
            );
            let spans = own.parts.iter().map(|(graph, field)| (*graph, field.span));
            report.error(Code::InvalidGraphql, message).at(places(merged.subgraphs, spans));
        }
    }
}

fn missing_field(
    merged: &Merged<'_>,
    on: &MergedType<'_>,
    interface: &MergedType<'_>,
    field: &MergedField<'_>,
    report: &mut Report,
) {
    let declared: Vec<&str> = field.parts.iter().map(|(graph, _)| merged.name(*graph)).collect();
    for (graph, def) in on.parts.iter().filter(|(_, def)| def.implements.contains(&interface.name)) {
        let message = format!(
            "Interface field \"{}.{}\" is declared in {} but type \"{}\", which implements \"{}\" only in subgraph \"{}\" does not have field \"{}\".",
            interface.name,
            field.name,
            in_subgraphs(&declared),
            on.name,
            interface.name,
            merged.name(*graph),
            field.name
        );
        report.error(Code::InterfaceFieldNoImplem, message).at(merged.subgraphs[*graph].place(def.span));
    }
}

/// A subgraph that resolves an interface by its key must know every implementation, or it can't say which one it is.
fn entity_interface(merged: &Merged<'_>, interface: &MergedType<'_>, report: &mut Report) {
    let all = merged.possible(&interface.name);
    for (graph, def) in &interface.parts {
        let subgraph = &merged.subgraphs[*graph];
        let resolvable = def.keys.iter().find(|key| key.resolvable);
        let Some(key) = resolvable.filter(|_| !def.interface_object) else { continue };
        if subgraph.links.federation < Version(2, 3) {
            continue;
        }
        let known: Vec<&Name> = subgraph.implementations(&interface.name).collect();
        let missing: Vec<&Name> = all.iter().copied().filter(|name| !known.contains(name)).collect();
        if missing.is_empty() {
            continue;
        }
        let message = format!(
            "[{}] Interface type \"{}\" has a resolvable key (@key(fields: \"{}\")) in subgraph \"{}\" but that subgraph is missing some of the supergraph implementation types of \"{}\". Subgraph \"{}\" should define type{} {} (and have {} implement \"{}\").",
            subgraph.name,
            interface.name,
            key.fields.text,
            subgraph.name,
            interface.name,
            subgraph.name,
            if missing.len() == 1 { "" } else { "s" },
            and_list(&missing),
            if missing.len() == 1 { "it" } else { "them" },
            interface.name
        );
        report.error(Code::InterfaceKeyMissingImplementationType, message).at(subgraph.place(def.span));
    }
}
