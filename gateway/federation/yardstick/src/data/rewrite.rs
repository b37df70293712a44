//! Changes that Hive Router's plans make to what is sent and to what comes back.

use apollo_compiler::Name;
use hive_router_query_planner::planner::plan_nodes::{FetchNodePathSegment, FetchRewrite};
use serde_json::{Map, Value as Json};

use super::joins::Joins;

/// Whether a type is one of several, or an object of one of them.
pub fn is_any<'a, T: AsRef<str> + 'a>(joins: &Joins, ty: &str, several: impl IntoIterator<Item = T>) -> bool {
    several.into_iter().any(|one| one.as_ref() == ty || joins.schema.is_subtype(one.as_ref(), ty))
}

/// Applies one rewrite.
pub fn rewrite(joins: &Joins, rewrite: &FetchRewrite, value: &mut Json) {
    match rewrite {
        FetchRewrite::KeyRenamer(it) => walk(joins, &it.path, value, &Change::Rename(&it.rename_key_to)),
        FetchRewrite::ValueSetter(it) => walk(joins, &it.path, value, &Change::Set(&it.set_value_to)),
    }
}

/// What is done at the end of a path.
enum Change<'a> {
    Rename(&'a str),
    Set(&'a str),
}

fn walk(joins: &Joins, path: &[FetchNodePathSegment], value: &mut Json, change: &Change<'_>) {
    let Some((first, rest)) = path.split_first() else {
        if let Change::Set(text) = change {
            *value = (*text).into();
        }
        return;
    };
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| walk(joins, path, item, change)),
        Json::Object(fields) => match (first, change) {
            (FetchNodePathSegment::TypenameEquals(types), _) => {
                let ty = fields.get("__typename").and_then(Json::as_str);
                if ty.is_none_or(|ty| is_any(joins, ty, types)) {
                    walk(joins, rest, value, change);
                }
            }
            (FetchNodePathSegment::Key(key), Change::Rename(to)) if rest.is_empty() => {
                rename(fields, key, to)
            }
            (FetchNodePathSegment::Key(key), _) => {
                if let Some(value) = fields.get_mut(key) {
                    walk(joins, rest, value, change);
                }
            }
        },
        _ => {}
    }
}

fn rename(fields: &mut Map<String, Json>, key: &str, to: &str) {
    if let Some(value) = fields.remove(key) {
        fields.insert(to.to_owned(), value);
    }
}

/// A type's name from data.
pub fn type_name(value: &Map<String, Json>) -> Option<Name> {
    value.get("__typename").and_then(Json::as_str).and_then(|name| Name::new(name).ok())
}
