//! The only field of a subscription, with its arguments.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value};
use tributary_federation::plan::VariableId;
use tributary_federation::variables::Variables;

/// The field that is subscribed to.
#[derive(Debug)]
pub struct RootField {
    /// Its name in the schema.
    pub name: Box<str>,
    arguments: Vec<(Box<str>, Template)>,
}

/// A value with variables in it.
#[derive(Debug)]
enum Template {
    Value(Value),
    /// The variable, and what counts where it is absent.
    Variable(VariableId, Option<Value>),
    List(Vec<Template>),
    Object(Vec<(Box<str>, Template)>),
}

/// The root field could be there or not, so that nobody would know what is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A subscription's root field can't have a condition (@skip, @include)")]
pub struct ConditionalRoot;

impl RootField {
    /// Reads the root field of a validated subscription; `None`: it has none but `__typename`.
    ///
    /// # Errors
    /// Where it has a condition (GraphQL specification, section 5.2.4.1).
    pub fn read(
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
    ) -> Result<Option<Self>, ConditionalRoot> {
        if has_conditions(document, &operation.selection_set) {
            return Err(ConditionalRoot);
        }
        let variables: Vec<&str> =
            operation.variables.iter().map(|variable| variable.name.as_str()).collect();
        let mut fields = operation.root_fields(document).filter(|field| !field.name.starts_with("__"));
        Ok(fields
            .next()
            .map(|field| Self { name: field.name.as_str().into(), arguments: arguments(field, &variables) }))
    }

    /// The arguments' values. Those that are absent aren't there.
    pub fn arguments(&self, variables: &Variables) -> Map<String, Value> {
        let values = self
            .arguments
            .iter()
            .filter_map(|(name, template)| Some((name.to_string(), template.value(variables)?)));
        values.collect()
    }
}

/// Fragments can't be cyclic in a validated document; one that is spread often is looked at once.
fn has_conditions(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    let (mut open, mut seen) = (vec![set], Vec::new());
    while let Some(set) = open.pop() {
        for selection in &set.selections {
            let directives = selection.directives();
            if directives.has("skip") || directives.has("include") {
                return true;
            }
            match selection {
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => open.push(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if seen.contains(&&spread.fragment_name) {
                        continue;
                    }
                    seen.push(&spread.fragment_name);
                    open.extend(document.fragments.get(&spread.fragment_name).map(|it| &it.selection_set));
                }
            }
        }
    }
    false
}

fn arguments(field: &Field, variables: &[&str]) -> Vec<(Box<str>, Template)> {
    let defined = field.definition.arguments.iter();
    let given = |name: &str| field.arguments.iter().find(|argument| argument.name == name);
    let arguments = defined.filter_map(|definition| {
        let default = definition.default_value.as_ref().map(|value| constant(value));
        let template = match given(&definition.name) {
            None => Template::Value(default?),
            Some(argument) => template(&argument.value, variables, default),
        };
        Some((definition.name.as_str().into(), template))
    });
    arguments.collect()
}

fn template(value: &ast::Value, variables: &[&str], default: Option<Value>) -> Template {
    match value {
        ast::Value::Variable(name) => {
            let at = variables.iter().position(|known| *known == name.as_str());
            // A validated document uses no other variables.
            at.map_or(Template::Value(Value::Null), |at| Template::Variable(VariableId(at as u32), default))
        }
        ast::Value::List(items) => {
            Template::List(items.iter().map(|item| template(item, variables, None)).collect())
        }
        ast::Value::Object(fields) => {
            let field = |(name, value): &(apollo_compiler::Name, apollo_compiler::Node<ast::Value>)| {
                (name.as_str().into(), template(value, variables, None))
            };
            Template::Object(fields.iter().map(field).collect())
        }
        other => Template::Value(constant(other)),
    }
}

fn constant(value: &ast::Value) -> Value {
    match value {
        ast::Value::Null | ast::Value::Variable(_) => Value::Null,
        ast::Value::Enum(name) => name.as_str().into(),
        ast::Value::String(text) => text.as_str().into(),
        ast::Value::Boolean(value) => (*value).into(),
        // Both are written as JSON writes numbers; what is too large for a number stays as it was written.
        ast::Value::Int(number) => number_of(number.as_str()),
        ast::Value::Float(number) => number_of(number.as_str()),
        ast::Value::List(items) => items.iter().map(|item| constant(item)).collect(),
        ast::Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), constant(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn number_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

impl Template {
    fn value(&self, variables: &Variables) -> Option<Value> {
        Some(match self {
            Self::Value(value) => value.clone(),
            Self::Variable(id, default) => match variables.get(*id) {
                Some(json) => serde_json::from_str(json).unwrap_or(Value::Null),
                None => default.clone()?,
            },
            // In a list an absent variable is null.
            Self::List(items) => {
                items.iter().map(|item| item.value(variables).unwrap_or(Value::Null)).collect()
            }
            Self::Object(fields) => {
                let fields =
                    fields.iter().filter_map(|(name, it)| Some((name.to_string(), it.value(variables)?)));
                fields.collect::<Map<_, _>>().into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::Schema;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = "type Query { a: Int }
        input In { a: Int b: [E] } enum E { X Y }
        type Subscription { s(id: ID, ids: [ID!] = [\"d\", 1], at: E = X, in: In, n: Int = 3, f: Float): Int other: Int }";

    fn root(query: &str) -> Result<Option<RootField>, ConditionalRoot> {
        let schema = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "q").unwrap();
        RootField::read(&document, document.operations.get(None).unwrap())
    }

    #[test]
    fn arguments_are_values() {
        let values = |list: &[Option<&str>]| {
            Variables::from_raw(list.iter().map(|value| value.map(Box::from)).collect())
        };
        for (query, variables, expected) in [
            ("subscription { s }", &[][..], json!({"ids": ["d", 1], "at": "X", "n": 3})),
            (
                "subscription { s(id: 7, ids: \"a\", at: Y, n: null, f: 1.5, in: {a: 1, b: [X]}) }",
                &[],
                json!({"id": 7, "ids": "a", "at": "Y", "n": null, "f": 1.5, "in": {"a": 1, "b": ["X"]}}),
            ),
            (
                "subscription($id: ID, $n: Int) { s(id: $id, n: $n, ids: [], in: {a: $n, b: []}) }",
                &[Some("\"x\""), None],
                json!({"id": "x", "ids": [], "at": "X", "n": 3, "in": {"b": []}}),
            ),
            (
                "subscription($id: ID!, $o: ID!) { s(ids: [$id, $o], n: 1) }",
                &[Some("\"x\""), Some("2")],
                json!({"ids": ["x", 2], "at": "X", "n": 1}),
            ),
        ] {
            let root = root(query).unwrap().unwrap();
            assert_eq!(&*root.name, "s");
            assert_eq!(Value::Object(root.arguments(&values(variables))), expected, "{query}");
        }
    }

    #[test]
    fn a_root_field_that_could_be_left_out_is_refused() {
        for query in [
            "subscription($b: Boolean!) { s @skip(if: $b) }",
            "subscription($b: Boolean!) { ... @include(if: $b) { s } }",
            "subscription($b: Boolean!) { ...F } fragment F on Subscription { s @include(if: $b) }",
        ] {
            let schema = Schema::parse_and_validate(SCHEMA, "s").unwrap();
            // Where the validator refuses it already, there is nothing to read.
            let Ok(document) = ExecutableDocument::parse_and_validate(&schema, query, "q") else { continue };
            let read = RootField::read(&document, document.operations.get(None).unwrap());
            assert_eq!(read.map(drop), Err(ConditionalRoot), "{query}");
        }
        let spread = "subscription { ...F ...F } fragment F on Subscription { s }";
        assert_eq!(&*root(spread).unwrap().unwrap().name, "s");
    }
}
