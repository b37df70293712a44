//! Default values must be values of their type; apollo-compiler leaves that to us.

use apollo_compiler::ast::{Type, Value};

use super::super::diagnostic::{Code, Report};
use super::super::model::{Input, Kind, Subgraph};

/// Values nest as deep as the SDL does, and its parser has a limit; this one is for types that refer to themselves.
const MAX_DEPTH: usize = 64;

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        for field in def.fields.values() {
            for argument in field.arguments.values() {
                let at = format!("argument {}.{}({}:)", def.name, field.name, argument.name);
                check(subgraph, &at, argument, report);
            }
        }
        for field in def.inputs.values() {
            check(subgraph, &format!("input field {}.{}", def.name, field.name), field, report);
        }
    }
}

fn check(subgraph: &Subgraph, at: &str, input: &Input, report: &mut Report) {
    let Some(default) = &input.default else { return };
    if !fits(subgraph, &input.ty, default, MAX_DEPTH) {
        let message = format!(
            "[{}] Invalid default value (got: {}) provided for {at} of type {}.",
            subgraph.name,
            default.serialize().no_indent(),
            input.ty
        );
        report.error(Code::InvalidGraphql, message).at(subgraph.place(input.span));
    }
}

fn fits(subgraph: &Subgraph, ty: &Type, value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    match (ty, value) {
        (_, Value::Variable(_)) => false,
        (ty, Value::Null) => !ty.is_non_null(),
        (Type::List(item) | Type::NonNullList(item), Value::List(values)) => {
            values.iter().all(|value| fits(subgraph, item, value, depth))
        }
        (Type::List(item) | Type::NonNullList(item), value) => fits(subgraph, item, value, depth),
        (Type::Named(name) | Type::NonNullNamed(name), value) => named(subgraph, name, value, depth),
    }
}

fn named(subgraph: &Subgraph, name: &str, value: &Value, depth: usize) -> bool {
    match (name, value) {
        ("Int", _) => matches!(value, Value::Int(number) if number.try_to_i32().is_ok()),
        ("Float", _) => matches!(value, Value::Int(_) | Value::Float(_)),
        ("String", _) => matches!(value, Value::String(_)),
        ("Boolean", _) => matches!(value, Value::Boolean(_)),
        ("ID", _) => matches!(value, Value::String(_) | Value::Int(_)),
        _ => match subgraph.types.get(name) {
            Some(def) if def.kind == Kind::Enum => match value {
                Value::Enum(value) => def.values.contains_key(value),
                // Some servers print enum defaults as strings; every gateway reads them so.
                Value::String(value) => def.values.contains_key(value.as_str()),
                _ => false,
            },
            Some(def) if def.kind == Kind::Input => match value {
                Value::Object(fields) => {
                    let known = |(field, value): &(_, apollo_compiler::Node<Value>)| {
                        let field: &apollo_compiler::Name = field;
                        def.inputs.get(field).is_some_and(|input| fits(subgraph, &input.ty, value, depth))
                    };
                    let given = |name: &str| fields.iter().any(|(field, _)| field == name);
                    let complete = def.inputs.values().all(|input| {
                        !input.ty.is_non_null() || input.default.is_some() || given(&input.name)
                    });
                    fields.iter().all(known) && complete
                }
                _ => false,
            },
            _ => true,
        },
    }
}
