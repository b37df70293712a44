//! Fields of objects and interfaces.

use apollo_compiler::Name;
use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::Component;

use super::{Changes, Code, inputs};

type Fields = IndexMap<Name, Component<FieldDefinition>>;

pub(super) fn compare(ty: &Name, was: &Fields, is: &Fields, changes: &mut Changes) {
    for (name, old) in was {
        match is.get(name) {
            Some(new) => field(&format!("{ty}.{name}"), old, new, changes),
            None => changes.add(Code::FieldRemoved, format!("{ty}.{name}"), "the field was removed"),
        }
    }
    for name in is.keys().filter(|name| !was.contains_key(*name)) {
        changes.add(Code::FieldAdded, format!("{ty}.{name}"), "the field was added");
    }
}

fn field(coordinate: &str, old: &FieldDefinition, new: &FieldDefinition, changes: &mut Changes) {
    if old.ty != new.ty {
        let safe = is_safe(&old.ty, &new.ty);
        let code = if safe { Code::FieldChangedKindSafe } else { Code::FieldChangedKind };
        changes.add(code, coordinate, format!("its type changed from {} to {}", old.ty, new.ty));
    }
    changes.descriptions(coordinate, old.description.as_ref(), new.description.as_ref());
    let deprecation = (old.directives.get("deprecated"), new.directives.get("deprecated"));
    changes.deprecations(coordinate, deprecation.0, deprecation.1);
    let argument = |name: &Name| format!("{coordinate}({name}:)");
    inputs::compare(&inputs::ARGUMENT, &old.arguments, &new.arguments, &argument, changes);
}

/// Whether everything of the new type is something of the old one. An implementation in the place of its
/// interface isn't: a client's fragments on other implementations become invalid.
fn is_safe(old: &Type, new: &Type) -> bool {
    let null_stays_away = !old.is_non_null() || new.is_non_null();
    null_stays_away
        && match (old.is_list(), new.is_list()) {
            (true, true) => is_safe(old.item_type(), new.item_type()),
            (false, false) => old.inner_named_type() == new.inner_named_type(),
            _ => false,
        }
}
