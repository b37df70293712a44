//! `@cost` and `@listSize`.

use apollo_compiler::ast::Value;

use super::super::diagnostic::{Code, Report};
use super::super::model::{Field, Kind, Subgraph, TypeDef};

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        for field in def.fields.values() {
            if def.kind == Kind::Interface {
                on_interface(subgraph, def, field, report);
            }
            if field.marks.list_size.is_some() {
                list_size(subgraph, def, field, report);
            }
        }
    }
}

fn on_interface(subgraph: &Subgraph, def: &TypeDef, field: &Field, report: &mut Report) {
    let at = format!("interface \"{}.{}\"", def.name, field.name);
    let mut costly: Vec<String> = field.marks.cost.iter().map(|_| at.clone()).collect();
    let arguments = field.arguments.values().filter(|argument| argument.marks.cost.is_some());
    costly.extend(arguments.map(|argument| format!("{at} argument \"{}\"", argument.name)));
    for at in costly {
        let message = format!("[{}] @cost cannot be applied to {at}", subgraph.name);
        report.error(Code::CostAppliedToInterfaceField, message).at(subgraph.place(field.span));
    }
}

fn list_size(subgraph: &Subgraph, def: &TypeDef, field: &Field, report: &mut Report) {
    let coordinate = format!("{}.{}", def.name, field.name);
    let mut error = |code, text: String| {
        let message = format!("[{}] \"{coordinate}\" {text}", subgraph.name);
        report.error(code, message).at(subgraph.place(field.span));
    };
    let argument =
        |name| field.marks.list_size.as_ref().and_then(|size| size.specified_argument_by_name(name));
    let assumed = argument("assumedSize").and_then(|size| size.to_i32());
    if assumed.is_some_and(|size| size < 0) {
        error(Code::ListSizeInvalidAssumedSize, "has negative @listSize(assumedSize:) value".to_owned());
    }
    for name in names(argument("slicingArguments").map(|value| &**value)) {
        let problem = match field.arguments.get(name) {
            None => "does not exist",
            Some(slicing) if slicing.ty.is_list() || slicing.ty.inner_named_type() != "Int" => {
                "is not an integer"
            }
            Some(_) => continue,
        };
        let text = format!("references \"{name}\" argument in @listSize(slicingArguments:) that {problem}.");
        error(Code::ListSizeInvalidSlicingArgument, text);
    }
    let sized = argument("sizedFields").map(|value| &**value);
    sized_fields(subgraph, field, sized, &mut error);
}

/// Which lists the sizes are of: the field itself, or those of its fields that are named.
fn sized_fields(
    subgraph: &Subgraph,
    field: &Field,
    sized: Option<&Value>,
    error: &mut impl FnMut(Code, String),
) {
    if sized.is_none() {
        if !field.ty.is_list() {
            let text = "is not a list. Try to add @listSize(sizedFields:) argument.".to_owned();
            error(Code::ListSizeInvalidSizedField, text);
        }
        return;
    }
    let target = subgraph.types.get(field.ty.inner_named_type());
    let Some(target) = target.filter(|def| matches!(def.kind, Kind::Object | Kind::Interface)) else {
        let text =
            "has @listSize(sizedFields:) applied, but the output type is not a composite type".to_owned();
        return error(Code::ListSizeInvalidSizedField, text);
    };
    for name in names(sized) {
        let (code, problem) = match target.fields.get(name) {
            None => (Code::ListSizeInvalidSizedField, "does not exist"),
            Some(field) if !field.ty.is_list() => (Code::ListSizeAppliedToNonList, "is not a list"),
            Some(_) => continue,
        };
        error(
            code,
            format!("references \"{name}\" field in @listSize(sizedFields:) argument that {problem}."),
        );
    }
}

/// The strings of a list; a single string stands for a list of one.
fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::List(items)) => items.iter().filter_map(|item| item.as_str()).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}
