//! API schemas in one form, so that equal ones are equal texts.

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::ast::{Definition, DirectiveList, Document, FieldDefinition, InputValueDefinition};
use apollo_compiler::{Name, Node};
use tributary_federation::Supergraph;

/// Directives that every schema has, whether it says so or not.
const BUILT_IN: [&str; 6] = ["skip", "include", "defer", "deprecated", "specifiedBy", "oneOf"];

/// The API schema of a supergraph.
pub fn of_supergraph(sdl: &str) -> String {
    // What a gateway must enforce makes no difference to the schema, and isn't to be refused here.
    let sdl = sdl.replace(", for: SECURITY", "").replace(", for: EXECUTION", "");
    let supergraph = Supergraph::parse(&sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}"));
    canonical(&supergraph.api_schema().to_string())
}

/// The types of a supergraph with the marks that are merged, and without what says how subgraphs resolve them.
pub fn marks(sdl: &str) -> String {
    let all = canonical(sdl);
    let own = |line: &&str| {
        let specification = ["join__", "link__", "core__", "requiresScopes__", "policy__", "context__"];
        !specification.iter().any(|prefix| line.contains(prefix)) && !line.contains("directive @")
    };
    all.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// Everything a client can see, in a fixed order, one element a line.
pub fn canonical(sdl: &str) -> String {
    let document = Document::parse(sdl, "api.graphql").expect("an API schema parses");
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for definition in &document.definitions {
        let text = element(definition);
        let mut parts = text.lines();
        lines.extend(parts.next().map(str::to_owned));
        let name = definition.name().map(Name::as_str).unwrap_or_default();
        lines.extend(parts.map(|part| format!("{name}: {part}")));
    }
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// A definition: its head, and below it one line for each part.
fn element(definition: &Definition) -> String {
    let mut text = String::new();
    match definition {
        Definition::ObjectTypeDefinition(on) => {
            head(&mut text, "type", &on.name, &on.directives);
            implements(&mut text, &on.implements_interfaces);
            fields(&mut text, &on.fields);
        }
        Definition::InterfaceTypeDefinition(on) => {
            head(&mut text, "interface", &on.name, &on.directives);
            implements(&mut text, &on.implements_interfaces);
            fields(&mut text, &on.fields);
        }
        Definition::UnionTypeDefinition(on) => {
            head(&mut text, "union", &on.name, &on.directives);
            implements(&mut text, &on.members);
        }
        Definition::EnumTypeDefinition(on) => {
            head(&mut text, "enum", &on.name, &on.directives);
            sorted(&mut text, on.values.iter().map(|v| format!("{}{}", v.value, shown(&v.directives))));
        }
        Definition::InputObjectTypeDefinition(on) => {
            head(&mut text, "input", &on.name, &on.directives);
            sorted(&mut text, on.fields.iter().map(input));
        }
        Definition::ScalarTypeDefinition(on) => head(&mut text, "scalar", &on.name, &on.directives),
        Definition::DirectiveDefinition(on) if !BUILT_IN.contains(&on.name.as_str()) => {
            let _ = write!(text, "directive @{}({:?})", on.name, on.locations);
            sorted(&mut text, on.arguments.iter().map(input));
        }
        _ => {}
    }
    text
}

fn head(text: &mut String, keyword: &str, name: &Name, directives: &DirectiveList) {
    let _ = write!(text, "{keyword} {name}{}", shown(directives));
}

fn implements(text: &mut String, names: &[Name]) {
    sorted(text, names.iter().map(|name| format!("- {name}")));
}

fn fields(text: &mut String, fields: &[Node<FieldDefinition>]) {
    let lines = fields.iter().map(|field| {
        let mut arguments: Vec<String> = field.arguments.iter().map(input).collect();
        arguments.sort();
        format!("{}({}): {}{}", field.name, arguments.join(", "), field.ty, shown(&field.directives))
    });
    sorted(text, lines);
}

fn input(input: &Node<InputValueDefinition>) -> String {
    let default = input.default_value.as_ref().map(|value| format!(" = {}", value.serialize().no_indent()));
    format!("{}: {}{}{}", input.name, input.ty, default.unwrap_or_default(), shown(&input.directives))
}

fn sorted(text: &mut String, lines: impl Iterator<Item = String>) {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    for line in lines {
        let _ = write!(text, "\n{line}");
    }
}

/// The directives that introspection tells, and those by which a gateway decides who sees what at which cost.
fn shown(directives: &DirectiveList) -> String {
    let told = [
        "deprecated",
        "specifiedBy",
        "oneOf",
        "inaccessible",
        "tag",
        "authenticated",
        "requiresScopes",
        "policy",
        "cost",
        "listSize",
    ];
    let mut told: Vec<String> = directives
        .iter()
        .filter(|directive| told.contains(&directive.name.as_str()))
        .map(|directive| format!(" {}", alike(&directive.to_string())))
        .collect();
    told.sort();
    told.concat()
}

/// The lines that only one of the two has; nothing when they are equal.
pub fn difference(ours: &str, theirs: &str) -> Option<String> {
    let only = |name: &str, one: &str, other: &str| -> Vec<String> {
        let known: BTreeSet<&str> = other.lines().collect();
        one.lines().filter(|line| !known.contains(line)).map(|line| format!("{name}: {line}")).collect()
    };
    let mut lines = only("ours", ours, theirs);
    lines.extend(only("theirs", theirs, ours));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The order of scopes means nothing.
fn alike(directive: &str) -> String {
    let Some((name, alternatives)) = directive.split_once(": [[") else { return directive.to_owned() };
    let mut alternatives: Vec<String> = alternatives
        .trim_end_matches(")")
        .trim_end_matches(']')
        .split("], [")
        .map(|all| {
            let mut all: Vec<&str> = all.split(", ").collect();
            all.sort_unstable();
            all.join(", ")
        })
        .collect();
    alternatives.sort();
    format!("{name}: [[{}]])", alternatives.join("], ["))
}
