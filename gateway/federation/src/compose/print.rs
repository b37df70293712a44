//! Prints the supergraph as SDL of the join specification, which every federation gateway reads.

mod directives;
mod header;

use apollo_compiler::ast::{self, Definition, DirectiveList, Document, Type, Value};
use apollo_compiler::{Name, Node};

use super::merge::{Graph, Join, Merged, MergedField, MergedInput, MergedType};
use super::model::{Kind, TypeDef};
use directives::{Features, apply, context_arguments, directive, string};

/// The supergraph's SDL.
pub(super) fn supergraph(merged: &Merged<'_>) -> String {
    let mut printer = Printer { merged, features: Features::default() };
    let definitions: Vec<Definition> = merged.types.values().map(|on| printer.definition(on)).collect();
    let mut on_schema = DirectiveList::default();
    apply(merged, &merged.schema, &mut printer.features, &mut on_schema);
    let mut text = header::print(merged, &printer.features, &on_schema);
    let mut document = Document::new();
    document.definitions = definitions;
    text.push('\n');
    text.push_str(&document.to_string());
    text
}

struct Printer<'m, 'a> {
    merged: &'m Merged<'a>,
    features: Features,
}

impl Printer<'_, '_> {
    fn definition(&mut self, on: &MergedType<'_>) -> Definition {
        let description = on.description.clone();
        let name = on.name.clone();
        let directives = self.type_directives(on);
        match on.kind {
            Kind::Scalar => Definition::ScalarTypeDefinition(
                ast::ScalarTypeDefinition { description, name, directives }.into(),
            ),
            Kind::Object => Definition::ObjectTypeDefinition(
                ast::ObjectTypeDefinition {
                    description,
                    name,
                    implements_interfaces: on.implements.iter().cloned().collect(),
                    directives,
                    fields: self.fields(on),
                }
                .into(),
            ),
            Kind::Interface => Definition::InterfaceTypeDefinition(
                ast::InterfaceTypeDefinition {
                    description,
                    name,
                    implements_interfaces: on.implements.iter().cloned().collect(),
                    directives,
                    fields: self.fields(on),
                }
                .into(),
            ),
            Kind::Union => Definition::UnionTypeDefinition(
                ast::UnionTypeDefinition {
                    description,
                    name,
                    directives,
                    members: on.members.keys().cloned().collect(),
                }
                .into(),
            ),
            Kind::Enum => Definition::EnumTypeDefinition(
                ast::EnumTypeDefinition { description, name, directives, values: self.values(on) }.into(),
            ),
            Kind::Input => Definition::InputObjectTypeDefinition(
                ast::InputObjectTypeDefinition { description, name, directives, fields: self.inputs(on) }
                    .into(),
            ),
        }
    }

    fn graph(&self, graph: Graph) -> Value {
        Value::Enum(self.merged.subgraphs[graph].graph.clone())
    }

    fn type_directives(&mut self, on: &MergedType<'_>) -> DirectiveList {
        let mut list = DirectiveList::default();
        if on.name == "Query" {
            // Every subgraph has a query root, if only for `_service` and `_entities`.
            for graph in 0..self.merged.subgraphs.len() {
                list.push(directive("join__type", [("graph", self.graph(graph))]));
            }
        } else {
            for (graph, def) in &on.parts {
                self.join_types(*graph, def, &mut list);
            }
        }
        for (graph, def) in &on.parts {
            for interface in &def.implements {
                let arguments = [("graph", self.graph(*graph)), ("interface", string(interface))];
                list.push(directive("join__implements", arguments));
            }
            for member in &def.members {
                let arguments = [("graph", self.graph(*graph)), ("member", string(member))];
                list.push(directive("join__unionMember", arguments));
            }
        }
        for context in &on.contexts {
            self.features.context = true;
            list.push(directive("context", [("name", string(context))]));
        }
        apply(self.merged, &on.marks, &mut self.features, &mut list);
        list
    }

    fn join_types(&self, graph: Graph, def: &TypeDef, list: &mut DirectiveList) {
        let interface_object = def.interface_object.then_some(("isInterfaceObject", Value::Boolean(true)));
        if def.keys.is_empty() {
            let arguments = [Some(("graph", self.graph(graph))), interface_object.clone()];
            list.push(directive("join__type", arguments.into_iter().flatten()));
        }
        for key in &def.keys {
            let extension = (def.extends_directive || (def.extended && !def.defined))
                .then_some(("extension", Value::Boolean(true)));
            let resolvable = (!key.resolvable).then_some(("resolvable", Value::Boolean(false)));
            let arguments = [
                Some(("graph", self.graph(graph))),
                Some(("key", string(&key.fields.text))),
                extension,
                resolvable,
                interface_object.clone(),
            ];
            list.push(directive("join__type", arguments.into_iter().flatten()));
        }
    }

    fn fields(&mut self, on: &MergedType<'_>) -> Vec<Node<ast::FieldDefinition>> {
        let graphs = if on.name == "Query" { self.merged.subgraphs.len() } else { on.parts.len() };
        on.fields.values().map(|field| self.field(field, graphs)).collect()
    }

    fn field(&mut self, field: &MergedField<'_>, graphs: usize) -> Node<ast::FieldDefinition> {
        let mut directives = DirectiveList::default();
        if field.inherited {
            directives.push(directive("join__field", []));
        } else if field.joins.len() < graphs || field.joins.iter().any(|join| !is_plain(join, &field.ty)) {
            for join in &field.joins {
                directives.push(self.join_field(join, &field.ty));
            }
        }
        apply(self.merged, &field.marks, &mut self.features, &mut directives);
        let arguments = field.arguments.values().map(|argument| self.input(argument, false)).collect();
        Node::new(ast::FieldDefinition {
            description: field.description.clone(),
            name: field.name.clone(),
            arguments,
            ty: field.ty.clone(),
            directives,
        })
    }

    fn join_field(&self, join: &Join<'_>, ty: &Type) -> Node<ast::Directive> {
        let text = |name, text: Option<&str>| text.map(|text| (name, string(text)));
        let flag = |name, set: bool| set.then_some((name, Value::Boolean(true)));
        let differing = (join.ty != ty).then(|| join.ty.to_string());
        let contexts = context_arguments(&self.merged.subgraphs[join.graph], join);
        let arguments = [
            Some(("graph", self.graph(join.graph))),
            text("requires", join.requires.map(|set| set.text.as_str())),
            text("provides", join.provides.map(|set| set.text.as_str())),
            text("type", differing.as_deref()),
            flag("external", join.external),
            text("override", join.overrides),
            flag("usedOverridden", join.used_overridden),
            text("overrideLabel", join.label),
            contexts.map(|contexts| ("contextArguments", contexts)),
        ];
        directive("join__field", arguments.into_iter().flatten())
    }

    fn inputs(&mut self, on: &MergedType<'_>) -> Vec<Node<ast::InputValueDefinition>> {
        on.inputs.values().map(|field| self.input(field, true)).collect()
    }

    /// Only fields can have a `@join__field`; arguments say nothing of their subgraphs.
    fn input(&mut self, input: &MergedInput, is_field: bool) -> Node<ast::InputValueDefinition> {
        let mut directives = DirectiveList::default();
        if is_field {
            for (graph, ty) in &input.types {
                let arguments = [("graph", self.graph(*graph)), ("type", string(&ty.to_string()))];
                directives.push(directive("join__field", arguments));
            }
        }
        apply(self.merged, &input.marks, &mut self.features, &mut directives);
        Node::new(ast::InputValueDefinition {
            description: input.description.clone(),
            name: input.name.clone(),
            ty: Node::new(input.ty.clone()),
            default_value: input.default.as_ref().map(|value| self.default(&input.ty, value)),
            directives,
        })
    }

    /// Some servers print the default of an enum as a string, which no reader of the supergraph has to accept.
    fn default(&self, ty: &Type, value: &Node<Value>) -> Node<Value> {
        let target = self.merged.types.get(ty.inner_named_type());
        match (target.map(|on| on.kind), &**value) {
            (Some(Kind::Enum), Value::String(text)) => match Name::new(text) {
                Ok(name) => Node::new(Value::Enum(name)),
                Err(_) => value.clone(),
            },
            (Some(Kind::Enum), Value::List(items)) => {
                Node::new(Value::List(items.iter().map(|item| self.default(ty, item)).collect()))
            }
            _ => value.clone(),
        }
    }

    fn values(&mut self, on: &MergedType<'_>) -> Vec<Node<ast::EnumValueDefinition>> {
        let mut values = Vec::new();
        for value in on.values.values() {
            let mut directives = DirectiveList::default();
            for graph in &value.graphs {
                directives.push(directive("join__enumValue", [("graph", self.graph(*graph))]));
            }
            apply(self.merged, &value.marks, &mut self.features, &mut directives);
            values.push(Node::new(ast::EnumValueDefinition {
                description: value.description.clone(),
                value: value.name.clone(),
                directives,
            }));
        }
        values
    }
}

/// Whether a join says no more than that the field is there.
fn is_plain(join: &Join<'_>, ty: &Type) -> bool {
    join.ty == ty
        && !join.external
        && !join.used_overridden
        && join.requires.is_none()
        && join.provides.is_none()
        && join.overrides.is_none()
        && join.label.is_none()
        && join.contextual.is_empty()
}

/// A name that is written in this file, and so is one.
fn static_name(name: &'static str) -> Name {
    Name::new_static(name).expect("a literal name is valid")
}
