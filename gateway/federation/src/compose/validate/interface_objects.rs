//! Entity interfaces and `@interfaceObject`, as far as one subgraph shows them.

use super::super::diagnostic::{Code, Report};
use super::super::model::{Kind, Subgraph, TypeDef, Version};

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        if def.interface_object {
            interface_object(subgraph, def, report);
        }
        if def.kind == Kind::Interface && subgraph.links.federation >= Version(2, 3) {
            keys_on_implementations(subgraph, def, report);
        }
    }
}

fn interface_object(subgraph: &Subgraph, def: &TypeDef, report: &mut Report) {
    if def.keys.is_empty() {
        let message = format!(
            "[{}] The @interfaceObject directive can only be applied to entity types but type \"{}\" has no @key in this subgraph.",
            subgraph.name, def.name
        );
        report.error(Code::InterfaceObjectUsageError, message).at(subgraph.place(def.span));
    }
}

fn keys_on_implementations(subgraph: &Subgraph, interface: &TypeDef, report: &mut Report) {
    let implementations = subgraph.types.values().filter(|def| def.implements.contains(&interface.name));
    for implementation in implementations.filter(|def| def.kind == Kind::Object) {
        for key in &interface.keys {
            let same = implementation.keys.iter().find(|own| own.fields.text == key.fields.text);
            let why = match same {
                None => "is missing from",
                Some(own) if key.resolvable && !own.resolvable => "should be resolvable on",
                Some(_) => continue,
            };
            let message = format!(
                "[{}] Key (fields: \"{}\") on interface type \"{}\" {why} implementation type \"{}\".",
                subgraph.name, key.fields.text, interface.name, implementation.name
            );
            report
                .error(Code::InterfaceKeyNotOnImplementation, message)
                .at(subgraph.place(implementation.span))
                .help(format!("add @key(fields: \"{}\") to \"{}\"", key.fields.text, implementation.name));
        }
    }
}
