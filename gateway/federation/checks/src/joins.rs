//! What the supergraph says about types in a subgraph, read from its join directives.

use std::sync::Arc;

use apollo_compiler::ast::Value;
use apollo_compiler::schema::{Directive, DirectiveList, ExtendedType};
use apollo_compiler::{Name, Schema};
use tributary_federation::{OperationKind, SubgraphId, Supergraph, TypeId, TypeNames};

pub(crate) struct Joins<'a> {
    schema: &'a Schema,
    names: Arc<TypeNames>,
    /// The enum value of each subgraph.
    graphs: Vec<&'a str>,
}

impl<'a> Joins<'a> {
    pub(crate) fn new(supergraph: &'a Supergraph, names: Arc<TypeNames>) -> Self {
        let schema: &Schema = supergraph.full_schema();
        let Some(ExtendedType::Enum(all)) = schema.types.get("join__Graph") else {
            panic!("a supergraph names its subgraphs")
        };
        let named = |value: &Name, name: &str| {
            let directives = &all.values[value].directives;
            directives.get("join__graph").and_then(|it| it.specified_argument_by_name("name")?.as_str())
                == Some(name)
        };
        let graph =
            |name: &str| all.values.keys().find(|value| named(value, name)).expect("each is named").as_str();
        let graphs = supergraph.subgraphs().iter().map(|subgraph| graph(&subgraph.name)).collect();
        Self { schema, names, graphs }
    }

    pub(crate) fn root(&self, kind: OperationKind) -> TypeId {
        let root = match kind {
            OperationKind::Query => &self.schema.schema_definition.query,
            OperationKind::Mutation => &self.schema.schema_definition.mutation,
            OperationKind::Subscription => &self.schema.schema_definition.subscription,
        };
        self.id(root.as_ref().expect("what is planned has a root"))
    }

    /// The interface that stands for objects of that type in the subgraph.
    pub(crate) fn interface_object(&self, subgraph: SubgraphId, ty: TypeId) -> Option<TypeId> {
        let object = self.schema.get_object(self.names.name(ty))?;
        let stands = |it: &&_| self.is_interface_object(subgraph, it);
        let mut interfaces = object.implements_interfaces.iter().map(|it| &it.name);
        interfaces.find(stands).map(|interface| self.id(interface))
    }

    /// The type of an object's field as the subgraph has it.
    pub(crate) fn field_type(&self, subgraph: SubgraphId, ty: TypeId, field: &str) -> Option<Name> {
        let field = self.schema.type_field(self.names.name(ty), field).ok()?;
        let own = field.directives.get_all("join__field").filter(|it| self.is_of(subgraph, it));
        let own = own.filter_map(|it| string(it, "type")).next();
        let own = own.map(|text| text.trim_matches(['[', ']', '!', ' ']));
        Some(own.and_then(|own| Name::new(own).ok()).unwrap_or_else(|| field.ty.inner_named_type().clone()))
    }

    /// The runtime types that something of that type can have in the subgraph.
    pub(crate) fn possible(&self, subgraph: SubgraphId, ty: &Name) -> Vec<TypeId> {
        match &self.schema.types[ty] {
            ExtendedType::Object(_) => vec![self.id(ty)],
            ExtendedType::Union(union_) => {
                let members = union_.directives.get_all("join__unionMember");
                let members =
                    members.filter(|it| self.is_of(subgraph, it)).filter_map(|it| string(it, "member"));
                members.map(|member| self.id(member)).collect()
            }
            ExtendedType::Interface(_) => self.implementers(subgraph, ty),
            _ => Vec::new(),
        }
    }

    /// Whether an object of that type is met under a type condition in the subgraph.
    pub(crate) fn is_a(&self, subgraph: SubgraphId, ty: TypeId, condition: &Name) -> bool {
        self.names.name(ty) == condition.as_str() || self.possible(subgraph, condition).contains(&ty)
    }

    fn implementers(&self, subgraph: SubgraphId, interface: &Name) -> Vec<TypeId> {
        let everywhere = self.is_interface_object(subgraph, interface);
        let mut found = Vec::new();
        for (name, ty) in &self.schema.types {
            let here = |directives: &DirectiveList| {
                let mut here = directives.get_all("join__implements").filter(|it| self.is_of(subgraph, it));
                here.any(|it| string(it, "interface") == Some(interface))
            };
            match ty {
                ExtendedType::Object(object) => {
                    let implements = object.implements_interfaces.iter().any(|it| it.name == *interface);
                    if here(&object.directives) || everywhere && implements {
                        found.push(self.id(name));
                    }
                }
                ExtendedType::Interface(other)
                    if here(&other.directives) && self.is_interface_object(subgraph, name) =>
                {
                    found.extend(self.implementers(subgraph, name));
                }
                _ => {}
            }
        }
        found
    }

    fn is_interface_object(&self, subgraph: SubgraphId, interface: &Name) -> bool {
        let joins = self.schema.types[interface].directives().get_all("join__type");
        joins.filter(|it| self.is_of(subgraph, it)).any(|it| {
            it.specified_argument_by_name("isInterfaceObject").is_some_and(|it| **it == Value::Boolean(true))
        })
    }

    fn is_of(&self, subgraph: SubgraphId, join: &Directive) -> bool {
        let graph = join.specified_argument_by_name("graph").and_then(|graph| graph.as_enum());
        graph.is_some_and(|graph| graph == self.graphs[subgraph.0 as usize])
    }

    fn id(&self, name: &str) -> TypeId {
        self.names.id(name).unwrap_or_else(|| panic!("{name} has no number"))
    }
}

fn string<'d>(directive: &'d Directive, argument: &str) -> Option<&'d str> {
    directive.specified_argument_by_name(argument)?.as_str()
}
