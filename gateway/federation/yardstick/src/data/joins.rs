//! Which subgraph can answer what, from the supergraph's join directives. Both planners read them by themselves;
//! this is a third reading, so that a mistake of one of them isn't made here too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use apollo_compiler::ast::{DirectiveList, Type, Value};
use apollo_compiler::executable::{FieldSet, SelectionSet};
use apollo_compiler::schema::{Component, Directive, ExtendedType, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

use super::fieldset::names;

/// A supergraph as its subgraphs see it.
pub struct Joins {
    /// All that the supergraph's SDL says, what clients don't see included.
    pub schema: Valid<Schema>,
    /// Names of the subgraphs. Everywhere else, a subgraph is its index here.
    pub graphs: Vec<String>,
    types: HashMap<Name, BTreeMap<usize, TypeJoin>>,
    fields: HashMap<(Name, Name), BTreeMap<usize, FieldJoin>>,
    key_names: BTreeSet<Name>,
    /// Subgraph, abstract type, object.
    members: BTreeSet<(usize, Name, Name)>,
}

/// What a subgraph says of a type.
#[derive(Default)]
pub struct TypeJoin {
    /// Fields of each key, and whether entities are found by it.
    pub keys: Vec<(SelectionSet, bool)>,
    /// It knows the interface as if it were an object.
    pub is_interface_object: bool,
}

/// What a subgraph says of a field.
pub struct FieldJoin {
    /// It has the field in its schema but can't answer it, unless the way there provides it.
    pub is_external: bool,
    pub requires: Option<SelectionSet>,
    pub provides: Option<SelectionSet>,
    /// The type that the field has there.
    pub ty: Type,
}

impl Joins {
    /// # Panics
    /// When the text isn't a supergraph.
    pub fn read(sdl: &str) -> Self {
        let schema = Schema::parse(sdl, "supergraph.graphql").unwrap_or_else(|e| panic!("{}", e.errors));
        let mut joins = Self {
            schema: Valid::assume_valid(schema),
            graphs: Vec::new(),
            types: HashMap::new(),
            fields: HashMap::new(),
            key_names: BTreeSet::new(),
            members: BTreeSet::new(),
        };
        let values = joins.graph_values();
        joins.graphs = values.iter().map(|(_, name)| name.clone()).collect();
        let schema = joins.schema.clone();
        for (name, ty) in &schema.types {
            joins.read_type(&values, name, ty);
        }
        joins
    }

    /// The enum's values and the names that they stand for.
    fn graph_values(&self) -> Vec<(Name, String)> {
        let graphs = self.schema.get_enum("join__Graph").expect("a supergraph has its subgraphs in an enum");
        let name = |directives: &DirectiveList| {
            directives
                .get("join__graph")
                .and_then(|it| text(it, "name"))
                .expect("a subgraph has a name")
                .to_owned()
        };
        graphs.values.values().map(|value| (value.value.clone(), name(&value.directives))).collect()
    }

    fn read_type(&mut self, graphs: &[(Name, String)], name: &Name, ty: &ExtendedType) {
        let mut joins: BTreeMap<usize, TypeJoin> = BTreeMap::new();
        let directives = ty.directives();
        for join in directives.get_all("join__type") {
            let at = joins.entry(graph(graphs, join).expect("a type's subgraph is one of them")).or_default();
            at.is_interface_object |= flag(join, "isInterfaceObject") == Some(true);
            if let Some(key) = text(join, "key") {
                let fields = self.field_set(name, key);
                self.key_names.extend(names(&fields));
                at.keys.push((fields, flag(join, "resolvable") != Some(false)));
            }
        }
        for (directive, argument) in [("join__implements", "interface"), ("join__unionMember", "member")] {
            for join in directives.get_all(directive) {
                let other = Name::new(text(join, argument).expect("it names a type")).expect("a type's name");
                let at = graph(graphs, join).expect("a type's subgraph is one of them");
                let (wide, narrow) = if directive == "join__unionMember" {
                    (name.clone(), other)
                } else {
                    (other, name.clone())
                };
                self.members.insert((at, wide, narrow));
            }
        }
        let fields = match ty {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        for (field, definition) in fields.into_iter().flatten() {
            let all = self.read_field(graphs, name, definition, &joins);
            self.fields.insert((name.clone(), field.clone()), all);
        }
        self.types.insert(name.clone(), joins);
    }

    fn read_field(
        &self,
        graphs: &[(Name, String)],
        parent: &Name,
        field: &Component<FieldDefinition>,
        parents: &BTreeMap<usize, TypeJoin>,
    ) -> BTreeMap<usize, FieldJoin> {
        let joins: Vec<_> = field.directives.get_all("join__field").collect();
        let plain = || FieldJoin { is_external: false, requires: None, provides: None, ty: field.ty.clone() };
        if joins.is_empty() {
            return parents.keys().map(|at| (*at, plain())).collect();
        }
        // A join without a subgraph is what an object has from an interface object.
        let here = joins.into_iter().filter_map(|join| Some((graph(graphs, join)?, join)));
        here.map(|(at, join)| {
            let ty = text(join, "type").map(|ty| Type::parse(ty, "type").expect("a field's type"));
            let ty = ty.unwrap_or_else(|| field.ty.clone());
            let provides = text(join, "provides").map(|set| self.field_set(ty.inner_named_type(), set));
            let requires = text(join, "requires").map(|set| self.field_set(parent, set));
            let is_external = ["external", "usedOverridden"].iter().any(|it| flag(join, it) == Some(true));
            (at, FieldJoin { is_external, requires, provides, ty })
        })
        .collect()
    }

    fn field_set(&self, ty: &Name, text: &str) -> SelectionSet {
        match FieldSet::parse(&self.schema, ty.clone(), text, "fields") {
            Ok(set) => set.selection_set,
            Err(error) => panic!("{ty}: {text}: {}", error.errors),
        }
    }

    /// What a subgraph says of a type, if it has it.
    pub fn type_at(&self, graph: usize, name: &str) -> Option<&TypeJoin> {
        self.types.get(name)?.get(&graph)
    }

    /// Whether fields of that name are in the key of any type.
    pub fn is_in_key(&self, field: &Name) -> bool {
        self.key_names.contains(field)
    }

    /// What a subgraph says of a field of a type that it has.
    pub fn field_at(&self, graph: usize, parent: &str, field: &str) -> Option<&FieldJoin> {
        let key = (Name::new(parent).ok()?, Name::new(field).ok()?);
        self.fields.get(&key)?.get(&graph)
    }

    /// How a subgraph calls objects of a type: by that name, or by an interface's that it knows as an object.
    pub fn local_name(&self, graph: usize, object: &Name) -> Option<Name> {
        if self.type_at(graph, object).is_some() {
            return Some(object.clone());
        }
        let is_object = |name: &&Name| self.type_at(graph, name).is_some_and(|join| join.is_interface_object);
        self.interfaces(object).find(is_object).cloned()
    }

    fn interfaces(&self, object: &Name) -> impl Iterator<Item = &Name> {
        let object = self.schema.get_object(object);
        object.into_iter().flat_map(|object| &object.implements_interfaces).map(|name| &name.name)
    }

    /// The field's definition: the object's own, or an interface's that an interface object adds fields to.
    pub fn definition(&self, object: &Name, field: &str) -> Option<&Component<FieldDefinition>> {
        let mut parents = std::iter::once(object).chain(self.interfaces(object));
        parents.find_map(|parent| self.schema.type_field(parent, field).ok())
    }

    /// Who can answer an object's field, and how it is declared there.
    pub fn answering(&self, object: &Name, field: &str) -> Vec<(usize, &FieldJoin)> {
        let graphs = 0..self.graphs.len();
        let joins =
            graphs.filter_map(|at| Some((at, self.field_at(at, &self.local_name(at, object)?, field)?)));
        joins.filter(|(_, join)| !join.is_external).collect()
    }

    /// Objects that a subgraph may return where it declares a type.
    pub fn possible(&self, graph: usize, ty: &Name) -> Vec<Name> {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Object(_)) => vec![ty.clone()],
            _ if self.type_at(graph, ty).is_some_and(|join| join.is_interface_object) => self.objects(ty),
            _ => {
                let here = self.members.iter().filter(|(at, wide, _)| *at == graph && wide == ty);
                let objects = here.map(|(_, _, narrow)| narrow.clone());
                objects.filter(|name| self.schema.get_object(name).is_some()).collect()
            }
        }
    }

    /// All objects that a type stands for, whoever knows them.
    pub fn objects(&self, ty: &Name) -> Vec<Name> {
        let all = self.schema.types.iter().filter(|(_, it)| it.is_object());
        all.map(|(name, _)| name)
            .filter(|name| *name == ty || self.schema.is_subtype(ty, name))
            .cloned()
            .collect()
    }

    /// Values of an enum that a subgraph knows.
    pub fn enum_values(&self, graph: usize, ty: &Name) -> Vec<Name> {
        let Some(values) = self.schema.get_enum(ty) else { return Vec::new() };
        let own = &self.graphs[graph];
        let graphs = self.graph_values();
        let knows = |directives: &DirectiveList| {
            let mut joins = directives.get_all("join__enumValue").filter_map(|join| name_of(join, "graph"));
            joins.any(|value| graphs.iter().any(|(name, graph)| *name == value && graph == own))
        };
        values
            .values
            .values()
            .filter(|value| knows(&value.directives))
            .map(|value| value.value.clone())
            .collect()
    }
}

fn text<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

fn flag(directive: &Directive, argument: &str) -> Option<bool> {
    directive.specified_argument_by_name(argument)?.to_bool()
}

fn name_of(directive: &Directive, argument: &str) -> Option<Name> {
    match &**directive.specified_argument_by_name(argument)? {
        Value::Enum(name) => Some(name.clone()),
        _ => None,
    }
}

fn graph(graphs: &[(Name, String)], directive: &Directive) -> Option<usize> {
    let value = name_of(directive, "graph")?;
    graphs.iter().position(|(name, _)| *name == value)
}
