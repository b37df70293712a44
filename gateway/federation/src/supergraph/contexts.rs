//! `@context` and `@fromContext`: arguments that are set from an object above the field.

use apollo_compiler::ast::{Definition, Directive, Document, Selection, Value};

use super::directives::{argument, string};
use crate::TypeSet;
use crate::selection::SetId;

/// A value that arguments take from objects above: an index into the supergraph's contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ContextId(pub u16);

/// A value that arguments take from the nearest object above that sets its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContextValue {
    /// The objects that set it, and what is selected on them: one leaf.
    pub owners: Vec<(TypeSet, SetId)>,
    /// The argument's type, as it is written in GraphQL.
    pub ty: Box<str>,
}

impl ContextValue {
    /// Whether the argument can't be null.
    pub fn is_required(&self) -> bool {
        self.ty.ends_with('!')
    }
}

/// An argument that a subgraph wants set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contextual {
    pub argument: Box<str>,
    pub value: ContextId,
}

/// `join__ContextArgument`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ContextArgument<'a> {
    /// The context's name, which begins with its subgraph's.
    pub context: &'a str,
    pub name: &'a str,
    pub ty: &'a str,
    pub selection: &'a str,
}

impl<'a> ContextArgument<'a> {
    /// All of a `@join__field`; what isn't one is left out, since the join specification defines its form.
    pub fn read(join: &'a Directive) -> Vec<Self> {
        let Some(list) = argument(join, "contextArguments").and_then(|value| value.as_list()) else {
            return Vec::new();
        };
        list.iter().filter_map(|value| Self::of(value)).collect()
    }

    fn of(value: &'a Value) -> Option<Self> {
        let fields = value.as_object()?;
        let text = |name: &str| fields.iter().find(|(known, _)| known == name)?.1.as_str();
        Some(Self {
            context: text("context")?,
            name: text("name")?,
            ty: text("type")?,
            selection: text("selection")?,
        })
    }
}

/// The contexts that a type's directives set, `directive` being what the supergraph calls `@context`.
pub(super) fn names<'a>(
    directives: impl Iterator<Item = &'a Directive>,
    directive: &str,
) -> impl Iterator<Item = &'a str> {
    directives.filter(move |found| found.name == directive).filter_map(|found| string(found, "name"))
}

/// A context's selection by the type that it is made on: whatever type sets the context (`None`), or the types
/// that its fragments name.
pub(super) fn branches(selection: &str) -> Result<Vec<(Option<String>, String)>, String> {
    let braced = match selection.trim_start().starts_with('{') {
        true => selection.to_owned(),
        false => format!("{{{selection}}}"),
    };
    let document = Document::parse(braced, "selection").map_err(|error| error.errors.to_string())?;
    let Some(Definition::OperationDefinition(operation)) = document.definitions.first() else {
        return Err("it is no selection".to_owned());
    };
    let selections = &operation.selection_set;
    let branch = |selection: &Selection| match selection {
        Selection::InlineFragment(fragment) => {
            let condition = fragment.type_condition.as_ref().map(ToString::to_string);
            Some((condition, printed(&fragment.selection_set)))
        }
        _ => None,
    };
    let found: Option<Vec<_>> = selections.iter().map(branch).collect();
    Ok(found.unwrap_or_else(|| vec![(None, printed(selections))]))
}

fn printed(selections: &[Selection]) -> String {
    let each = selections.iter().map(|selection| selection.serialize().no_indent().to_string());
    each.collect::<Vec<_>>().join(" ")
}
