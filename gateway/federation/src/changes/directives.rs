//! Definitions of directives.

use apollo_compiler::ast::DirectiveDefinition;
use apollo_compiler::{Name, Schema};

use super::{Changes, Code, inputs};

/// The specification's own are there whether a schema defines them or not.
const SPECIFIED: [&str; 5] = ["skip", "include", "deprecated", "specifiedBy", "oneOf"];

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    for was in defined(old) {
        match new.directive_definitions.get(&was.name) {
            Some(is) => definition(was, is, changes),
            None => {
                changes.add(Code::DirectiveRemoved, format!("@{}", was.name), "the directive was removed");
            }
        }
    }
    for is in defined(new).filter(|is| !old.directive_definitions.contains_key(&is.name)) {
        changes.add(Code::DirectiveAdded, format!("@{}", is.name), "the directive was added");
    }
}

fn defined(schema: &Schema) -> impl Iterator<Item = &DirectiveDefinition> {
    let definitions = schema.directive_definitions.values().map(|definition| &**definition);
    definitions.filter(|definition| !SPECIFIED.contains(&definition.name.as_str()))
}

fn definition(was: &DirectiveDefinition, is: &DirectiveDefinition, changes: &mut Changes) {
    let directive = format!("@{}", was.name);
    changes.descriptions(&directive, was.description.as_ref(), is.description.as_ref());
    for location in was.locations.iter().filter(|location| !is.locations.contains(location)) {
        let message = format!("it can't be used on {location} any more");
        changes.add(Code::DirectiveLocationRemoved, directive.as_str(), message);
    }
    for location in is.locations.iter().filter(|location| !was.locations.contains(location)) {
        let message = format!("it can be used on {location} now");
        changes.add(Code::DirectiveLocationAdded, directive.as_str(), message);
    }
    match (was.repeatable, is.repeatable) {
        (true, false) => {
            changes.add(
                Code::DirectiveRepeatableRemoved,
                directive.as_str(),
                "it can't be repeated any more",
            );
        }
        (false, true) => {
            changes.add(Code::DirectiveRepeatableAdded, directive.as_str(), "it can be repeated now");
        }
        _ => {}
    }
    let argument = |name: &Name| format!("{directive}({name}:)");
    inputs::compare(&inputs::DIRECTIVE_ARGUMENT, &was.arguments, &is.arguments, &argument, changes);
}
