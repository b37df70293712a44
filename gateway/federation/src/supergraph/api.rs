//! The API schema: the supergraph without its join machinery and without what is inaccessible.

use std::sync::LazyLock;

use apollo_compiler::ast::{DirectiveDefinition, DirectiveList as AstDirectives, InputValueDefinition, Type};
use apollo_compiler::collections::{HashSet, IndexMap};
use apollo_compiler::schema::{Component, DirectiveList, ExtendedType, FieldDefinition};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Name, Node, Schema};

/// What stays on elements of the API schema: the specification's own directives.
const KEPT: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];
const KEPT_DEFINITIONS: [&str; 6] = ["deprecated", "specifiedBy", "oneOf", "skip", "include", "defer"];

/// Clients may defer fragments, whatever subgraphs know of that.
static DEFER: LazyLock<IndexMap<Name, Node<DirectiveDefinition>>> = LazyLock::new(|| {
    let definition =
        "directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT";
    let schema = Schema::parse(definition, "defer.graphql").expect("the definition is valid GraphQL");
    schema.directive_definitions.into_iter().filter(|(name, _)| name == "defer").collect()
});

/// The API schema of a valid supergraph.
pub(super) fn api_schema(full: &Valid<Schema>) -> Result<Valid<Schema>, DiagnosticList> {
    let mut api = stripped(full);
    if has_inaccessible(full) {
        return api.validate().map_err(|error| error.errors);
    }
    // Without machinery a valid schema is as valid as before; validation would only do this.
    remove_unused_scalars(&mut api);
    Ok(Valid::assume_valid(api))
}

fn has_inaccessible(full: &Schema) -> bool {
    let argument = |argument: &Node<InputValueDefinition>| argument.directives.has("inaccessible");
    let fields = |fields: &IndexMap<Name, Component<FieldDefinition>>| {
        fields.values().any(|it| it.directives.has("inaccessible") || it.arguments.iter().any(argument))
    };
    full.types.values().any(|ty| {
        ty.directives().has("inaccessible")
            || match ty {
                ExtendedType::Object(object) => fields(&object.fields),
                ExtendedType::Interface(interface) => fields(&interface.fields),
                ExtendedType::Enum(enum_) => {
                    enum_.values.values().any(|value| value.directives.has("inaccessible"))
                }
                ExtendedType::InputObject(input) => {
                    input.fields.values().any(|field| field.directives.has("inaccessible"))
                }
                ExtendedType::Scalar(_) | ExtendedType::Union(_) => false,
            }
    })
}

/// Introspection lists only those of GraphQL's own scalars that something is of.
fn remove_unused_scalars(api: &mut Schema) {
    let mut used: HashSet<Name> = HashSet::default();
    let mut uses = |ty: &Type| {
        let name = ty.inner_named_type();
        if !used.contains(name) {
            used.insert(name.clone());
        }
    };
    for definition in api.directive_definitions.values() {
        definition.arguments.iter().for_each(|argument| uses(&argument.ty));
    }
    for ty in api.types.values() {
        let fields = match ty {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            ExtendedType::InputObject(input) => {
                input.fields.values().for_each(|field| uses(&field.ty));
                continue;
            }
            _ => continue,
        };
        for field in fields.values() {
            uses(&field.ty);
            field.arguments.iter().for_each(|argument| uses(&argument.ty));
        }
    }
    api.types.retain(|name, ty| !ty.is_scalar() || !ty.is_built_in() || used.contains(name));
}

fn stripped(full: &Schema) -> Schema {
    let mut api = full.clone();
    let hidden: Vec<Name> =
        api.types.iter().filter(|(name, ty)| is_hidden(name, ty)).map(|(name, _)| name.clone()).collect();
    api.types.retain(|name, _| !hidden.contains(name));
    api.directive_definitions.retain(|name, _| KEPT_DEFINITIONS.contains(&name.as_str()));
    api.directive_definitions.extend(DEFER.clone());
    strip_schema(api.schema_definition.make_mut(), &hidden);
    for ty in api.types.values_mut() {
        strip(ty, &hidden);
    }
    api
}

fn is_hidden(name: &Name, ty: &ExtendedType) -> bool {
    let machinery = name.starts_with("join__") || name.starts_with("link__") || is_namespaced(name, ty);
    machinery || ty.directives().has("inaccessible")
}

/// `core__Purpose`, `federation__Scope`, …: types of linked specifications; introspection's begin with `__`.
fn is_namespaced(name: &Name, ty: &ExtendedType) -> bool {
    !ty.is_built_in() && name.find("__").is_some_and(|at| at > 0) && (ty.is_scalar() || ty.is_enum()) && {
        ["core__", "federation__", "connect__", "context__", "requiresScopes__", "policy__"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    }
}

fn strip_schema(definition: &mut apollo_compiler::schema::SchemaDefinition, hidden: &[Name]) {
    definition.directives = DirectiveList::default();
    for root in [&mut definition.query, &mut definition.mutation, &mut definition.subscription] {
        if root.as_ref().is_some_and(|name| hidden.contains(&name.name)) {
            *root = None;
        }
    }
}

fn strip(ty: &mut ExtendedType, hidden: &[Name]) {
    match ty {
        ExtendedType::Scalar(scalar) => keep(&mut scalar.make_mut().directives),
        ExtendedType::Object(object) => {
            let object = object.make_mut();
            keep(&mut object.directives);
            object.implements_interfaces.retain(|interface| !hidden.contains(&interface.name));
            object.fields.retain(|_, field| !field.directives.has("inaccessible"));
            object.fields.values_mut().for_each(|field| strip_field(field.make_mut()));
        }
        ExtendedType::Interface(interface) => {
            let interface = interface.make_mut();
            keep(&mut interface.directives);
            interface.implements_interfaces.retain(|parent| !hidden.contains(&parent.name));
            interface.fields.retain(|_, field| !field.directives.has("inaccessible"));
            interface.fields.values_mut().for_each(|field| strip_field(field.make_mut()));
        }
        ExtendedType::Union(union_) => {
            let union_ = union_.make_mut();
            keep(&mut union_.directives);
            union_.members.retain(|member| !hidden.contains(&member.name));
        }
        ExtendedType::Enum(enum_) => {
            let enum_ = enum_.make_mut();
            keep(&mut enum_.directives);
            enum_.values.retain(|_, value| !value.directives.has("inaccessible"));
            enum_.values.values_mut().for_each(|value| keep_ast(&mut value.make_mut().directives));
        }
        ExtendedType::InputObject(input) => {
            let input = input.make_mut();
            keep(&mut input.directives);
            input.fields.retain(|_, field| !field.directives.has("inaccessible"));
            input.fields.values_mut().for_each(|field| keep_ast(&mut field.make_mut().directives));
        }
    }
}

fn strip_field(field: &mut apollo_compiler::ast::FieldDefinition) {
    keep_ast(&mut field.directives);
    field.arguments.retain(|argument| !argument.directives.has("inaccessible"));
    for argument in &mut field.arguments {
        keep_ast(&mut argument.make_mut().directives);
    }
}

fn keep(directives: &mut DirectiveList) {
    directives.0.retain(|directive| KEPT.contains(&directive.name.as_str()));
}

fn keep_ast(directives: &mut AstDirectives) {
    directives.0.retain(|directive| KEPT.contains(&directive.name.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What isn't validated is what validation would have made of it.
    #[test]
    fn nothing_is_left_for_validation_to_do() {
        let shop = include_str!("../../../../schema/supergraph.graphql");
        // With inaccessible fields it is validated.
        let shop = &shop.replace(" @inaccessible\n", "\n");
        for sdl in [shop, &shop.replace(": Int", ": Float"), &shop.replace(": ID", ": String")] {
            let full = Schema::parse_and_validate(sdl, "supergraph.graphql").expect("it is valid");
            assert!(!has_inaccessible(&full));
            let api = api_schema(&full).expect("it has an API schema");
            let validated = stripped(&full).validate().expect("the API schema is valid");
            assert_eq!(api.to_string(), validated.to_string());
            let names = |schema: &Schema| schema.types.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&api), names(&validated));
        }
    }
}
