//! Serves a subgraph of a world, or the whole of it.

use apollo_compiler::executable::{Operation, SelectionSet};
use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema};
use serde_json::{Map, Value as Json};

use super::fieldset::{below, carried};
use super::joins::Joins;
use super::world::{Thing, Value, World};

/// One server.
pub struct Server {
    /// Which subgraph it is; the whole if none.
    graph: Option<usize>,
    schema: Valid<Schema>,
}

/// What a server says.
#[derive(Debug)]
pub struct Reply {
    pub data: Json,
    pub errors: Vec<String>,
}

impl Server {
    /// A subgraph that has this SDL.
    ///
    /// # Panics
    /// When that is none.
    pub fn subgraph(joins: &Joins, graph: usize, sdl: &str) -> Self {
        let parse = |sdl: &str| {
            let builder = Schema::builder().adopt_orphan_extensions().parse(sdl, "subgraph.graphql");
            // Federation's directives aren't defined, so it isn't valid; composition has looked at it.
            Valid::assume_valid(builder.build().unwrap_or_else(|error| panic!("{}", error.errors)))
        };
        let alone = parse(sdl);
        let has_key = |name: &Name| joins.type_at(graph, name).is_some_and(|join| !join.keys.is_empty());
        let objects = alone.types.iter().filter(|(name, ty)| ty.is_object() && has_key(name));
        let entities: Vec<&str> = objects.map(|(name, _)| name.as_str()).collect();
        if entities.is_empty() {
            return Self { graph: Some(graph), schema: alone };
        }
        let query = alone.schema_definition.query.as_ref().map_or("Query", |query| query.name.as_str());
        let served = format!(
            "{sdl}\nscalar _Any union _Entity = {} extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}",
            entities.join(" | ")
        );
        Self { graph: Some(graph), schema: parse(&served) }
    }

    /// One server of everything.
    pub fn whole(api: Valid<Schema>) -> Self {
        Self { graph: None, schema: api }
    }

    /// The answer to a request.
    pub fn answer(&self, world: &World<'_>, query: &str, variables: &JsonMap) -> Reply {
        let refuse = |error: String| Reply { data: Json::Null, errors: vec![error] };
        let document = match ExecutableDocument::parse_and_validate(&self.schema, query, "request.graphql") {
            Ok(document) => document,
            Err(error) => return refuse(format!("{query}\n{}", error.errors)),
        };
        let operation: &Operation = document.operations.get(None).expect("requests have one operation");
        let ty = operation.object_type().clone();
        let root = Object {
            world,
            server: self,
            thing: world.root(ty.clone()),
            ty,
            sent: None,
            allowed: Vec::new(),
            is_free: false,
        };
        let execution = Execution::new(&self.schema, &document).raw_variable_values(variables);
        match execution.execute_sync(&root) {
            Ok(response) => Reply {
                errors: response.errors.iter().map(|error| error.message.clone()).collect(),
                data: serde_json::to_value(response.data).expect("data is JSON"),
            },
            Err(error) => refuse(error.message().to_string()),
        }
    }
}

/// An object as a server sees it.
struct Object<'a> {
    world: &'a World<'a>,
    server: &'a Server,
    thing: Thing,
    /// What the server calls its type.
    ty: Name,
    /// The representation that it was asked by.
    sent: Option<Map<String, Json>>,
    /// What the way to it provides, or a key has.
    allowed: Vec<&'a SelectionSet>,
    /// It was sent along, so that all of it is known.
    is_free: bool,
}

impl<'a> Object<'a> {
    fn error(&self, what: &str) -> FieldError {
        let name = self.server.graph.map_or("the whole", |graph| &self.world.joins.graphs[graph]);
        FieldError { message: format!("{name}: {}: {what}", self.ty) }
    }

    fn field(&self, field: &str, arguments: &Map<String, Json>) -> Result<ResolvedValue<'a>, FieldError> {
        let Some(graph) = self.server.graph else {
            let value = self.world.value(&self.thing, field, arguments, None);
            return self.resolved(value, &[], false);
        };
        let joins = self.world.joins;
        let join =
            joins.field_at(graph, &self.ty, field).ok_or_else(|| self.error(&format!("no {field}")))?;
        let keys = joins.type_at(graph, &self.ty).map_or(&[][..], |join| &join.keys);
        let mut sets = self.allowed.clone();
        sets.extend(keys.iter().map(|(fields, _)| fields));
        let found = below(joins, &sets, &self.thing.ty, field);
        let is_free = self.is_free || self.sent.as_ref().is_some_and(|sent| sent.contains_key(field));
        if join.is_external && found.is_none() && !is_free {
            return Err(self.error(&format!("{field} isn't its to answer")));
        }
        let required = match &join.requires {
            Some(set) => Some(self.required(field, set)?),
            None => None,
        };
        let mut allowed = found.unwrap_or_default();
        allowed.extend(&join.provides);
        self.resolved(
            self.world.value(&self.thing, field, arguments, required),
            &allowed,
            is_free && join.is_external,
        )
    }

    /// What was sent of what a field requires.
    fn required(&self, field: &str, set: &SelectionSet) -> Result<Json, FieldError> {
        let sent = self.sent.as_ref().ok_or_else(|| self.error(&format!("{field} requires something")))?;
        carried(self.world.joins, set, sent).map_err(|it| self.error(&format!("{field} requires {it}")))
    }

    fn resolved(
        &self,
        value: Value,
        allowed: &[&'a SelectionSet],
        is_free: bool,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match value {
            Value::Null => ResolvedValue::null(),
            Value::Leaf(leaf) => ResolvedValue::leaf(leaf),
            Value::List(items) => {
                let items: Vec<_> = items.into_iter().map(|it| self.resolved(it, allowed, is_free)).collect();
                ResolvedValue::List(Box::new(items.into_iter()))
            }
            Value::Object(thing) => {
                let ty = match self.server.graph {
                    Some(graph) => self.world.joins.local_name(graph, &thing.ty),
                    None => Some(thing.ty.clone()),
                };
                let ty = ty.ok_or_else(|| self.error(&format!("{} is unknown there", thing.ty)))?;
                ResolvedValue::object(Object {
                    thing,
                    ty,
                    sent: None,
                    allowed: allowed.to_vec(),
                    is_free,
                    ..*self
                })
            }
        })
    }

    fn entity(&self, representation: &Json) -> Result<ResolvedValue<'a>, FieldError> {
        let strange = || self.error(&format!("what is {representation}?"));
        let (joins, graph) = (self.world.joins, self.server.graph.ok_or_else(strange)?);
        let sent = representation.as_object().ok_or_else(strange)?;
        let ty = sent.get("__typename").and_then(Json::as_str).and_then(|ty| Name::new(ty).ok());
        let ty = ty.ok_or_else(strange)?;
        let keys = &joins.type_at(graph, &ty).ok_or_else(strange)?.keys;
        let resolvable = keys.iter().filter(|(_, is_resolvable)| *is_resolvable).map(|(fields, _)| fields);
        let complete = resolvable.filter_map(|key| Some((key, carried(joins, key, sent).ok()?)));
        let mut found: Vec<_> = complete.map(|(key, fields)| self.world.find(&ty, key, &fields)).collect();
        found.dedup();
        let [Some(thing)] = &found[..] else { return Err(strange()) };
        let ty = joins.local_name(graph, &thing.ty).ok_or_else(strange)?;
        let (thing, sent) = (thing.clone(), Some(sent.clone()));
        Ok(ResolvedValue::object(Object { thing, ty, sent, allowed: Vec::new(), is_free: false, ..*self }))
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.ty
    }

    fn resolve_field<'b>(&'b self, info: &'b ResolveInfo<'b>) -> Result<ResolvedValue<'b>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).expect("arguments are JSON");
        if info.field_name() == "_entities" {
            let all =
                arguments["representations"].as_array().ok_or_else(|| self.error("no representations"))?;
            let items: Vec<_> = all.iter().map(|one| self.entity(one)).collect();
            return Ok(ResolvedValue::List(Box::new(items.into_iter())));
        }
        self.field(info.field_name(), arguments.as_object().expect("arguments have names"))
    }
}
