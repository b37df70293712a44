//! Definitions that an SDL brings for federation's directives must be those of the specification.

use std::collections::HashSet;

use apollo_compiler::ast::{
    Definition, DirectiveDefinition, DirectiveList, Document, InputValueDefinition, Type,
};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};

use super::super::diagnostic::{Code, Place, Report};
use super::super::links::Links;
use super::super::model::Kind;
use super::super::spec::{self, Known};
use super::schema;

const BUILT_IN: &[&str] = &["String", "Int", "Float", "Boolean", "ID"];

/// Checks every definition; false when one is wrong.
pub(super) fn validate(document: &Document, links: &Links, subgraph: &str, report: &mut Report) -> bool {
    let place = |span: Option<SourceSpan>| {
        let at = span?.line_column(&document.sources)?;
        Some(Place { subgraph: subgraph.to_owned(), line: at.line, column: at.column })
    };
    let mut sound = true;
    let hidden = schema::hidden_types(document, links);
    for definition in &document.definitions {
        if let Some(what) = disallowed_inaccessible(definition, links, &hidden) {
            let message = format!("[{subgraph}] {what} cannot use @inaccessible.");
            report
                .error(Code::DisallowedInaccessible, message)
                .at(place(definition.location()))
                .help("remove @inaccessible: what GraphQL and specifications define is never part of the API schema, or always");
            sound = false;
        }
        let (code, problem) = match definition {
            Definition::DirectiveDefinition(directive) => {
                let Some(expected) = links.known(&directive.name).and_then(spec::definition) else {
                    continue;
                };
                let Some(problem) = difference(directive, expected, links) else { continue };
                let name = &directive.name;
                (
                    Code::DirectiveDefinitionInvalid,
                    format!("Invalid definition for directive \"@{name}\": {problem}"),
                )
            }
            other => {
                let Some(problem) = wrong_type(other, links) else { continue };
                (Code::TypeDefinitionInvalid, problem)
            }
        };
        report.error(code, format!("[{subgraph}] {problem}")).at(place(definition.location()));
        sound = false;
    }
    sound
}

/// The definition that isn't the subgraph's to hide, and hides something.
fn disallowed_inaccessible(definition: &Definition, links: &Links, hidden: &HashSet<Name>) -> Option<String> {
    let hides =
        |list: &DirectiveList| list.iter().any(|it| links.known(&it.name) == Some(Known::Inaccessible));
    let input = |input: &Node<InputValueDefinition>| hides(&input.directives);
    if let Definition::DirectiveDefinition(directive) = definition {
        let feature = links.known(&directive.name).is_some() || links.is_composed(&directive.name);
        let hiding = directive.arguments.iter().any(input);
        return (feature && hiding).then(|| format!("Core feature directive \"@{}\"", directive.name));
    }
    let name = definition.name()?;
    let built_in = BUILT_IN.contains(&name.as_str()) || name.starts_with("__");
    if !built_in && !hidden.contains(name) {
        return None;
    }
    let below = match definition {
        Definition::EnumTypeDefinition(on) => on.values.iter().any(|value| hides(&value.directives)),
        Definition::InputObjectTypeDefinition(on) => on.fields.iter().any(input),
        Definition::ObjectTypeDefinition(on) => on.fields.iter().any(|field| hides(&field.directives)),
        _ => false,
    };
    let kind = if built_in { "Built-in" } else { "Core feature" };
    (below || hides(definition.directives())).then(|| format!("{kind} type \"{name}\""))
}

fn wrong_type(definition: &Definition, links: &Links) -> Option<String> {
    let name = definition.name()?;
    let (kind, _) = schema::kind_of(definition)?;
    let scalar = links.scalars.contains(name) || name.strip_prefix("federation__").is_some_and(is_scalar);
    let wrong = scalar && kind != Kind::Scalar;
    wrong.then(|| {
        let kind = kind.name();
        format!(
            "Invalid definition for type {name}: {name} should be a ScalarType but is defined as a {kind}Type"
        )
    })
}

fn difference(found: &DirectiveDefinition, expected: &DirectiveDefinition, links: &Links) -> Option<String> {
    for wanted in &expected.arguments {
        match found.argument_by_name(&wanted.name) {
            None if wanted.is_required() => {
                return Some(format!("missing required argument \"{}\"", wanted.name));
            }
            None => {}
            // Federation 1's own documents wrote a list of strings.
            Some(given) if !same_type(&given.ty, &wanted.ty, links) && !given.ty.is_list() => {
                return Some(format!(
                    "argument \"{}\" should have type \"{}\" but found type \"{}\"",
                    wanted.name, wanted.ty, given.ty
                ));
            }
            Some(given) if given.default_value != wanted.default_value && given.default_value.is_some() => {
                return Some(format!("argument \"{}\" has another default value", wanted.name));
            }
            Some(_) => {}
        }
    }
    if let Some(extra) = found.arguments.iter().find(|given| expected.argument_by_name(&given.name).is_none())
    {
        return Some(format!("unknown/unsupported argument \"{}\"", extra.name));
    }
    let stray = found.locations.iter().find(|location| !expected.locations.contains(location))?;
    Some(format!("it should not be used at {}", stray.name()))
}

/// Equal, except that nulls may be allowed or not, and that a scalar of the specification has many names.
fn same_type(given: &Type, wanted: &Type, links: &Links) -> bool {
    match (given, wanted) {
        (Type::List(given) | Type::NonNullList(given), Type::List(wanted) | Type::NonNullList(wanted)) => {
            same_type(given, wanted, links)
        }
        (
            Type::Named(given) | Type::NonNullNamed(given),
            Type::Named(wanted) | Type::NonNullNamed(wanted),
        ) => {
            let bare = given.rsplit("__").next().unwrap_or(given).trim_start_matches('_');
            let scalar = given == "String" || is_scalar(bare) || links.scalars.contains(given);
            given == wanted || (wanted.starts_with("federation__") && scalar)
        }
        _ => false,
    }
}

fn is_scalar(name: &str) -> bool {
    spec::SCALARS.contains(&name)
}
