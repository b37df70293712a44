//! Types and the schema's roots.

use apollo_compiler::ast::OperationType;
use apollo_compiler::collections::IndexSet;
use apollo_compiler::schema::{
    ComponentName, EnumType, ExtendedType, InputObjectType, ObjectType, ScalarType, UnionType,
};
use apollo_compiler::{Name, Schema};

use super::{Changes, Code, fields, inputs};

const KINDS: [OperationType; 3] =
    [OperationType::Query, OperationType::Mutation, OperationType::Subscription];

pub(super) fn compare_roots(old: &Schema, new: &Schema, changes: &mut Changes) {
    for kind in KINDS {
        match (old.root_operation(kind), new.root_operation(kind)) {
            (Some(old), None) => {
                let message = format!("the schema has no {kind} operations any more");
                changes.add(Code::RootTypeChanged, old.as_str(), message);
            }
            (Some(old), Some(new)) if old != new => {
                changes.add(Code::RootTypeChanged, old.as_str(), format!("the {kind} root is now {new}"));
            }
            (None, Some(new)) => {
                changes.add(
                    Code::RootTypeAdded,
                    new.as_str(),
                    format!("the schema has {kind} operations now"),
                );
            }
            _ => {}
        }
    }
}

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    for (name, was) in old.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        let Some(is) = new.types.get(name) else {
            changes.add(Code::TypeRemoved, name.as_str(), "the type was removed");
            continue;
        };
        changes.descriptions(name, was.description(), is.description());
        match (was, is) {
            (ExtendedType::Scalar(was), ExtendedType::Scalar(is)) => scalar(was, is, changes),
            (ExtendedType::Object(was), ExtendedType::Object(is)) => {
                interfaces(name, &was.implements_interfaces, &is.implements_interfaces, old, changes);
                fields::compare(name, &was.fields, &is.fields, changes);
            }
            (ExtendedType::Interface(was), ExtendedType::Interface(is)) => {
                interfaces(name, &was.implements_interfaces, &is.implements_interfaces, old, changes);
                fields::compare(name, &was.fields, &is.fields, changes);
            }
            (ExtendedType::Union(was), ExtendedType::Union(is)) => union_(was, is, changes),
            (ExtendedType::Enum(was), ExtendedType::Enum(is)) => enum_(was, is, changes),
            (ExtendedType::InputObject(was), ExtendedType::InputObject(is)) => input(was, is, changes),
            _ => {
                let message = format!("{} became {}", kind(was), kind(is));
                changes.add(Code::TypeChangedKind, name.as_str(), message);
            }
        }
    }
    for (name, ty) in
        new.types.iter().filter(|(name, ty)| !ty.is_built_in() && !old.types.contains_key(*name))
    {
        changes.add(Code::TypeAdded, name.as_str(), format!("{} was added", kind(ty)));
        if let ExtendedType::Object(object) = ty {
            new_implementation(object, old, changes);
        }
    }
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "a scalar",
        ExtendedType::Object(_) => "an object type",
        ExtendedType::Interface(_) => "an interface",
        ExtendedType::Union(_) => "a union",
        ExtendedType::Enum(_) => "an enum",
        ExtendedType::InputObject(_) => "an input type",
    }
}

fn interfaces(
    name: &Name,
    was: &IndexSet<ComponentName>,
    is: &IndexSet<ComponentName>,
    old: &Schema,
    changes: &mut Changes,
) {
    for interface in was.iter().filter(|interface| !is.contains(*interface)) {
        let message = format!("it no longer implements {interface}");
        changes.add(Code::ImplementedInterfaceRemoved, name.as_str(), message);
    }
    for interface in is.iter().filter(|interface| !was.contains(*interface)) {
        implemented(name, interface, old, changes);
    }
}

/// Clients that ask for an interface meet its new implementations, whether the type itself is new or not.
fn new_implementation(object: &ObjectType, old: &Schema, changes: &mut Changes) {
    for interface in object.implements_interfaces.iter().filter(|it| old.types.contains_key(it.as_str())) {
        implemented(&object.name, interface, old, changes);
    }
}

fn implemented(name: &Name, interface: &ComponentName, old: &Schema, changes: &mut Changes) {
    let code = if old.types.contains_key(interface.as_str()) {
        Code::ImplementedInterfaceAdded
    } else {
        Code::NewInterfaceImplemented
    };
    changes.add(code, name.as_str(), format!("it implements {interface} now"));
}

fn union_(was: &UnionType, is: &UnionType, changes: &mut Changes) {
    for member in was.members.iter().filter(|member| !is.members.contains(*member)) {
        let message = format!("{member} is no longer a member");
        changes.add(Code::TypeRemovedFromUnion, was.name.as_str(), message);
    }
    for member in is.members.iter().filter(|member| !was.members.contains(*member)) {
        changes.add(Code::TypeAddedToUnion, was.name.as_str(), format!("{member} is a member now"));
    }
}

fn enum_(was: &EnumType, is: &EnumType, changes: &mut Changes) {
    for (name, old) in &was.values {
        let coordinate = format!("{}.{name}", was.name);
        match is.values.get(name) {
            None => changes.add(Code::ValueRemovedFromEnum, coordinate, "the value was removed"),
            Some(new) => {
                changes.descriptions(&coordinate, old.description.as_ref(), new.description.as_ref());
                let deprecation = (old.directives.get("deprecated"), new.directives.get("deprecated"));
                changes.deprecations(&coordinate, deprecation.0, deprecation.1);
            }
        }
    }
    for name in is.values.keys().filter(|name| !was.values.contains_key(*name)) {
        let coordinate = format!("{}.{name}", was.name);
        changes.add(Code::ValueAddedToEnum, coordinate, "the value was added");
    }
}

fn scalar(was: &ScalarType, is: &ScalarType, changes: &mut Changes) {
    let url = |scalar: &ScalarType| {
        let directive = scalar.directives.get("specifiedBy")?;
        Some(directive.specified_argument_by_name("url")?.as_str()?.to_owned())
    };
    let (old, new) = (url(was), url(is));
    if old != new {
        let message = match new {
            Some(url) => format!("it is now specified by {url}"),
            None => "it no longer says what specifies it".to_owned(),
        };
        changes.add(Code::SpecifiedByChanged, was.name.as_str(), message);
    }
}

fn input(was: &InputObjectType, is: &InputObjectType, changes: &mut Changes) {
    match (was.directives.has("oneOf"), is.directives.has("oneOf")) {
        (false, true) => {
            let message = "exactly one of its fields must be given now";
            changes.add(Code::InputBecameOneOf, was.name.as_str(), message);
        }
        (true, false) => {
            let message = "any number of its fields may be given now";
            changes.add(Code::InputNoLongerOneOf, was.name.as_str(), message);
        }
        _ => {}
    }
    let coordinate = |field: &Name| format!("{}.{field}", was.name);
    inputs::compare(&inputs::FIELD, was.fields.values(), is.fields.values(), &coordinate, changes);
}
