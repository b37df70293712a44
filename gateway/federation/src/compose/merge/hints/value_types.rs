//! Types without a key: no subgraph can be asked for what another one lacks of their objects.

use super::super::super::diagnostic::{Code, and_list};
use super::super::super::model::{Kind, ROOTS, TypeDef};
use super::super::MergedType;
use super::{Hints, Said};

impl Hints<'_, '_> {
    /// Tells which fields of a type not all subgraphs have that answer with it.
    pub(super) fn value_type(&mut self, on: &MergedType<'_>) {
        let (code, noun) = match on.kind {
            Kind::Object => (Code::InconsistentObjectValueTypeField, "object"),
            Kind::Interface => (Code::InconsistentInterfaceValueTypeField, "interface"),
            _ => return,
        };
        let keyed = on.parts.iter().any(|(_, def)| !def.keys.is_empty());
        if keyed || ROOTS.contains(&on.name.as_str()) {
            return;
        }
        let mut said: Vec<Said> = Vec::new();
        for (graph, def) in on.parts.iter().filter(|(_, def)| answers(def)) {
            let missing: Vec<_> =
                on.fields.keys().filter(|name| !def.fields.contains_key(name.as_str())).collect();
            if !missing.is_empty() {
                said.push((*graph, format!("no {}", and_list(missing)), def.span));
            }
        }
        if said.is_empty() {
            return;
        }
        let what = format!(
            "Fields of {noun} type \"{}\", which has no @key, are not the same in all of its subgraphs",
            on.name
        );
        let help = match on.kind {
            Kind::Interface => "add them to the interface there, where all of its objects have them",
            _ => "add them there, or give the type a @key by which they are looked up",
        };
        self.tell(code, &what, said).help(help);
    }
}

/// A type that is all external only says what the subgraph needs of others' objects.
fn answers(def: &TypeDef) -> bool {
    def.fields.values().any(|field| !field.external)
}
