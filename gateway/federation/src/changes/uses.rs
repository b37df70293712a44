//! What known operations use of a schema, to tell which changes can reach their clients.

use std::collections::BTreeSet;

use apollo_compiler::ast::Document;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

use super::Change;

/// The types and fields that operations use.
///
/// A field that became nullable breaks the client that reads it, although its operation stays valid: that is why
/// [`super::operation_problems`] alone can't tell who is safe.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    types: BTreeSet<Name>,
    fields: BTreeSet<(Name, Name)>,
    /// Input types and enums, of which every part may be in a variable or in an answer.
    whole: BTreeSet<Name>,
}

impl Uses {
    /// Adds what the operations of a document use. A document that isn't valid on the schema uses nothing of it.
    pub fn add(&mut self, schema: &Valid<Schema>, document: &Document) {
        let Ok(document) = document.to_executable_validate(schema) else { return };
        // Every fragment is used, since the document is valid.
        for operation in document.operations.iter() {
            self.selections(schema, &operation.selection_set);
        }
        for fragment in document.fragments.values() {
            self.selections(schema, &fragment.selection_set);
        }
    }

    /// Whether a change is about something that is used. A change of a directive always is.
    pub fn touch(&self, change: &Change) -> bool {
        let element = change.coordinate.split('(').next().unwrap_or_default();
        match element.split_once('.') {
            _ if element.starts_with('@') => true,
            Some((ty, part)) => {
                let is_field = |(owner, field): &(Name, Name)| owner == ty && field == part;
                self.whole.contains(ty) || self.fields.iter().any(is_field)
            }
            None => self.whole.contains(element) || self.types.contains(element),
        }
    }

    fn selections(&mut self, schema: &Schema, root: &SelectionSet) {
        let mut open = vec![root];
        while let Some(set) = open.pop() {
            self.types.insert(set.ty.clone());
            // Which objects there can be is seen by who asks for all of them.
            let objects = schema.types.iter().filter(|(_, ty)| ty.is_object());
            self.types
                .extend(objects.map(|(name, _)| name.clone()).filter(|it| schema.is_subtype(&set.ty, it)));
            for selection in &set.selections {
                match selection {
                    Selection::Field(field) => {
                        self.field(schema, &set.ty, field);
                        open.push(&field.selection_set);
                    }
                    Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
    }

    fn field(&mut self, schema: &Schema, owner: &Name, field: &Field) {
        if field.name.starts_with("__") {
            return;
        }
        self.fields.insert((owner.clone(), field.name.clone()));
        // The answer comes from an object: what happens to its own field happens to the interface's.
        for (name, ty) in &schema.types {
            if ty.as_object().is_some_and(|object| object.implements_interfaces.contains(owner.as_str())) {
                self.fields.insert((name.clone(), field.name.clone()));
            }
        }
        self.leaf(schema, field.definition.ty.inner_named_type());
        for given in &field.arguments {
            if let Some(argument) = field.definition.argument_by_name(&given.name) {
                self.input(schema, argument.ty.inner_named_type());
            }
        }
    }

    fn leaf(&mut self, schema: &Schema, name: &Name) {
        match &schema.types[name] {
            ExtendedType::Enum(_) => drop(self.whole.insert(name.clone())),
            _ => drop(self.types.insert(name.clone())),
        }
    }

    fn input(&mut self, schema: &Schema, name: &Name) {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if self.whole.insert(name.clone())
                && let ExtendedType::InputObject(input) = &schema.types[name]
            {
                open.extend(input.fields.values().map(|field| field.ty.inner_named_type()));
            }
        }
    }
}
