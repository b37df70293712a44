//! Is an answer's `data` what the operation can be answered with?

use apollo_compiler::ast::{Directive, DirectiveList, Type, Value};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use serde_json::{Map, Value as Json};

/// What values are held against.
pub(crate) struct Form<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) document: &'a ExecutableDocument,
    /// The values of the Boolean variables.
    pub(crate) variables: &'a dyn Fn(&str) -> bool,
}

impl Form<'_> {
    /// Whether an object can be the answer to a selection on a type: its keys are those selected, in any order, and
    /// its values of their types.
    pub(crate) fn is_object(&self, object: &Map<String, Json>, set: &SelectionSet) -> bool {
        self.possible(&set.ty).iter().any(|ty| {
            let mut fields: Vec<&Node<Field>> = Vec::new();
            self.collect(ty, set, &mut fields);
            let keys: std::collections::BTreeSet<&str> =
                fields.iter().map(|field| field.response_key().as_str()).collect();
            keys.len() == object.len()
                && fields.iter().all(|field| {
                    let value = object.get(field.response_key().as_str());
                    value.is_some_and(|value| self.is_value(ty, value, field))
                })
        })
    }

    fn is_value(&self, object: &Name, value: &Json, field: &Field) -> bool {
        match field.name.as_str() {
            "__typename" => value.as_str() == Some(object),
            _ => self.is_of(field.ty(), value, field),
        }
    }

    fn is_of(&self, ty: &Type, value: &Json, field: &Field) -> bool {
        if value.is_null() {
            return !ty.is_non_null();
        }
        match (ty, value) {
            (Type::List(inner) | Type::NonNullList(inner), Json::Array(items)) => {
                items.iter().all(|item| self.is_of(inner, item, field))
            }
            (Type::List(_) | Type::NonNullList(_), _) => false,
            (Type::Named(name) | Type::NonNullNamed(name), value) => self.is_named(name, value, field),
        }
    }

    fn is_named(&self, name: &Name, value: &Json, field: &Field) -> bool {
        match (&self.schema.types[name], name.as_str()) {
            (_, "Int") => value.as_i64().is_some_and(|value| i32::try_from(value).is_ok()),
            (_, "Float") => value.is_number(),
            (_, "String" | "ID") => value.is_string(),
            (_, "Boolean") => value.is_boolean(),
            (ExtendedType::Scalar(_), _) => true,
            (ExtendedType::Enum(all), _) => {
                value.as_str().is_some_and(|value| all.values.contains_key(value))
            }
            _ => value.as_object().is_some_and(|object| self.is_object(object, &field.selection_set)),
        }
    }

    fn possible(&self, ty: &Name) -> Vec<Name> {
        match &self.schema.types[ty] {
            ExtendedType::Object(_) => vec![ty.clone()],
            _ => self.schema.types.keys().filter(|it| self.is_possible(ty, it)).cloned().collect(),
        }
    }

    fn is_possible(&self, ty: &Name, object: &Name) -> bool {
        self.schema.get_object(object).is_some() && self.schema.is_subtype(ty, object)
    }

    fn collect<'s>(&'s self, ty: &Name, set: &'s SelectionSet, fields: &mut Vec<&'s Node<Field>>) {
        let applies = |condition: &Name| condition == ty || self.schema.is_subtype(condition, ty);
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.wanted(&field.directives) => fields.push(field),
                Selection::InlineFragment(fragment)
                    if self.wanted(&fragment.directives)
                        && fragment.type_condition.as_ref().is_none_or(applies) =>
                {
                    self.collect(ty, &fragment.selection_set, fields);
                }
                Selection::FragmentSpread(spread) if self.wanted(&spread.directives) => {
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    if applies(fragment.type_condition()) {
                        self.collect(ty, &fragment.selection_set, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn wanted(&self, directives: &DirectiveList) -> bool {
        let on = |directive: &Directive| match directive.specified_argument_by_name("if").map(|it| &**it) {
            Some(Value::Variable(name)) => (self.variables)(name),
            Some(Value::Boolean(value)) => *value,
            _ => true,
        };
        directives.iter().all(|directive| match directive.name.as_str() {
            "skip" => !on(directive),
            "include" => on(directive),
            _ => true,
        })
    }
}
