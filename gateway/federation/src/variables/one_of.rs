//! The rule for `@oneOf` inputs written in a document, which apollo-compiler doesn't know yet. Values of
//! variables are checked when they come.

use apollo_compiler::{
    ExecutableDocument, Schema,
    ast::{Type, Value},
    executable::Operation,
    schema::{ExtendedType, InputObjectType},
};

/// What is wrong with an operation's `@oneOf` inputs: one has not exactly one field, or a null.
///
/// # Errors
/// The first mistake, for whoever wrote the operation.
pub fn check_one_of(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Result<(), String> {
    if !schema.directive_definitions.contains_key("oneOf") {
        return Ok(());
    }
    let rule = Rule { schema, operation };
    for field in operation.all_fields(document) {
        for argument in &field.arguments {
            if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                rule.value(&definition.ty, &argument.value)?;
            }
        }
    }
    Ok(())
}

struct Rule<'a> {
    schema: &'a Schema,
    operation: &'a Operation,
}

impl Rule<'_> {
    fn value(&self, ty: &Type, value: &Value) -> Result<(), String> {
        match value {
            Value::List(items) => items.iter().try_for_each(|item| self.value(ty.item_type(), item)),
            Value::Object(fields) => {
                let Some(ExtendedType::InputObject(object)) = self.schema.types.get(ty.inner_named_type())
                else {
                    return Ok(());
                };
                if object.directives.has("oneOf") {
                    self.one(object, fields.iter().map(|(name, value)| (name.as_str(), &**value)))?;
                }
                fields.iter().try_for_each(|(name, value)| match object.fields.get(name) {
                    Some(field) => self.value(&field.ty, value),
                    None => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    fn one<'v>(
        &self,
        object: &InputObjectType,
        mut fields: impl Iterator<Item = (&'v str, &'v Value)>,
    ) -> Result<(), String> {
        let (Some((name, value)), None) = (fields.next(), fields.next()) else {
            return Err(format!("exactly one field of the oneOf input {} must be given", object.name));
        };
        match value {
            Value::Null => {
                Err(format!("the field {name:?} of the oneOf input {} must not be null", object.name))
            }
            Value::Variable(variable) if self.is_nullable(variable) => Err(format!(
                "the variable ${variable} gives a field of the oneOf input {}, so its type must be non-null",
                object.name
            )),
            _ => Ok(()),
        }
    }

    fn is_nullable(&self, variable: &str) -> bool {
        self.operation
            .variables
            .iter()
            .any(|definition| definition.name == variable && !definition.ty.is_non_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "
        directive @oneOf on INPUT_OBJECT
        input By @oneOf { id: ID name: String }
        input Wrapper { all: [By!] }
        type Query { find(by: By, wrapped: Wrapper): Int }
    ";

    #[track_caller]
    fn passes(query: &str, expected: bool) {
        let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "query.graphql").unwrap();
        let operation = document.operations.get(None).unwrap();
        assert_eq!(check_one_of(&schema, &document, operation).is_ok(), expected, "{query}");
    }

    #[test]
    fn exactly_one_field_that_is_not_null() {
        passes("{ find(by: { id: 1 }) }", true);
        passes("{ find }", true);
        passes("{ find(by: {}) }", false);
        passes("{ find(by: { id: 1, name: \"n\" }) }", false);
        passes("{ find(by: { id: null }) }", false);
        passes("{ find(wrapped: { all: [{ id: 1 }, { name: \"n\" }] }) }", true);
        passes("{ find(wrapped: { all: [{ id: 1 }, {}] }) }", false);
        passes("{ ...F } fragment F on Query { find(by: {}) }", false);
    }

    #[test]
    fn a_variable_must_be_non_null() {
        passes("query($id: ID!) { find(by: { id: $id }) }", true);
        passes("query($id: ID) { find(by: { id: $id }) }", false);
        passes("query($by: By) { find(by: $by) }", true);
    }
}
