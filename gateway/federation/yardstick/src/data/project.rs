//! The client's answer from what Hive Router's plan has brought together: what GraphQL says of completing values,
//! over data instead of resolvers.

use apollo_compiler::Name;
use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{DirectiveList, ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value as Json};

use super::rewrite::type_name;

/// An operation whose data is shaped.
pub struct Projection<'a> {
    pub api: &'a Schema,
    pub document: &'a ExecutableDocument,
    /// Coerced.
    pub variables: &'a JsonMap,
}

/// There is a null where none may be.
struct Nothing;

impl Projection<'_> {
    /// The answer's `data`.
    pub fn project(&self, data: &Json) -> Json {
        let operation = self.document.operations.get(None).expect("requests have one operation");
        let fields = data.as_object().cloned().unwrap_or_default();
        let ty = operation.object_type();
        self.object(ty, &[&operation.selection_set], &fields).unwrap_or(Json::Null)
    }

    fn object(&self, ty: &Name, sets: &[&SelectionSet], data: &Map<String, Json>) -> Result<Json, Nothing> {
        let mut groups: IndexMap<&str, Vec<&Field>> = IndexMap::default();
        for set in sets {
            self.collect(ty, set, &mut groups);
        }
        let mut object = Map::new();
        for (key, fields) in groups {
            let value = match &fields[..] {
                [field, ..] if field.name == "__typename" => ty.as_str().into(),
                all => {
                    let sets: Vec<_> = all.iter().map(|field| &field.selection_set).collect();
                    let definition = self.api.type_field(ty, &all[0].name).map_err(|_| Nothing)?;
                    self.value(&definition.ty, &sets, data.get(key).unwrap_or(&Json::Null))?
                }
            };
            object.insert(key.to_owned(), value);
        }
        Ok(object.into())
    }

    fn collect<'s>(
        &'s self,
        ty: &Name,
        set: &'s SelectionSet,
        groups: &mut IndexMap<&'s str, Vec<&'s Field>>,
    ) {
        for selection in &set.selections {
            if !self.is_included(selection.directives()) {
                continue;
            }
            let (condition, inner) = match selection {
                Selection::Field(field) => {
                    groups.entry(field.response_key()).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.type_condition.as_ref(), &fragment.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    (Some(fragment.type_condition()), &fragment.selection_set)
                }
            };
            if condition.is_none_or(|it| it == ty || self.api.is_subtype(it, ty)) {
                self.collect(ty, inner, groups);
            }
        }
    }

    fn is_included(&self, directives: &DirectiveList) -> bool {
        let is = |name: &str| {
            let value = directives.get(name)?.specified_argument_by_name("if")?;
            Some(match value.as_variable() {
                Some(variable) => self.variables.get(variable.as_str()) == Some(&JsonValue::Bool(true)),
                None => value.to_bool() == Some(true),
            })
        };
        is("skip") != Some(true) && is("include") != Some(false)
    }

    fn value(&self, ty: &Type, sets: &[&SelectionSet], data: &Json) -> Result<Json, Nothing> {
        let value = self.nullable(ty, sets, data).unwrap_or(Json::Null);
        if value.is_null() && ty.is_non_null() { Err(Nothing) } else { Ok(value) }
    }

    fn nullable(&self, ty: &Type, sets: &[&SelectionSet], data: &Json) -> Result<Json, Nothing> {
        match (ty, data) {
            (_, Json::Null) => Ok(Json::Null),
            (Type::List(item) | Type::NonNullList(item), Json::Array(items)) => {
                items.iter().map(|one| self.value(item, sets, one)).collect()
            }
            (Type::List(_) | Type::NonNullList(_), _) => Err(Nothing),
            (Type::Named(name) | Type::NonNullNamed(name), data) => self.named(name, sets, data),
        }
    }

    fn named(&self, name: &Name, sets: &[&SelectionSet], data: &Json) -> Result<Json, Nothing> {
        match (self.api.types.get(name), data) {
            (Some(ExtendedType::Enum(values)), Json::String(value)) => {
                let is_known = values.values.keys().any(|known| known.as_str() == value);
                if is_known { Ok(data.clone()) } else { Err(Nothing) }
            }
            (Some(ExtendedType::Object(_)), Json::Object(fields)) => self.object(name, sets, fields),
            (Some(ExtendedType::Interface(_) | ExtendedType::Union(_)), Json::Object(fields)) => {
                // Where nobody asks for the type, their plans don't fetch it; an interface's own fields need none.
                let ty = type_name(fields).unwrap_or_else(|| name.clone());
                let is_one = ty == *name || self.api.is_subtype(name, &ty);
                if is_one { self.object(&ty, sets, fields) } else { Err(Nothing) }
            }
            _ => Ok(data.clone()),
        }
    }
}
