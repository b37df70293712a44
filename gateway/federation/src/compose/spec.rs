//! The federation specification: its directives, since when there are which, and their definitions.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use apollo_compiler::ast::{Definition, DirectiveDefinition, Document, ScalarTypeDefinition};
use apollo_compiler::{Name, Node};

use super::links::Links;
use super::model::Version;

/// The newest version that composition knows.
const NEWEST: u16 = 13;

/// The specification's types that can be imported.
pub(super) const TYPES: &[&str] = &["FieldSet", "Scope", "Policy", "ContextFieldValue", "Import", "Purpose"];

/// Those of them that arguments of directives have.
pub(super) const SCALARS: &[&str] = &["FieldSet", "Scope", "Policy", "ContextFieldValue"];

macro_rules! known {
    ($($variant:ident $name:literal since $minor:literal $v1:literal $definition:literal;)*) => {
        /// A directive with a meaning for composition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Known { $($variant),* }

        impl Known {
            const ALL: &'static [Known] = &[$(Known::$variant),*];

            /// The specification's name for it.
            pub(super) fn name(self) -> &'static str {
                match self { $(Known::$variant => $name),* }
            }

            /// The minor version of federation 2 that brought it; `u16::MAX` for what isn't federation's.
            fn since(self) -> u16 {
                match self { $(Known::$variant => $minor),* }
            }

            /// Whether federation 1 has it, too.
            fn in_v1(self) -> bool {
                match self { $(Known::$variant => $v1),* }
            }

            /// Its definition without `directive @name`, for SDLs that leave it out.
            fn definition(self) -> &'static str {
                match self { $(Known::$variant => $definition),* }
            }
        }
    };
}

known! {
    Key "key" since 0 true "(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE";
    Requires "requires" since 0 true "(fields: federation__FieldSet!) on FIELD_DEFINITION";
    Provides "provides" since 0 true "(fields: federation__FieldSet!) on FIELD_DEFINITION";
    External "external" since 0 true "(reason: String) on OBJECT | FIELD_DEFINITION";
    Extends "extends" since 0 true " on OBJECT | INTERFACE";
    Shareable "shareable" since 0 false " repeatable on OBJECT | FIELD_DEFINITION";
    Override "override" since 0 true "(from: String!, label: String) on FIELD_DEFINITION";
    Inaccessible "inaccessible" since 0 true " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION";
    Tag "tag" since 0 true "(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA";
    ComposeDirective "composeDirective" since 1 false "(name: String!) repeatable on SCHEMA";
    InterfaceObject "interfaceObject" since 3 false " on OBJECT";
    Authenticated "authenticated" since 5 false " on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
    RequiresScopes "requiresScopes" since 5 false "(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
    Policy "policy" since 6 false "(policies: [[federation__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
    Context "context" since 8 false "(name: String!) repeatable on INTERFACE | OBJECT | UNION";
    FromContext "fromContext" since 8 false "(field: federation__ContextFieldValue) on ARGUMENT_DEFINITION";
    Cost "cost" since 9 false "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR";
    ListSize "listSize" since 9 false "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION";
    CacheTag "cacheTag" since 12 false "(format: String!) repeatable on OBJECT | FIELD_DEFINITION";
    Link "link" since 65535 false "(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA";
    Deprecated "deprecated" since 65535 false "(reason: String = \"No longer supported\") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE";
    SpecifiedBy "specifiedBy" since 65535 false "(url: String!) on SCALAR";
    CacheControl "cacheControl" since 65535 false "(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION";
    OneOf "oneOf" since 65535 false " on INPUT_OBJECT";
}

impl Known {
    /// Whether it isn't federation's: GraphQL's own, `@link`, or one that everybody knows by its name.
    pub(super) fn is_built_in(self) -> bool {
        self.since() == u16::MAX
    }

    /// The first version of federation 2 that has it, as `@link` names it.
    pub(super) fn oldest_version(self) -> String {
        format!("v2.{}", self.since())
    }

    /// Whether the supergraph has it, under the specification's name.
    pub(super) fn is_carried_over(self) -> bool {
        use Known::*;
        matches!(
            self,
            Inaccessible | Tag | Authenticated | RequiresScopes | Policy | Context | Cost | ListSize
        )
    }
}

/// The directives of a version of federation.
pub(super) fn directives(version: Version) -> impl Iterator<Item = Known> {
    Known::ALL.iter().copied().filter(move |known| match version {
        Version::V1 => known.in_v1(),
        Version(_, minor) => known.since() <= minor,
    })
}

/// The directive of federation that has this name.
pub(super) fn federation_directive(name: &str) -> Option<Known> {
    Known::ALL.iter().copied().find(|known| known.name() == name && !known.is_built_in())
}

/// The definitions of all directives, parsed once.
static DEFINITIONS: LazyLock<HashMap<Known, Node<DirectiveDefinition>>> = LazyLock::new(|| {
    let parse = |known: &Known| {
        let text = format!("directive @{}{}", known.name(), known.definition());
        let document =
            Document::parse(text, "federation.graphql").expect("the specification's own definitions parse");
        let mut definitions = document.definitions.iter();
        definitions.find_map(|found| found.as_directive_definition().map(|found| (*known, found.clone())))
    };
    Known::ALL.iter().filter_map(parse).collect()
});

/// Types that these definitions use, and the protocol's own, parsed once.
static TYPE_DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let text = "
        scalar federation__FieldSet scalar federation__Scope scalar federation__Policy
        scalar federation__ContextFieldValue scalar link__Import scalar _Any scalar _FieldSet scalar FieldSet
        enum CacheControlScope { PUBLIC PRIVATE }
        enum link__Purpose { SECURITY EXECUTION }
        type _Service { sdl: String }
    ";
    let document = Document::parse(text, "federation.graphql");
    document.expect("the specification's own definitions parse").definitions.clone()
});

/// The specification's definition of a directive of federation.
pub(super) fn definition(known: Known) -> Option<&'static Node<DirectiveDefinition>> {
    if known.is_built_in() { None } else { DEFINITIONS.get(&known) }
}

/// `v2.3`, if composition knows that version.
pub(super) fn federation_version(text: &str) -> Option<Version> {
    let minor = text.strip_prefix("v2.")?.parse().ok()?;
    (minor <= NEWEST).then_some(Version(2, minor))
}

/// Whether a URL's last segment is a version.
pub(super) fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Definitions of what the document uses without defining it, so that it is a complete schema.
///
/// `_service.sdl` usually has none of them, other files have all.
pub(super) fn missing_definitions(document: &Document, links: &Links) -> Vec<Definition> {
    let mut directives = HashSet::new();
    let mut types = HashSet::new();
    for definition in &document.definitions {
        match definition {
            Definition::DirectiveDefinition(directive) => directives.insert(&directive.name),
            other => other.name().is_some_and(|name| types.insert(name)),
        };
    }
    let mut missing: Vec<Definition> = Vec::new();
    for (name, known) in links.known_names() {
        let built_in = matches!(known, Known::Deprecated | Known::SpecifiedBy);
        let Some(definition) = DEFINITIONS.get(&known).filter(|_| !built_in && !directives.contains(name))
        else {
            continue;
        };
        let mut definition = definition.clone();
        if definition.name != *name {
            definition.make_mut().name = name.clone();
        }
        missing.push(Definition::DirectiveDefinition(definition));
    }
    let of_types = TYPE_DEFINITIONS.iter().filter(|definition| {
        definition.name().is_some_and(|name| {
            let own_scope =
                name == "CacheControlScope" && directives.iter().any(|own| *own == "cacheControl");
            !types.contains(name) && !own_scope
        })
    });
    missing.extend(of_types.cloned());
    let renamed = links.scalars.iter().filter(|name| {
        let is_it = |known: &Definition| known.name() == Some(*name);
        !types.contains(name) && !TYPE_DEFINITIONS.iter().any(is_it)
    });
    missing.extend(renamed.map(|name| scalar(name.clone())));
    missing
}

fn scalar(name: Name) -> Definition {
    ScalarTypeDefinition { description: None, name, directives: Default::default() }.into()
}
