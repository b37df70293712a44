//! `@external`: what it means here, and whether it is of use.

use std::collections::HashMap;

use apollo_compiler::Name;

use super::super::diagnostic::{Code, Report};
use super::super::model::{Kind, Subgraph, TypeDef};
use super::super::spec::Known;
use super::field_sets::Use;

/// In federation 1 an extension could leave out the key of the type that it extends; its key fields are still those
/// of the other subgraph, and known here.
pub(in super::super) fn borrow_keys(subgraphs: &mut [Subgraph]) {
    let mut keys: HashMap<Name, Vec<Name>> = HashMap::new();
    for def in subgraphs.iter().flat_map(|subgraph| subgraph.types.values()) {
        let Some(key) = def.keys.first() else { continue };
        let fields = key.fields.selections.iter().filter_map(|selection| selection.as_field());
        keys.entry(def.name.clone()).or_insert_with(|| fields.map(|field| field.name.clone()).collect());
    }
    for subgraph in subgraphs.iter_mut().filter(|subgraph| subgraph.is_v1()) {
        let extensions = subgraph.types.values_mut().filter(|def| def.extended && def.keys.is_empty());
        for def in extensions {
            for field in keys.get(&def.name).into_iter().flatten() {
                if let Some(field) = def.fields.get_mut(field) {
                    field.external = false;
                }
            }
        }
    }
}

/// Notes the uses in the fields, and takes back `@external` where it says nothing.
pub(super) fn apply(subgraph: &mut Subgraph, uses: &[Use], report: &mut Report) {
    for used in uses {
        let field = subgraph.types.get_mut(&used.on).and_then(|def| def.fields.get_mut(&used.field));
        let Some(field) = field else { continue };
        match used.by {
            Known::Key => {
                field.used.key = true;
                field.used.extension_key |= used.extension;
            }
            Known::Requires => field.used.required = true,
            Known::FromContext => field.used.context = true,
            _ => field.used.provided = true,
        }
    }
    for (on, field) in implementing_fields(subgraph) {
        if let Some(field) = subgraph.types.get_mut(&on).and_then(|def| def.fields.get_mut(&field)) {
            field.used.interface = true;
        }
    }
    for def in subgraph.types.values_mut() {
        for field in def.fields.values_mut() {
            // The key of an extension is known to the subgraph that extends: `@external` there is only a habit.
            field.external &= !field.used.extension_key;
        }
    }
    if subgraph.is_v1() {
        remove_unused(subgraph, report);
    }
}

/// Federation 1 let `@external` fields stand without use: they say nothing.
fn remove_unused(subgraph: &mut Subgraph, report: &mut Report) {
    for def in subgraph.types.values_mut() {
        def.fields.retain(|_, field| !field.external || field.used.any());
    }
    let is_empty = |def: &TypeDef| def.kind == Kind::Object && def.fields.is_empty();
    let referenced = |name: &Name| {
        subgraph.types.values().any(|def| {
            def.members.contains(name) || def.fields.values().any(|field| field.ty.inner_named_type() == name)
        })
    };
    for def in subgraph.types.values().filter(|def| is_empty(def) && referenced(&def.name)) {
        let message = format!(
            "[{}] Type \"{}\" contains only external fields and all those fields are all unused (they do not appear in any @key, @provides or @requires).",
            subgraph.name, def.name
        );
        report
            .error(Code::TypeWithOnlyUnusedExternal, message)
            .at(subgraph.place(def.span))
            .help(format!("give \"{}\" the @key by which its owner knows it", def.name));
    }
    subgraph.types.retain(|_, def| !is_empty(def));
}

fn implementing_fields(subgraph: &Subgraph) -> Vec<(Name, Name)> {
    let mut found = Vec::new();
    for def in subgraph.types.values() {
        for interface in def.implements.iter().filter_map(|name| subgraph.types.get(name)) {
            let shared = interface.fields.keys().filter(|name| def.fields.contains_key(*name));
            found.extend(shared.map(|name| (def.name.clone(), name.clone())));
        }
    }
    found
}

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        for field in def.fields.values().filter(|field| field.external) {
            let coordinate = format!("{}.{}", def.name, field.name);
            if def.kind == Kind::Interface {
                let message = format!(
                    "[{}] Interface type field \"{coordinate}\" is marked @external but @external is not allowed on interface fields.",
                    subgraph.name
                );
                report.error(Code::ExternalOnInterface, message).at(subgraph.place(field.span));
                continue;
            }
            if !field.used.any() {
                let message = format!(
                    "[{}] Field \"{coordinate}\" is marked @external but is not used in any federation directive (@key, @provides, @requires) or to satisfy an interface; the field declaration has no use and should be removed (or the field should not be @external).",
                    subgraph.name
                );
                report.error(Code::ExternalUnused, message).at(subgraph.place(field.span));
            }
            if !subgraph.is_v1() && (field.marks.inaccessible || !field.marks.tags.is_empty()) {
                let message = format!(
                    "[{}] Cannot apply merged directive @tag or @inaccessible to external field \"{coordinate}\"",
                    subgraph.name
                );
                report
                    .error(Code::MergedDirectiveApplicationOnExternal, message)
                    .at(subgraph.place(field.span))
                    .help("put the directive on the field in the subgraph that resolves it");
            }
        }
    }
}
