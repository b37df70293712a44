//! The selections in `@key`, `@requires` and `@provides`.

use std::collections::HashMap;
use std::fmt::Write;

use apollo_compiler::ast::{Definition, Directive, Field, Selection, Value};
use apollo_compiler::parser::Parser;
use apollo_compiler::{Name, Node};

use super::diagnostic::Code;
use super::model::FieldSet;
use super::spec::Known;

/// Selections nest as deep as types do; nobody writes a key of a hundred levels.
const RECURSION_LIMIT: usize = 64;

/// The codes for a kind of field set.
pub(super) struct Codes {
    pub(super) invalid_type: Code,
    pub(super) invalid: Code,
    pub(super) directive: Code,
}

/// Which rule speaks for which directive.
pub(super) fn codes(known: Known) -> Codes {
    match known {
        Known::Key => Codes {
            invalid_type: Code::KeyInvalidFieldsType,
            invalid: Code::KeyInvalidFields,
            directive: Code::KeyDirectiveInFieldsArg,
        },
        Known::Requires => Codes {
            invalid_type: Code::RequiresInvalidFieldsType,
            invalid: Code::RequiresInvalidFields,
            directive: Code::RequiresDirectiveInFieldsArg,
        },
        _ => Codes {
            invalid_type: Code::ProvidesInvalidFieldsType,
            invalid: Code::ProvidesInvalidFields,
            directive: Code::ProvidesDirectiveInFieldsArg,
        },
    }
}

/// Parses the `fields` of a directive.
pub(super) fn parse(directive: &Node<Directive>, known: Known, v1: bool) -> Result<FieldSet, (Code, String)> {
    let codes = codes(known);
    let Some(value) = directive.specified_argument_by_name("fields") else {
        return Err((codes.invalid_type, format!("@{} has no fields", known.name())));
    };
    let text = match text_of(value, v1) {
        Some(text) => text,
        None => {
            let message =
                format!("Invalid value for argument \"@{}(fields:)\": must be a string", known.name());
            return Err((codes.invalid_type, message));
        }
    };
    let invalid = |why: &str| (codes.invalid, format!("@{}(fields: \"{text}\"): {why}", known.name()));
    let selections = match names(&text) {
        Some(selections) => selections,
        None => selections(&format!("{{ {} }}", text.trim())).map_err(|why| invalid(&why))?,
    };
    Ok(FieldSet { text: print(&selections), selections, span: directive.location() })
}

/// The fields of a selection that is names and nothing else, as most keys are: no parser is needed for those.
fn names(text: &str) -> Option<Vec<Selection>> {
    let mut fields = Vec::new();
    for name in text.split_ascii_whitespace() {
        let field = Field {
            alias: None,
            name: Name::new(name).ok()?,
            arguments: Vec::new(),
            directives: Default::default(),
            selection_set: Vec::new(),
        };
        fields.push(Selection::Field(Node::new(field)));
    }
    (!fields.is_empty()).then_some(fields)
}

/// Parses a selection in braces; otherwise tells why that can't be done.
pub(super) fn selections(source: &str) -> Result<Vec<Selection>, String> {
    let document = Parser::new()
        .recursion_limit(RECURSION_LIMIT)
        .parse_ast(source, "fields")
        .map_err(|broken| first_message(&broken.errors))?;
    match document.definitions.into_iter().next() {
        Some(Definition::OperationDefinition(operation)) if !operation.selection_set.is_empty() => {
            Ok(operation.selection_set.clone())
        }
        _ => Err("it selects nothing".to_owned()),
    }
}

/// Federation 1 took names without quotes, and lists of them, too.
fn text_of(value: &Value, v1: bool) -> Option<String> {
    let name = |value: &Value| match value {
        Value::Enum(name) if v1 => Some(name.to_string()),
        other => other.as_str().map(str::to_owned),
    };
    match value.as_list() {
        Some(items) if v1 => {
            let names: Option<Vec<String>> = items.iter().map(|item| name(item)).collect();
            names.map(|names| names.join(" "))
        }
        _ => name(value),
    }
}

fn first_message(errors: &apollo_compiler::validation::DiagnosticList) -> String {
    errors.iter().next().map(|error| error.error.to_string()).unwrap_or_default()
}

/// Type conditions on renamed root types get their new name.
pub(super) fn rename(set: &mut FieldSet, renamed: &HashMap<Name, Name>) {
    if renamed.is_empty() {
        return;
    }
    rename_selections(&mut set.selections, renamed);
    set.text = print(&set.selections);
}

pub(super) fn rename_selections(selections: &mut [Selection], renamed: &HashMap<Name, Name>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => rename_selections(&mut field.make_mut().selection_set, renamed),
            Selection::InlineFragment(fragment) => {
                let fragment = fragment.make_mut();
                if let Some(canonical) = fragment.type_condition.as_ref().and_then(|name| renamed.get(name)) {
                    fragment.type_condition = Some(canonical.clone());
                }
                rename_selections(&mut fragment.selection_set, renamed);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// A selection on one line, without the outer braces.
pub(super) fn print(selections: &[Selection]) -> String {
    let mut text = String::new();
    print_into(selections, &mut text);
    text
}

fn print_into(selections: &[Selection], text: &mut String) {
    for (at, selection) in selections.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        let nested = match selection {
            Selection::Field(field) => {
                if let Some(alias) = &field.alias {
                    let _ = write!(text, "{alias}: ");
                }
                text.push_str(&field.name);
                print_arguments(field, text);
                &field.selection_set
            }
            Selection::InlineFragment(fragment) => {
                text.push_str("...");
                if let Some(condition) = &fragment.type_condition {
                    let _ = write!(text, " on {condition}");
                }
                &fragment.selection_set
            }
            Selection::FragmentSpread(spread) => {
                let _ = write!(text, "...{}", spread.fragment_name);
                continue;
            }
        };
        if !nested.is_empty() {
            text.push_str(" { ");
            print_into(nested, text);
            text.push_str(" }");
        }
    }
}

fn print_arguments(field: &Field, text: &mut String) {
    if field.arguments.is_empty() {
        return;
    }
    let printed: Vec<String> = field
        .arguments
        .iter()
        .map(|argument| format!("{}: {}", argument.name, argument.value.serialize().no_indent()))
        .collect();
    let _ = write!(text, "({})", printed.join(", "));
}
