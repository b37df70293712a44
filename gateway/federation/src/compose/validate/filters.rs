//! The `where` of `@event`: conditions on the fields of an event's payload.

use apollo_compiler::ast::{Type, Value};

use super::super::diagnostic::Code;
use super::super::model::{Kind, TypeDef};
use super::events::Check;
use crate::event::Operand;

/// Conditions nest as deep as the SDL does, and its parser has a limit.
pub(super) fn check(check: &mut Check<'_>, payload: &TypeDef, filter: &Value) {
    let Some(parts) = filter.as_object() else {
        return error(check, "where isn't an object");
    };
    let given = || parts.iter().filter(|(_, value)| !value.is_null());
    let field = given().find(|(name, _)| name == "field").and_then(|(_, value)| value.as_str());
    let operators: Vec<_> = given().filter(|(name, _)| is_operator(name)).collect();
    match field {
        Some(field) if operators.is_empty() => {
            error(check, &format!("where compares field \"{field}\" with nothing"));
        }
        Some(field) => match payload.fields.get(field) {
            Some(found) if check.is_leaf(&found.ty) && !found.ty.is_list() => {
                for (operator, value) in operators {
                    comparison(check, field, &found.ty, operator, value);
                }
            }
            Some(found) => {
                let why = format!(
                    "where compares field \"{field}\" of type \"{}\", which isn't one value",
                    found.ty
                );
                error(check, &why);
            }
            None => {
                let why =
                    format!("where compares field \"{field}\", which \"{}\" doesn't have", payload.name);
                error(check, &why);
            }
        },
        None if !operators.is_empty() => error(check, "where compares without a field"),
        None => {}
    }
    for (name, value) in given().filter(|(name, _)| ["and", "or", "not"].contains(&name.as_str())) {
        match value.as_list() {
            Some(items) if name != "not" => items.iter().for_each(|item| self::check(check, payload, item)),
            _ => self::check(check, payload, value),
        }
    }
}

fn is_operator(name: &str) -> bool {
    ["eq", "ne", "lt", "lte", "gt", "gte", "in"].contains(&name)
}

fn comparison(check: &mut Check<'_>, field: &str, ty: &Type, operator: &str, value: &Value) {
    let name = ty.inner_named_type();
    let kind = check.subgraph.types.get(name).map(|def| def.kind);
    if ["lt", "lte", "gt", "gte"].contains(&operator) && (kind == Some(Kind::Enum) || name == "Boolean") {
        return error(check, &format!("where orders field \"{field}\" of type \"{ty}\", which has no order"));
    }
    match value.as_list() {
        Some(items) => {
            let items: Vec<&str> = items.iter().filter_map(|item| item.as_str()).collect();
            items.into_iter().for_each(|text| compared(check, field, ty, text, false));
        }
        None => compared(check, field, ty, value.as_str().unwrap_or_default(), operator == "in"),
    }
}

/// One operand: a literal of the field's type, or what an argument or a claim holds.
fn compared(check: &mut Check<'_>, field: &str, ty: &Type, text: &str, list: bool) {
    match Operand::read(text) {
        Some(Operand::Claim(_)) => {}
        Some(Operand::Argument(name)) => match check.argument_type(&name) {
            Some(given) if given.inner_named_type() != ty.inner_named_type() || given.is_list() != list => {
                let why = format!(
                    "where compares field \"{field}\" of type \"{ty}\" with argument \"{name}\" of type \"{given}\""
                );
                error(check, &why);
            }
            Some(_) => {}
            None => {
                let why = format!("where names an argument \"{name}\" that its field doesn't have");
                error(check, &why);
            }
        },
        Some(Operand::Literal(_)) if is_literal(check, ty, text) => {}
        Some(Operand::Literal(_)) => {
            let why = format!("where compares field \"{field}\" of type \"{ty}\" with \"{text}\"");
            error(check, &why);
        }
        None => {
            let why = format!("where has \"{text}\", which is neither a literal nor one placeholder");
            error(check, &why);
        }
    }
}

/// Whether the text can be read as a value of a leaf type.
fn is_literal(check: &Check<'_>, ty: &Type, text: &str) -> bool {
    match ty.inner_named_type().as_str() {
        "Int" => text.parse::<i32>().is_ok(),
        "Float" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "Boolean" => ["true", "false"].contains(&text),
        name => match check.subgraph.types.get(name) {
            Some(def) if def.kind == Kind::Enum => def.values.contains_key(text),
            _ => true,
        },
    }
}

fn error(check: &mut Check<'_>, why: &str) {
    let help = "compare a field that the event's type has in this subgraph with a literal, {args.name} or {claims.name} of its type";
    check.error(Code::EventFilterInvalid, why, help);
}
