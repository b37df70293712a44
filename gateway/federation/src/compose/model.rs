//! A subgraph after reading: what its SDL means to composition, with the places kept for diagnostics.

use std::collections::BTreeSet;

use apollo_compiler::ast::{self, Directive, DirectiveDefinition, Type, Value};
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::{Name, Node};
use indexmap::{IndexMap, IndexSet};

use super::diagnostic::Place;
use super::links::Links;
use super::spec::Known;

/// A version of the federation specification; 1.0 is a schema without a link to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u16, pub(super) u16);

impl Version {
    pub(super) const V1: Version = Version(1, 0);
}

/// What the root types are called in every supergraph.
pub(super) const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Scalar => "Scalar",
            Kind::Object => "Object",
            Kind::Interface => "Interface",
            Kind::Union => "Union",
            Kind::Enum => "Enum",
            Kind::Input => "InputObject",
        }
    }
}

pub(super) struct Subgraph {
    pub(super) name: String,
    pub(super) url: String,
    /// The value of `join__Graph` that stands for this subgraph.
    pub(super) graph: Name,
    pub(super) links: Links,
    /// What stands on the schema itself.
    pub(super) schema: Marks,
    pub(super) types: IndexMap<Name, TypeDef>,
    /// The definitions of directives that aren't built in.
    pub(super) directives: IndexMap<Name, Node<DirectiveDefinition>>,
    /// Federation's directives that are used here and that the supergraph has, too.
    pub(super) carried_over: BTreeSet<Known>,
    pub(super) sources: SourceMap,
}

impl Subgraph {
    pub(super) fn place(&self, span: Option<SourceSpan>) -> Option<Place> {
        let found = span?.line_column(&self.sources)?;
        Some(Place { subgraph: self.name.clone(), line: found.line, column: found.column })
    }

    pub(super) fn is_v1(&self) -> bool {
        self.links.federation == Version::V1
    }

    pub(super) fn field(&self, on: &str, name: &str) -> Option<&Field> {
        self.types.get(on)?.fields.get(name)
    }

    pub(super) fn implementations<'a>(&'a self, interface: &'a str) -> impl Iterator<Item = &'a Name> {
        let implements = move |def: &&TypeDef| def.kind == Kind::Object && def.implements.contains(interface);
        self.types.values().filter(implements).map(|def| &def.name)
    }
}

/// The definition of a type with all its extensions in one subgraph.
pub(super) struct TypeDef {
    pub(super) name: Name,
    pub(super) kind: Kind,
    pub(super) span: Option<SourceSpan>,
    pub(super) description: Option<Node<str>>,
    /// `type T` stands somewhere (and not only `extend type T` or `@extends`).
    pub(super) defined: bool,
    /// `extend type T` or `@extends` stands somewhere.
    pub(super) extended: bool,
    /// `@extends` stands somewhere.
    pub(super) extends_directive: bool,
    pub(super) marks: Marks,
    pub(super) keys: Vec<Key>,
    /// Names of contexts that objects of this type set, and where each stands.
    pub(super) contexts: IndexMap<String, Option<SourceSpan>>,
    pub(super) interface_object: bool,
    pub(super) implements: IndexSet<Name>,
    pub(super) fields: IndexMap<Name, Field>,
    pub(super) members: IndexSet<Name>,
    pub(super) values: IndexMap<Name, EnumValue>,
    pub(super) inputs: IndexMap<Name, Input>,
}

impl TypeDef {
    pub(super) fn new(name: &Name, kind: Kind, span: Option<SourceSpan>) -> TypeDef {
        TypeDef {
            name: name.clone(),
            kind,
            span,
            description: None,
            defined: false,
            extended: false,
            extends_directive: false,
            marks: Marks::default(),
            keys: Vec::new(),
            contexts: IndexMap::new(),
            interface_object: false,
            implements: IndexSet::new(),
            fields: IndexMap::new(),
            members: IndexSet::new(),
            values: IndexMap::new(),
            inputs: IndexMap::new(),
        }
    }

    /// What the supergraph says that this is: an interface object stands for an interface.
    pub(super) fn public_kind(&self) -> Kind {
        if self.interface_object { Kind::Interface } else { self.kind }
    }
}

/// A field of an object or interface type.
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) span: Option<SourceSpan>,
    pub(super) description: Option<Node<str>>,
    pub(super) ty: Type,
    pub(super) arguments: IndexMap<Name, Input>,
    pub(super) marks: Marks,
    /// Written `@external`, on the field or on its type.
    pub(super) external: bool,
    pub(super) shareable: bool,
    pub(super) requires: Option<FieldSet>,
    pub(super) provides: Option<FieldSet>,
    pub(super) overrides: Option<Override>,
    /// How other directives of this subgraph use the field.
    pub(super) used: Used,
}

/// Where a field is mentioned in its own subgraph.
#[derive(Clone, Copy, Default)]
pub(super) struct Used {
    pub(super) key: bool,
    /// Part of a key of a type that is extended here.
    pub(super) extension_key: bool,
    pub(super) required: bool,
    pub(super) provided: bool,
    pub(super) interface: bool,
    /// Selected by a `@fromContext`.
    pub(super) context: bool,
}

impl Used {
    pub(super) fn any(self) -> bool {
        self.key || self.required || self.provided || self.interface || self.context
    }
}

/// An argument, or a field of an input type.
pub(super) struct Input {
    pub(super) name: Name,
    pub(super) span: Option<SourceSpan>,
    pub(super) description: Option<Node<str>>,
    pub(super) ty: Type,
    pub(super) default: Option<Node<Value>>,
    pub(super) from_context: Option<FromContext>,
    pub(super) marks: Marks,
}

/// `@fromContext`: the gateway sets the argument from an object that lies above.
pub(super) struct FromContext {
    /// As it is written.
    pub(super) text: String,
    pub(super) span: Option<SourceSpan>,
    /// What is taken from where; `None` when the text names no context.
    pub(super) source: Option<ContextSource>,
}

/// A value of a context.
pub(super) struct ContextSource {
    pub(super) context: String,
    /// The selection as it is written.
    pub(super) text: String,
    /// The selection, or why it is none.
    pub(super) selections: Result<Vec<ast::Selection>, String>,
}

pub(super) struct EnumValue {
    pub(super) span: Option<SourceSpan>,
    pub(super) description: Option<Node<str>>,
    pub(super) marks: Marks,
}

pub(super) struct Key {
    pub(super) fields: FieldSet,
    pub(super) resolvable: bool,
}

/// The selection of `@key`, `@requires` or `@provides`.
#[derive(Clone)]
pub(super) struct FieldSet {
    /// The selection on one line, the same for every way to write it.
    pub(super) text: String,
    pub(super) selections: Vec<ast::Selection>,
    pub(super) span: Option<SourceSpan>,
}

#[derive(Clone)]
pub(super) struct Override {
    pub(super) from: String,
    pub(super) label: Option<String>,
    pub(super) span: Option<SourceSpan>,
}

/// What can stand on any element and is carried over into the supergraph.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub(super) inaccessible: bool,
    pub(super) tags: BTreeSet<String>,
    pub(super) authenticated: bool,
    pub(super) scopes: Option<Vec<Vec<String>>>,
    pub(super) policies: Option<Vec<Vec<String>>>,
    pub(super) cost: Option<i32>,
    pub(super) list_size: Option<Node<Directive>>,
    pub(super) deprecated: Option<Node<Directive>>,
    pub(super) specified_by: Option<Node<Directive>>,
    pub(super) one_of: bool,
    /// Directives named by `@composeDirective`: kept as they are.
    pub(super) composed: Vec<Node<Directive>>,
    /// Directives of specifications that are for the gateway: kept for each subgraph as `@join__directive`.
    pub(super) joined: Vec<Node<Directive>>,
}

impl Marks {
    /// Whether not everybody may see the element.
    pub(super) fn demands_something(&self) -> bool {
        self.authenticated || self.scopes.is_some() || self.policies.is_some()
    }
}

/// Whether every value of `narrow` is one of `wide`, whose names are the same: whether only nulls differ.
pub(super) fn is_narrower(narrow: &Type, wide: &Type) -> bool {
    match (narrow, wide) {
        (Type::NonNullNamed(narrow), Type::NonNullNamed(wide) | Type::Named(wide))
        | (Type::Named(narrow), Type::Named(wide)) => narrow == wide,
        (Type::NonNullList(narrow), Type::NonNullList(wide) | Type::List(wide))
        | (Type::List(narrow), Type::List(wide)) => is_narrower(narrow, wide),
        _ => false,
    }
}
