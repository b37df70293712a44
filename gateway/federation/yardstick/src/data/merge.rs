//! Data in the making, as Hive Router's executor treats it: what is sent of it, what a path leads to, and what a
//! reply adds.

use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::planner::plan_nodes::FlattenNodePathSegment;
use serde_json::{Map, Value as Json};

use super::rewrite::is_any;
use super::world::World;

/// What of a value is sent for it; nothing, if it has nothing of what is asked for.
pub fn represent(world: &World<'_>, items: &[SelectionItem], value: &Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::Array(all) => Some(all.iter().filter_map(|one| represent(world, items, one)).collect()),
        Json::Object(_) if items.is_empty() => Some(value.clone()),
        Json::Object(fields) => {
            let mut found = Map::new();
            collect(world, items, fields, &mut found);
            let only_type =
                matches!(items, [SelectionItem::Field(it)] if it.selection_identifier() == "__typename");
            if found.is_empty() && !only_type {
                return None;
            }
            if let Some(ty) = fields.get("__typename") {
                found.insert("__typename".to_owned(), ty.clone());
            }
            (!found.is_empty()).then(|| found.into())
        }
        leaf => Some(leaf.clone()),
    }
}

fn collect(
    world: &World<'_>,
    items: &[SelectionItem],
    fields: &Map<String, Json>,
    found: &mut Map<String, Json>,
) {
    for item in items {
        match item {
            SelectionItem::Field(field) => {
                let key = field.selection_identifier();
                let value = fields.get(&field.name).or_else(|| fields.get(key));
                let Some(value) = value.filter(|_| key != "__typename") else { continue };
                // A null is sent as such; what is inside may be nothing.
                let value = match value {
                    Json::Null => Some(Json::Null),
                    value => represent(world, &field.selections.items, value),
                };
                found.extend(value.map(|value| (key.to_owned(), value)));
            }
            SelectionItem::InlineFragment(fragment) => {
                let condition = &fragment.type_condition;
                let ty = fields.get("__typename").and_then(Json::as_str).unwrap_or(condition);
                let is_either = is_any(world.joins, ty, [condition]) || is_any(world.joins, condition, [ty]);
                if is_either {
                    collect(world, &fragment.selections.items, fields, found);
                }
            }
            // Only requests to subgraphs have them.
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// Visits what is at the end of a path.
pub fn visit(
    world: &World<'_>,
    value: &mut Json,
    path: &[FlattenNodePathSegment],
    each: &mut dyn FnMut(&mut Json),
) {
    let Some((first, rest)) = path.split_first() else {
        match value {
            Json::Array(all) => all.iter_mut().for_each(each),
            value => each(value),
        }
        return;
    };
    match (first, value) {
        (FlattenNodePathSegment::List, Json::Array(all)) => {
            all.iter_mut().for_each(|one| visit(world, one, rest, each));
        }
        (FlattenNodePathSegment::Field(name), Json::Object(fields)) => {
            if let Some(value) = fields.get_mut(name) {
                visit(world, value, rest, each);
            }
        }
        (FlattenNodePathSegment::TypeCondition(_), Json::Array(all)) => {
            all.iter_mut().for_each(|one| visit(world, one, path, each));
        }
        (FlattenNodePathSegment::TypeCondition(types), value @ Json::Object(_)) => {
            let ty = value.get("__typename").and_then(Json::as_str);
            if ty.is_none_or(|ty| is_any(world.joins, ty, types)) {
                visit(world, value, rest, each);
            }
        }
        _ => {}
    }
}

/// Adds what a reply brings: a null changes nothing, what both have is the reply's.
pub fn merge(target: &mut Json, source: Json) {
    match (target, source) {
        (_, Json::Null) => {}
        (Json::Object(target), Json::Object(source)) => {
            for (key, value) in source {
                match target.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => drop(target.insert(key, value)),
                }
            }
        }
        (Json::Array(target), Json::Array(source)) => {
            target.iter_mut().zip(source).for_each(|(target, source)| merge(target, source));
        }
        (target, source) => *target = source,
    }
}
