//! The subgraph's document as a GraphQL schema: is it valid, what are its roots, what in it is protocol.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{self, Definition, Document, FieldDefinition, OperationType};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Node, Schema, name};

use super::super::diagnostic::{Code, Place, Report};
use super::super::links::Links;
use super::super::model::{Kind, Subgraph};
use super::super::spec;

/// More errors than this in one SDL are told as a number: nobody reads them, and a hostile SDL has thousands.
const MAX_SYNTAX_ERRORS: usize = 100;

/// Checks the document, completed with what SDLs usually leave out, against GraphQL's rules.
pub(super) fn validate(document: &Document, links: &Links, subgraph: &str, report: &mut Report) -> bool {
    let mut completion = Document::new();
    completion.definitions = spec::missing_definitions(document, links);
    completion.definitions.extend(missing_query(document));
    let built = Schema::builder().adopt_orphan_extensions().add_ast(document).add_ast(&completion).build();
    let errors = match built {
        Ok(schema) => match schema.validate() {
            Ok(_) => return true,
            Err(broken) => broken.errors,
        },
        Err(broken) => broken.errors,
    };
    report_all(&errors, subgraph, report);
    false
}

/// Tells every error of the parser or of the validation, with its place.
pub(super) fn report_all(errors: &DiagnosticList, subgraph: &str, report: &mut Report) {
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        let place = error.line_column_range().map(|range| Place {
            subgraph: subgraph.to_owned(),
            line: range.start.line,
            column: range.start.column,
        });
        let message = error.error.to_string();
        let remedy = unimported(&message);
        let diagnostic = report.error(Code::InvalidGraphql, format!("[{subgraph}] {message}")).at(place);
        diagnostic.help = remedy;
    }
    if errors.len() > MAX_SYNTAX_ERRORS {
        let message = format!("[{subgraph}] {} more errors like these", errors.len() - MAX_SYNTAX_ERRORS);
        report.error(Code::InvalidGraphql, message);
    }
}

/// How to mend that a directive isn't known: most often it is federation's and wasn't imported.
fn unimported(message: &str) -> Option<String> {
    let name = message.strip_prefix("cannot find directive `@")?.split('`').next()?;
    let since = spec::federation_directive(name)?.oldest_version();
    Some(format!(
        "import it from federation {since} or later: \
         @link(url: \"https://specs.apollo.dev/federation/{since}\", import: [\"@{name}\"])"
    ))
}

/// GraphQL demands a query root with a field; a subgraph that adds fields to others' types needs none of its own,
/// since the protocol gives it one.
fn missing_query(document: &Document) -> Vec<Definition> {
    let roots = explicit_roots(document);
    let has_schema = document.definitions.iter().any(|d| matches!(d, Definition::SchemaDefinition(_)));
    let is_type = |definition: &Definition, name: &Name| {
        kind_of(definition).is_some() && definition.name().is_some_and(|found| found == name)
    };
    let query = match roots.iter().find(|(operation, _)| *operation == OperationType::Query) {
        Some((_, name)) => name.clone(),
        None if has_schema || !roots.is_empty() => {
            let name = name!("federation__Query");
            let root = (OperationType::Query, name.clone());
            let extension = ast::SchemaExtension {
                directives: Default::default(),
                root_operations: vec![Node::new(root)],
            };
            let service = query_definition(name, false);
            return vec![Definition::SchemaExtension(Node::new(extension)), service];
        }
        None => name!("Query"),
    };
    let defined = document.definitions.iter().any(|definition| is_type(definition, &query));
    // A root of another name must be there: nobody leaves that one out.
    if !defined && query != "Query" {
        return Vec::new();
    }
    vec![query_definition(query, defined)]
}

/// A query root with one field more than it has, or with that one alone.
fn query_definition(name: Name, extend: bool) -> Definition {
    let field = FieldDefinition {
        description: None,
        name: name!("federation__service"),
        arguments: Vec::new(),
        ty: ast::Type::Named(name!("String")),
        directives: Default::default(),
    };
    let (implements_interfaces, directives, fields) =
        (Vec::new(), Default::default(), vec![Node::new(field)]);
    match extend {
        true => ast::ObjectTypeExtension { name, implements_interfaces, directives, fields }.into(),
        false => {
            let description = None;
            ast::ObjectTypeDefinition { description, name, implements_interfaces, directives, fields }.into()
        }
    }
}

fn explicit_roots(document: &Document) -> Vec<(OperationType, Name)> {
    let mut roots = Vec::new();
    for definition in &document.definitions {
        let pairs = match definition {
            Definition::SchemaDefinition(schema) => &schema.root_operations,
            Definition::SchemaExtension(schema) => &schema.root_operations,
            _ => continue,
        };
        roots.extend(pairs.iter().map(|pair| (pair.0, pair.1.clone())));
    }
    roots
}

/// Root types that aren't called `Query`, `Mutation`, `Subscription`, with the name that they get.
pub(super) fn renamed_roots(document: &Document) -> HashMap<Name, Name> {
    let canonical = |operation| match operation {
        OperationType::Query => Name::new_unchecked("Query"),
        OperationType::Mutation => Name::new_unchecked("Mutation"),
        OperationType::Subscription => Name::new_unchecked("Subscription"),
    };
    explicit_roots(document)
        .into_iter()
        .map(|(operation, name)| (name, canonical(operation)))
        .filter(|(name, canonical)| name != canonical)
        .collect()
}

/// The types of the protocol (`_Any`, `_Entity`, `_Service`) and of linked specifications.
pub(super) fn hidden_types(document: &Document, links: &Links) -> HashSet<Name> {
    let built_in = ["String", "Int", "Float", "Boolean", "ID"];
    let own = document.definitions.iter().filter_map(Definition::as_directive_definition);
    let of_directives = own
        .filter(|directive| links.known(&directive.name).is_some() || links.joined(&directive.name).is_some())
        .flat_map(|directive| &directive.arguments)
        .map(|argument| argument.ty.inner_named_type().clone());
    let by_name = document.definitions.iter().filter_map(|definition| {
        let name = definition.name()?;
        let protocol = ["_Any", "_Entity", "_Service", "_FieldSet"].contains(&name.as_str());
        let prefixed =
            ["federation__", "link__", "join__", "core__"].iter().any(|prefix| name.starts_with(prefix));
        (protocol || prefixed).then(|| name.clone())
    });
    let imported = links.imports.iter().filter_map(|import| Name::new(&import.local).ok());
    let scalars = links.scalars.iter().cloned();
    let mut hidden: HashSet<Name> = of_directives.chain(by_name).chain(imported).chain(scalars).collect();
    with_their_inputs(document, &mut hidden);
    let used = used_types(document, &hidden);
    hidden.into_iter().filter(|name| !built_in.contains(&name.as_str()) && !used.contains(name)).collect()
}

/// Input types bring the types of their fields along.
fn with_their_inputs(document: &Document, hidden: &mut HashSet<Name>) {
    let mut known = 0;
    while known < hidden.len() {
        known = hidden.len();
        for definition in &document.definitions {
            let Definition::InputObjectTypeDefinition(input) = definition else { continue };
            if hidden.contains(&input.name) {
                hidden.extend(input.fields.iter().map(|field| field.ty.inner_named_type().clone()));
            }
        }
    }
}

/// The enums and inputs that fields of the subgraph's own types use, too: those stay.
fn used_types(document: &Document, hidden: &HashSet<Name>) -> HashSet<Name> {
    let mut used = HashSet::new();
    let own = |name: &Name| !hidden.contains(name);
    for definition in &document.definitions {
        let fields = match definition {
            Definition::ObjectTypeDefinition(on) if own(&on.name) => &on.fields,
            Definition::ObjectTypeExtension(on) if own(&on.name) => &on.fields,
            Definition::InterfaceTypeDefinition(on) if own(&on.name) => &on.fields,
            Definition::InterfaceTypeExtension(on) if own(&on.name) => &on.fields,
            _ => continue,
        };
        for field in fields {
            let arguments = field.arguments.iter().map(|argument| argument.ty.inner_named_type());
            let names = arguments.chain([field.ty.inner_named_type()]);
            used.extend(names.filter(|name| is_ordinary(name)).cloned());
        }
    }
    used
}

/// Not a name of the protocol, which stays hidden however it is used.
fn is_ordinary(name: &Name) -> bool {
    !name.starts_with('_') && !name.contains("__") && name != "FieldSet"
}

/// The kind of type that a definition is about, and whether it is an extension.
pub(super) fn kind_of(definition: &Definition) -> Option<(Kind, bool)> {
    Some(match definition {
        Definition::ScalarTypeDefinition(_) => (Kind::Scalar, false),
        Definition::ScalarTypeExtension(_) => (Kind::Scalar, true),
        Definition::ObjectTypeDefinition(_) => (Kind::Object, false),
        Definition::ObjectTypeExtension(_) => (Kind::Object, true),
        Definition::InterfaceTypeDefinition(_) => (Kind::Interface, false),
        Definition::InterfaceTypeExtension(_) => (Kind::Interface, true),
        Definition::UnionTypeDefinition(_) => (Kind::Union, false),
        Definition::UnionTypeExtension(_) => (Kind::Union, true),
        Definition::EnumTypeDefinition(_) => (Kind::Enum, false),
        Definition::EnumTypeExtension(_) => (Kind::Enum, true),
        Definition::InputObjectTypeDefinition(_) => (Kind::Input, false),
        Definition::InputObjectTypeExtension(_) => (Kind::Input, true),
        _ => return None,
    })
}

/// What federation 1 allowed without saying it, said in the terms of federation 2: every field may be shared,
/// and keys or `@external` on an interface mean nothing.
pub(super) fn apply_version_rules(subgraph: &mut Subgraph) {
    if !subgraph.is_v1() {
        return;
    }
    for def in subgraph.types.values_mut() {
        if def.kind == Kind::Interface {
            def.keys.clear();
        }
        for field in def.fields.values_mut() {
            field.shareable |= def.kind == Kind::Object;
            field.external &= def.kind == Kind::Object;
        }
    }
}
