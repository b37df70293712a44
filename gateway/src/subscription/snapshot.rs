//! What a query's answer says of the versions of entities, so that events which it contains needn't be told again.

use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, Schema};
use serde_json::{Map, Value};

use super::version::Versioned;

/// What is looked for.
pub struct Entities<'a> {
    /// The schema that the query was asked of.
    pub schema: &'a Schema,
    /// The type that the events tell about.
    pub entity: &'a str,
    /// The field that has the version.
    pub version: &'a str,
    /// The fields of the keys of an object's type.
    pub keys: &'a dyn Fn(&str) -> Vec<Vec<String>>,
}

/// All entities in the data of a query's answer that say their key and their version. Where an object's place has an
/// abstract type, its `__typename` has to be there, too.
pub fn versions(
    wanted: &Entities<'_>,
    document: &ExecutableDocument,
    operation: &Operation,
    data: &Value,
) -> Vec<Versioned> {
    let mut search = Search { wanted, document, found: Vec::new() };
    search.value(&operation.selection_set.ty, &[&operation.selection_set], data);
    search.found
}

/// Of which objects' fields something is asked.
#[derive(Clone, Copy)]
enum Of<'t> {
    /// Those of that type.
    Type(&'t Name),
    /// Those that every object has there.
    All,
    /// Those that any object can have there.
    Any,
}

struct Search<'a> {
    wanted: &'a Entities<'a>,
    document: &'a ExecutableDocument,
    found: Vec<Versioned>,
}

impl<'a> Search<'a> {
    /// Looks at a value of that type, of which those sets were asked.
    fn value(&mut self, ty: &Name, sets: &[&'a SelectionSet], value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(ty, sets, item)),
            Value::Object(object) => self.object(ty, sets, object),
            _ => {}
        }
    }

    fn object(&mut self, ty: &Name, sets: &[&'a SelectionSet], object: &Map<String, Value>) {
        let mut fields = Vec::new();
        let mut spread = Vec::new();
        let typename = match self.wanted.schema.get_object(ty) {
            Some(_) => Some(ty.clone()),
            None => self.typename(sets, object),
        };
        // What isn't known to be asked of this object may be another one's, under the same response key.
        let of = typename.as_ref().map_or(Of::All, Of::Type);
        sets.iter().for_each(|set| self.collect(set, of, &mut spread, &mut fields));
        if let Some(typename) = &typename
            && self.is_wanted(typename)
        {
            self.entity(typename, &fields, object);
        }
        self.below(fields, object);
    }

    fn is_wanted(&self, typename: &Name) -> bool {
        typename == self.wanted.entity || self.wanted.schema.is_subtype(self.wanted.entity, typename)
    }

    fn entity(&mut self, typename: &Name, fields: &[&Field], object: &Map<String, Value>) {
        let of = |name: &str| {
            let asked = fields.iter().find(|field| field.name == name && field.arguments.is_empty())?;
            object.get(asked.response_key().as_str())
        };
        let keys = (self.wanted.keys)(typename);
        let keys: Vec<Vec<&str>> = keys.iter().map(|key| key.iter().map(String::as_str).collect()).collect();
        self.found.extend(Versioned::of(typename, of, &keys, self.wanted.version));
    }

    /// Looks at what its fields have. What is asked under one response key is one object.
    fn below(&mut self, mut fields: Vec<&'a Field>, object: &Map<String, Value>) {
        fields.retain(|field| !field.selection_set.selections.is_empty());
        let same = |one: &Field, other: &Field| {
            one.response_key() == other.response_key() && one.selection_set.ty == other.selection_set.ty
        };
        while let Some(first) = fields.first().copied() {
            let sets: Vec<&SelectionSet> =
                fields.iter().filter(|field| same(first, field)).map(|field| &field.selection_set).collect();
            fields.retain(|field| !same(first, field));
            if let Some(value) = object.get(first.response_key().as_str()) {
                self.value(&first.selection_set.ty, &sets, value);
            }
        }
    }

    /// An object's type, if that was asked.
    fn typename(&self, sets: &[&'a SelectionSet], object: &Map<String, Value>) -> Option<Name> {
        let (mut spread, mut fields) = (Vec::new(), Vec::new());
        sets.iter().for_each(|set| self.collect(set, Of::Any, &mut spread, &mut fields));
        let asked = fields.iter().find(|field| field.name == "__typename")?;
        Name::new(object.get(asked.response_key().as_str())?.as_str()?).ok()
    }

    /// The fields that are asked of those objects. A fragment that is spread a second time adds
    /// nothing.
    fn collect(
        &self,
        set: &'a SelectionSet,
        of: Of<'_>,
        spread: &mut Vec<&'a Name>,
        fields: &mut Vec<&'a Field>,
    ) {
        let applies = |on: &Name| match of {
            Of::Type(it) => it == on || self.wanted.schema.is_subtype(on, it),
            Of::All => false,
            Of::Any => true,
        };
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => fields.push(field),
                Selection::InlineFragment(inline) if inline.type_condition.as_ref().is_none_or(applies) => {
                    self.collect(&inline.selection_set, of, spread, fields);
                }
                Selection::InlineFragment(_) => {}
                Selection::FragmentSpread(named) if !spread.contains(&&named.fragment_name) => {
                    spread.push(&named.fragment_name);
                    if let Some(fragment) = self.document.fragments.get(&named.fragment_name)
                        && applies(fragment.type_condition())
                    {
                        self.collect(&fragment.selection_set, of, spread, fields);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}
