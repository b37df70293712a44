//! `@inaccessible`: what is left must still be a schema.

use std::fmt::Display;

use apollo_compiler::Name;
use apollo_compiler::ast::{Type, Value};

use super::super::diagnostic::{Code, Report};
use super::super::model::Kind;
use super::{Merged, MergedField, MergedInput, MergedType, places};

pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    for on in merged.types.values() {
        if on.marks.common.inaccessible {
            continue;
        }
        only_inaccessible(merged, on, report);
        for field in on.fields.values().filter(|field| !field.marks.common.inaccessible) {
            output(merged, on, field, report);
        }
        for field in on.fields.values().filter(|field| field.marks.common.inaccessible) {
            implementing(merged, on, field, report);
        }
        for field in on.inputs.values() {
            let at = format_args!("{}.{}", on.name, field.name);
            input(merged, on, &at, "input field", field, report);
        }
    }
}

fn only_inaccessible(merged: &Merged<'_>, on: &MergedType<'_>, report: &mut Report) {
    let hidden = |name: &Name| merged.types.get(name).is_some_and(|member| member.marks.common.inaccessible);
    let (noun, visible) = match on.kind {
        Kind::Scalar => return,
        Kind::Object | Kind::Interface => {
            ("fields", on.fields.values().any(|field| !field.marks.common.inaccessible))
        }
        Kind::Input => ("fields", on.inputs.values().any(|field| !field.marks.common.inaccessible)),
        Kind::Enum => ("values", on.values.values().any(|value| !value.marks.common.inaccessible)),
        Kind::Union => ("members", on.members.keys().any(|member| !hidden(member))),
    };
    if !visible && !is_empty(on) {
        let message =
            format!("Type \"{}\" is in the API schema but all of its {noun} are @inaccessible.", on.name);
        let code = Code::OnlyInaccessibleChildren;
        report
            .error(code, message)
            .at(type_places(merged, on))
            .help(format!("mark \"{}\" @inaccessible, too", on.name));
    }
}

fn is_empty(on: &MergedType<'_>) -> bool {
    on.fields.is_empty() && on.inputs.is_empty() && on.values.is_empty() && on.members.is_empty()
}

fn type_places(merged: &Merged<'_>, on: &MergedType<'_>) -> Vec<super::Place> {
    places(merged.subgraphs, on.parts.iter().map(|(graph, def)| (*graph, def.span)))
}

fn output(merged: &Merged<'_>, on: &MergedType<'_>, field: &MergedField<'_>, report: &mut Report) {
    let at = format_args!("{}.{}", on.name, field.name);
    if let Some(hidden) = hidden_type(merged, &field.ty) {
        let message = format!(
            "Type \"{hidden}\" is @inaccessible but is referenced by \"{at}\", which is in the API schema."
        );
        let spans = field.parts.iter().map(|(graph, field)| (*graph, field.span));
        report.error(Code::ReferencedInaccessible, message).at(places(merged.subgraphs, spans));
    }
    for argument in field.arguments.values() {
        let at = format_args!("{at}({}:)", argument.name);
        input(merged, on, &at, "argument", argument, report);
    }
}

fn input(
    merged: &Merged<'_>,
    on: &MergedType<'_>,
    at: &dyn Display,
    noun: &str,
    input: &MergedInput,
    report: &mut Report,
) {
    if input.marks.common.inaccessible {
        if input.ty.is_non_null() && input.default.is_none() {
            let whole = if noun == "argument" {
                "a required argument of its field"
            } else {
                "a required input field of its type"
            };
            let mut noun = noun.to_owned();
            noun[..1].make_ascii_uppercase();
            let message = format!("{noun} \"{at}\" is @inaccessible but is {whole}.");
            report.error(Code::RequiredInaccessible, message).at(type_places(merged, on));
        }
        return;
    }
    if let Some(hidden) = hidden_type(merged, &input.ty) {
        let message = format!(
            "Type \"{hidden}\" is @inaccessible but is referenced by \"{at}\", which is in the API schema."
        );
        report.error(Code::ReferencedInaccessible, message).at(type_places(merged, on));
    } else if let Some(hidden) =
        input.default.as_ref().and_then(|value| hidden_value(merged, &input.ty, value))
    {
        let message = format!(
            "\"{hidden}\" is @inaccessible but is used in the default value of \"{at}\", which is in the API schema."
        );
        report.error(Code::DefaultValueUsesInaccessible, message).at(type_places(merged, on));
    }
}

fn hidden_type<'m>(merged: &'m Merged<'_>, ty: &Type) -> Option<&'m Name> {
    let target = merged.types.get(ty.inner_named_type())?;
    target.marks.common.inaccessible.then_some(&target.name)
}

/// The inaccessible enum value or input field that a default uses.
fn hidden_value(merged: &Merged<'_>, ty: &Type, value: &Value) -> Option<String> {
    let target = merged.types.get(ty.inner_named_type())?;
    match value {
        Value::List(items) => items.iter().find_map(|item| hidden_value(merged, ty.item_type(), item)),
        Value::Enum(name) => {
            let found = target.values.get(name)?;
            found.marks.common.inaccessible.then(|| format!("{}.{name}", target.name))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let field = target.inputs.get(name)?;
            if field.marks.common.inaccessible {
                return Some(format!("{}.{name}", target.name));
            }
            hidden_value(merged, &field.ty, value)
        }),
        _ => None,
    }
}

fn implementing(merged: &Merged<'_>, on: &MergedType<'_>, field: &MergedField<'_>, report: &mut Report) {
    for interface in on.implements.iter().filter_map(|name| merged.types.get(name)) {
        let visible = interface.fields.get(&field.name).is_some_and(|field| !field.marks.common.inaccessible);
        if visible && !interface.marks.common.inaccessible {
            let message = format!(
                "Field \"{}.{}\" is @inaccessible but implements the interface field \"{}.{}\", which is in the API schema.",
                on.name, field.name, interface.name, field.name
            );
            let spans = field.parts.iter().map(|(graph, field)| (*graph, field.span));
            report.error(Code::ImplementedByInaccessible, message).at(places(merged.subgraphs, spans));
        }
    }
}
