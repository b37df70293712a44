//! Reads one SDL into a [`Subgraph`]: parses it, checks that it is a valid schema, applies its extensions,
//! gives its root types their usual names, and drops what belongs to the federation protocol itself.

mod contexts;
mod definitions;
mod marks;
mod schema;

use std::collections::{BTreeSet, HashMap, HashSet};

use apollo_compiler::ast::{
    self, Definition, DirectiveList, Document, FieldDefinition, InputValueDefinition, Type,
};
use apollo_compiler::parser::Parser;
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

use super::SubgraphSdl;
use super::diagnostic::{Code, Place, Report};
use super::fieldset;
use super::links::{self, Links};
use super::model::{EnumValue, Field, Input, Key, Kind, Marks, Override, Subgraph, TypeDef, Used};
use super::spec::Known;

/// Deep enough for every schema that a person writes, shallow enough for the stack of a worker thread.
const RECURSION_LIMIT: usize = 200;
/// A bound on the work that an unknown SDL can cause (50 MB of SDL have about as many).
const TOKEN_LIMIT: usize = 8_000_000;

/// Reads a subgraph; what is wrong goes to the report, and `None` means that nothing could be read.
pub(super) fn read(input: &SubgraphSdl<'_>, graph: Name, report: &mut Report) -> Option<Subgraph> {
    let parsed = Parser::new()
        .recursion_limit(RECURSION_LIMIT)
        .token_limit(TOKEN_LIMIT)
        .parse_ast(input.sdl, input.name);
    let document = match parsed {
        Ok(document) => document,
        Err(broken) => {
            schema::report_all(&broken.errors, input.name, report);
            return None;
        }
    };
    let (links, link_errors) = links::read(&document);
    let mut subgraph = Subgraph {
        name: input.name.to_owned(),
        url: input.url.unwrap_or_default().to_owned(),
        graph,
        links,
        schema: Marks::default(),
        types: IndexMap::new(),
        directives: IndexMap::new(),
        carried_over: BTreeSet::new(),
        sources: document.sources.clone(),
    };
    for error in &link_errors {
        report
            .error(error.code, format!("[{}] {}", input.name, error.message))
            .at(subgraph.place(error.span));
    }
    if !link_errors.is_empty() {
        return None;
    }
    let defined = definitions::validate(&document, &subgraph.links, input.name, report);
    if !defined || !schema::validate(&document, &subgraph.links, input.name, report) {
        return None;
    }
    Reader::new(&document, &mut subgraph, report).read(&document);
    Some(subgraph)
}

struct Reader<'a> {
    subgraph: &'a mut Subgraph,
    report: &'a mut Report,
    /// Names of root types here, and what they are called in every supergraph.
    roots: HashMap<Name, Name>,
    /// Types of the protocol and of linked specifications, which no supergraph shows.
    hidden: HashSet<Name>,
}

impl<'a> Reader<'a> {
    fn new(document: &Document, subgraph: &'a mut Subgraph, report: &'a mut Report) -> Reader<'a> {
        let roots = schema::renamed_roots(document);
        let hidden = schema::hidden_types(document, &subgraph.links);
        Reader { subgraph, report, roots, hidden }
    }

    fn read(mut self, document: &Document) {
        self.check_root_names(document);
        let mut schema = Marks::default();
        for directives in links::schema_directives(document) {
            self.marks(&mut schema, directives);
        }
        self.subgraph.schema = schema;
        for definition in &document.definitions {
            self.definition(definition);
        }
        if let Some(query) = self.subgraph.types.get_mut("Query") {
            query.fields.retain(|name, _| name != "_service" && name != "_entities");
        }
        self.check_renamed_members();
        self.subgraph.types.retain(|_, def| !(def.kind == Kind::Object && def.fields.is_empty()));
        schema::apply_version_rules(self.subgraph);
    }

    /// `Query` and its like may only name the root types, since they name them in the supergraph.
    fn check_root_names(&mut self, document: &Document) {
        let codes = [
            ("Query", Code::RootQueryUsed),
            ("Mutation", Code::RootMutationUsed),
            ("Subscription", Code::RootSubscriptionUsed),
        ];
        for (canonical, code) in codes {
            let Some((renamed, _)) = self.roots.iter().find(|(_, target)| *target == canonical) else {
                continue;
            };
            let taken = document.definitions.iter().find_map(|d| match d {
                Definition::DirectiveDefinition(_) => None,
                other => other.name().filter(|name| *name == canonical),
            });
            if let Some(taken) = taken {
                let message = format!(
                    "[{}] The schema has a type named \"{canonical}\" but it is not set as the {} root type (\"{renamed}\" is instead): this is not supported by federation. If a root type does not use its default name, there should be no other type with that default name.",
                    self.subgraph.name,
                    canonical.to_lowercase(),
                );
                let place = self.subgraph.place(taken.location());
                self.report.error(code, message).at(place);
            }
        }
    }

    /// Where a root type's objects are among others, the subgraph is asked by the supergraph's name for it and
    /// answers with its own. Neither knows the other's, and no supergraph says which belong together.
    fn check_renamed_members(&mut self) {
        let types = &self.subgraph.types;
        let mut roots: Vec<_> = self.roots.iter().collect();
        roots.sort_unstable();
        for (renamed, canonical) in roots {
            let implemented = types.get(canonical).and_then(|root| root.implements.first());
            let of_union = types.values().find(|def| def.members.contains(canonical)).map(|def| &def.name);
            let Some(holder) = of_union.or(implemented) else { continue };
            let message = format!(
                "[{}] The root type \"{renamed}\" is one of \"{holder}\", and in the supergraph it is called \"{canonical}\": what asks for objects of \"{holder}\" can't name it",
                self.subgraph.name,
            );
            let place = self.subgraph.place(types.get(canonical).and_then(|root| root.span));
            self.report.error(Code::RenamedRootInAbstractType, message).at(place);
        }
    }

    fn definition(&mut self, definition: &Definition) {
        if let Definition::DirectiveDefinition(directive) = definition {
            let composed = self.links().is_composed(&directive.name);
            if composed || self.links().known(&directive.name).is_none() {
                self.subgraph.directives.insert(directive.name.clone(), directive.clone());
            }
            return;
        }
        let Some((kind, extension)) = schema::kind_of(definition) else { return };
        let Some(name) = definition.name() else { return };
        if self.hidden.contains(name) {
            return;
        }
        let span = name.location();
        let name = self.rename(name);
        let mut def = match self.subgraph.types.shift_remove(&name) {
            Some(known) => known,
            None => TypeDef::new(&name, kind, span),
        };
        let extends = self.has(definition.directives(), Known::Extends);
        def.extended |= extension || extends;
        def.extends_directive |= extends;
        if !extension {
            def.span = span;
            // In federation 1 `type T @extends` was how to write `extend type T`.
            def.defined |= !(extends && self.subgraph.is_v1());
        }
        self.body(&mut def, definition);
        self.subgraph.types.insert(name, def);
    }

    fn body(&mut self, def: &mut TypeDef, definition: &Definition) {
        self.marks(&mut def.marks, definition.directives());
        self.keys(def, definition.directives());
        self.contexts(def, definition.directives());
        def.interface_object |= self.has(definition.directives(), Known::InterfaceObject);
        match definition {
            Definition::ObjectTypeDefinition(node) => {
                def.description = def.description.take().or(node.description.clone());
                self.composite(def, &node.implements_interfaces, &node.directives, &node.fields);
            }
            Definition::InterfaceTypeDefinition(node) => {
                def.description = def.description.take().or(node.description.clone());
                self.composite(def, &node.implements_interfaces, &node.directives, &node.fields);
            }
            Definition::ObjectTypeExtension(node) => {
                self.composite(def, &node.implements_interfaces, &node.directives, &node.fields);
            }
            Definition::InterfaceTypeExtension(node) => {
                self.composite(def, &node.implements_interfaces, &node.directives, &node.fields);
            }
            _ => {
                let name = def.name.clone();
                self.without_joined(&name, &mut def.marks);
                self.leaf(def, definition);
            }
        }
    }

    fn leaf(&mut self, def: &mut TypeDef, definition: &Definition) {
        match definition {
            Definition::ScalarTypeDefinition(node) => def.description = node.description.clone(),
            Definition::UnionTypeDefinition(node) => {
                def.description = node.description.clone();
                def.members.extend(node.members.iter().map(|member| self.rename(member)));
            }
            Definition::UnionTypeExtension(node) => {
                def.members.extend(node.members.iter().map(|member| self.rename(member)));
            }
            Definition::EnumTypeDefinition(node) => {
                def.description = node.description.clone();
                self.values(def, &node.values);
            }
            Definition::EnumTypeExtension(node) => self.values(def, &node.values),
            Definition::InputObjectTypeDefinition(node) => {
                def.description = node.description.clone();
                self.inputs(def, &node.fields);
            }
            Definition::InputObjectTypeExtension(node) => self.inputs(def, &node.fields),
            _ => {}
        }
    }

    fn composite(
        &mut self,
        def: &mut TypeDef,
        implements: &[Name],
        directives: &DirectiveList,
        fields: &[Node<FieldDefinition>],
    ) {
        def.implements.extend(implements.iter().cloned());
        let v1 = self.subgraph.is_v1();
        // Both directives on a type speak for the fields of the same block only.
        let external = !v1 && self.has(directives, Known::External);
        let shareable = self.has(directives, Known::Shareable);
        for node in fields {
            let mut field = self.field(node);
            field.external |= external;
            field.shareable |= shareable;
            def.fields.insert(field.name.clone(), field);
        }
    }

    fn field(&mut self, node: &Node<FieldDefinition>) -> Field {
        let mut field = Field {
            name: node.name.clone(),
            span: node.name.location(),
            description: node.description.clone(),
            ty: self.rename_type(&node.ty),
            arguments: node.arguments.iter().map(|arg| (arg.name.clone(), self.input(arg))).collect(),
            marks: Default::default(),
            external: self.has(&node.directives, Known::External),
            shareable: self.has(&node.directives, Known::Shareable),
            requires: None,
            provides: None,
            overrides: self.overrides(&node.directives),
            used: Used::default(),
        };
        self.marks(&mut field.marks, &node.directives);
        field.requires = self.field_set(&node.directives, Known::Requires);
        field.provides = self.field_set(&node.directives, Known::Provides);
        field
    }

    fn input(&mut self, node: &Node<InputValueDefinition>) -> Input {
        let mut input = Input {
            name: node.name.clone(),
            span: node.name.location(),
            description: node.description.clone(),
            ty: (*node.ty).clone(),
            default: node.default_value.clone(),
            from_context: self.contextual(&node.directives),
            marks: Default::default(),
        };
        self.marks(&mut input.marks, &node.directives);
        self.without_joined(&node.name, &mut input.marks);
        input
    }

    fn inputs(&mut self, def: &mut TypeDef, fields: &[Node<InputValueDefinition>]) {
        for node in fields {
            def.inputs.insert(node.name.clone(), self.input(node));
        }
    }

    fn values(&mut self, def: &mut TypeDef, values: &[Node<ast::EnumValueDefinition>]) {
        for node in values {
            let mut value = EnumValue {
                span: node.value.location(),
                description: node.description.clone(),
                marks: Default::default(),
            };
            self.marks(&mut value.marks, &node.directives);
            self.without_joined(&node.value, &mut value.marks);
            def.values.insert(node.value.clone(), value);
        }
    }

    fn keys(&mut self, def: &mut TypeDef, directives: &DirectiveList) {
        for directive in directives.iter() {
            if self.links().known(&directive.name) != Some(Known::Key) {
                continue;
            }
            let Some(fields) = self.parse_field_set(directive, Known::Key) else { continue };
            let resolvable =
                directive.specified_argument_by_name("resolvable").and_then(|value| value.to_bool());
            let key = Key { fields, resolvable: resolvable.unwrap_or(true) };
            // A key that stands twice is one key; it can be resolved if one of them says so.
            match def.keys.iter_mut().find(|known| known.fields.text == key.fields.text) {
                Some(known) => known.resolvable |= key.resolvable,
                None => def.keys.push(key),
            }
        }
    }

    fn overrides(&self, directives: &DirectiveList) -> Option<Override> {
        let directive = directives.iter().find(|d| self.links().known(&d.name) == Some(Known::Override))?;
        let text =
            |name| directive.specified_argument_by_name(name).and_then(|v| v.as_str()).map(str::to_owned);
        Some(Override { from: text("from")?, label: text("label"), span: directive.location() })
    }

    fn field_set(&mut self, directives: &DirectiveList, known: Known) -> Option<super::model::FieldSet> {
        let directive = directives.iter().find(|d| self.links().known(&d.name) == Some(known))?;
        self.parse_field_set(directive, known)
    }

    fn parse_field_set(
        &mut self,
        directive: &Node<ast::Directive>,
        known: Known,
    ) -> Option<super::model::FieldSet> {
        match fieldset::parse(directive, known, self.subgraph.is_v1()) {
            Ok(mut set) => {
                fieldset::rename(&mut set, &self.roots);
                Some(set)
            }
            Err((code, message)) => {
                let place = self.place(directive.location());
                self.report.error(code, format!("[{}] {message}", self.subgraph.name)).at(place);
                None
            }
        }
    }

    fn links(&self) -> &Links {
        &self.subgraph.links
    }

    fn has(&self, directives: &DirectiveList, known: Known) -> bool {
        directives.iter().any(|directive| self.links().known(&directive.name) == Some(known))
    }

    fn place(&self, span: Option<apollo_compiler::parser::SourceSpan>) -> Option<Place> {
        self.subgraph.place(span)
    }

    fn rename(&self, name: &Name) -> Name {
        self.roots.get(name).unwrap_or(name).clone()
    }

    fn rename_type(&self, ty: &Type) -> Type {
        if !self.roots.contains_key(ty.inner_named_type()) {
            return ty.clone();
        }
        match ty {
            Type::Named(name) => Type::Named(self.rename(name)),
            Type::NonNullNamed(name) => Type::NonNullNamed(self.rename(name)),
            Type::List(inner) => Type::List(Box::new(self.rename_type(inner))),
            Type::NonNullList(inner) => Type::NonNullList(Box::new(self.rename_type(inner))),
        }
    }
}
