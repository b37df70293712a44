//! Sets of fields, as in keys, `@requires` and `@provides`, over JSON and over what a way provides.

use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value as Json};

use super::joins::Joins;

/// What a set of fields finds in a JSON object, by the fields' names.
///
/// # Errors
/// The name of a field that isn't there. Below a condition on another type than the object's nothing has to be.
pub fn carried(joins: &Joins, set: &SelectionSet, object: &Map<String, Json>) -> Result<Json, String> {
    let mut found = Map::new();
    collect(joins, set, object, &mut found)?;
    Ok(Json::Object(found))
}

fn collect(
    joins: &Joins,
    set: &SelectionSet,
    object: &Map<String, Json>,
    found: &mut Map<String, Json>,
) -> Result<(), String> {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) if field.name == "__typename" => {}
            Selection::Field(field) => {
                let value = object.get(field.name.as_str()).ok_or_else(|| field.name.to_string())?;
                found.insert(field.name.to_string(), inside(joins, field, value)?);
            }
            Selection::InlineFragment(fragment) => {
                let ty = object.get("__typename").and_then(Json::as_str);
                let condition = fragment.type_condition.as_ref();
                let applies = match (ty, condition) {
                    (Some(ty), Some(condition)) => is_one(joins, condition, ty),
                    (None, Some(_)) => {
                        collect(joins, &fragment.selection_set, object, &mut Map::new()).is_ok()
                    }
                    (_, None) => true,
                };
                if applies {
                    collect(joins, &fragment.selection_set, object, found)?;
                }
            }
            Selection::FragmentSpread(_) => unreachable!("sets of fields have no named fragments"),
        }
    }
    Ok(())
}

fn inside(joins: &Joins, field: &Field, value: &Json) -> Result<Json, String> {
    match value {
        Json::Object(object) if !field.selection_set.selections.is_empty() => {
            carried(joins, &field.selection_set, object)
        }
        Json::Array(items) => items.iter().map(|item| inside(joins, field, item)).collect(),
        _ => Ok(value.clone()),
    }
}

/// Whether an object's type is, or is one of, the type of a condition.
pub fn is_one(joins: &Joins, condition: &Name, object: &str) -> bool {
    condition == object || joins.schema.is_subtype(condition, object)
}

/// What sets of fields say of one field of an object: what they have below it, if they have it.
pub fn below<'a>(
    joins: &Joins,
    sets: &[&'a SelectionSet],
    object: &Name,
    field: &str,
) -> Option<Vec<&'a SelectionSet>> {
    let mut found = Vec::new();
    for set in sets {
        for selection in &set.selections {
            match selection {
                Selection::Field(it) if it.name == field => found.push(&it.selection_set),
                Selection::InlineFragment(it)
                    if it.type_condition.as_ref().is_none_or(|it| is_one(joins, it, object)) =>
                {
                    found.extend(below(joins, &[&it.selection_set], object, field).unwrap_or_default());
                }
                _ => {}
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Names of all fields in a set, at whatever depth.
pub fn names(set: &SelectionSet) -> Vec<Name> {
    let mut all = Vec::new();
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                all.push(field.name.clone());
                all.extend(names(&field.selection_set));
            }
            Selection::InlineFragment(fragment) => all.extend(names(&fragment.selection_set)),
            Selection::FragmentSpread(_) => unreachable!("sets of fields have no named fragments"),
        }
    }
    all
}

/// A field's arguments as a server gets them: with defaults, as JSON.
pub fn arguments(field: &Node<Field>) -> Map<String, Json> {
    let definitions = field.definition.arguments.iter();
    let value = |name: &Name| field.specified_argument_by_name(name);
    let all = definitions.filter_map(|argument| {
        let value = value(&argument.name).or(argument.default_value.as_ref())?;
        Some((argument.name.to_string(), constant(value)))
    });
    all.collect()
}

/// A value without variables as JSON.
pub fn constant(value: &apollo_compiler::ast::Value) -> Json {
    use apollo_compiler::ast::Value;
    match value {
        Value::Null => Json::Null,
        Value::Enum(name) => name.to_string().into(),
        Value::String(text) => text.as_str().into(),
        Value::Float(number) => number.try_to_f64().unwrap_or_default().into(),
        Value::Int(number) => number.try_to_i32().map_or(Json::Null, Json::from),
        Value::Boolean(flag) => (*flag).into(),
        Value::List(items) => items.iter().map(|item| constant(item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.to_string(), constant(value))).collect()
        }
        Value::Variable(_) => unreachable!("sets of fields have no variables"),
    }
}
