//! A graph of subgraphs that answer from JSON. Each validates what it is asked against its own schema, so that
//! a plan that asks for what a subgraph doesn't have fails here as it would anywhere.

use std::sync::{Arc, Mutex};

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema, ast};
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute, execute_event};
use tributary_checks::faults;
use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_federation::variables::{InputTypes, VariableProgram};
use tributary_federation::{OperationKind, Plan, PlanOptions, SubgraphId, Supergraph, plan_operation};

/// What makes a subgraph.
pub struct SubgraphCase {
    pub name: &'static str,
    /// Federation 2 without the `@link`.
    pub sdl: &'static str,
    /// Root types are objects with their fields' values, other names lists of entities. A value for certain arguments
    /// stands under `field({"argument":value})`.
    ///
    /// * `{"$ref": "User:1"}` is the entity with that id,
    /// * `{"$error": "text"}` is an error,
    /// * `{"$join": ["a", "b"]}` is the object's own fields, or those of its representation, in one string,
    /// * `{"$tick": "x"}` notes that it was called; its value is the number of calls so far.
    pub data: Json,
}

/// A composed graph.
pub struct Graph {
    subgraphs: Vec<Subgraph>,
    supergraph: Supergraph,
    requests: Mutex<Vec<(String, Json)>>,
    /// Requests that aren't answered yet, and the most there were at once.
    open: Mutex<(usize, usize)>,
}

/// A server of one schema.
pub struct Subgraph {
    name: &'static str,
    schema: Valid<Schema>,
    data: Json,
    ticks: Mutex<Vec<String>>,
    is_down: bool,
}

/// What an operation came to.
pub struct Answer {
    pub text: String,
    pub body: Json,
    /// Who was asked, and for what.
    pub requests: Vec<(String, Json)>,
    /// The most requests that were open at once.
    pub at_once: usize,
}

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@requires", "@context", "@fromContext",
    "@provides", "@external", "@shareable", "@override", "@inaccessible", "@tag", "@interfaceObject"])
"#;

/// What a subgraph library adds to the SDL to serve it.
const SERVED: &str = r#"
    scalar FieldSet
    scalar _Any
    directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
    directive @requires(fields: FieldSet!) on FIELD_DEFINITION
    directive @provides(fields: FieldSet!) on FIELD_DEFINITION
    directive @external on OBJECT | FIELD_DEFINITION
    directive @shareable repeatable on OBJECT | FIELD_DEFINITION
    directive @override(from: String!) on FIELD_DEFINITION
    directive @extends on OBJECT | INTERFACE
    directive @inaccessible on OBJECT | FIELD_DEFINITION | ENUM_VALUE
    directive @interfaceObject on OBJECT
    directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION
    directive @fromContext(field: String) on ARGUMENT_DEFINITION
"#;

impl Graph {
    pub fn new(cases: Vec<SubgraphCase>) -> Self {
        // Federation 1 has no link, and extends types.
        let link = |sdl: &str| if sdl.contains("@extends") { "" } else { LINK };
        let sdls: Vec<_> = cases.iter().map(|case| format!("{}{}", link(case.sdl), case.sdl)).collect();
        let inputs: Vec<_> = cases
            .iter()
            .zip(&sdls)
            .map(|(case, sdl)| SubgraphSdl { name: case.name, url: None, sdl })
            .collect();
        let composition = compose(&inputs);
        let supergraph = composition.supergraph.unwrap_or_else(|| panic!("{:#?}", composition.diagnostics));
        Self {
            supergraph: Supergraph::parse(&supergraph).unwrap(),
            subgraphs: cases.into_iter().map(Subgraph::new).collect(),
            requests: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// That subgraph answers nothing from now on.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.subgraphs.iter_mut().find(|subgraph| subgraph.name == name).unwrap().is_down = true;
        self
    }

    pub async fn run(&self, query: &str) -> Answer {
        self.run_with(query, json!({})).await
    }

    pub async fn run_with(&self, query: &str, variables: Json) -> Answer {
        match ExecutableDocument::parse_and_validate(self.api(), query, "query.graphql") {
            Ok(document) => self.answer(&document, &variables).await,
            Err(error) => panic!("{}", error.errors),
        }
    }

    /// What clients see.
    pub fn api(&self) -> &Valid<Schema> {
        self.supergraph.api_schema()
    }

    pub async fn answer(&self, document: &Valid<ExecutableDocument>, variables: &Json) -> Answer {
        self.run_plan(document, variables, None).await
    }

    /// What a subscription's client is sent, where the subgraph that has its root field says this.
    pub async fn event(&self, query: &str, reply: Json) -> Answer {
        let document = ExecutableDocument::parse_and_validate(self.api(), query, "query.graphql").unwrap();
        self.run_plan(&document, &json!({}), Some(reply)).await
    }

    async fn run_plan(
        &self,
        document: &Valid<ExecutableDocument>,
        variables: &Json,
        event: Option<Json>,
    ) -> Answer {
        let plan = self.plan(document);
        let types = Arc::new(InputTypes::new(self.api()));
        let program = VariableProgram::compile(&types, document.operations.get(None).unwrap());
        let variables = program.coerce(Some(&variables.to_string())).unwrap();
        self.requests.lock().unwrap().clear();
        let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
        let result = match event {
            None => execute(&plan, request, self).await,
            Some(reply) => execute_event(&plan, request, reply.to_string().into(), self).await,
        };
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        let (_, at_once) = std::mem::take(&mut *self.open.lock().unwrap());
        Answer { at_once, ..Answer::new(result.into_body(None).to_vec(), requests) }
    }

    fn plan(&self, document: &Valid<ExecutableDocument>) -> Plan {
        let plan = plan_operation(&self.supergraph, document, None, &PlanOptions::default())
            .unwrap_or_else(|error| panic!("{error}\n{document}"));
        assert_eq!(faults(&self.supergraph, &plan), [""; 0], "{}", plan.display(&self.supergraph));
        plan
    }

    /// What one server that has all the data would say.
    pub fn as_one(&self) -> Subgraph {
        let mut data = Map::new();
        for subgraph in &self.subgraphs {
            for (name, value) in object(&subgraph.data) {
                for type_name in self.concrete(&name) {
                    unite(data.entry(type_name).or_insert(Json::Null), &value);
                }
            }
        }
        Subgraph::over(self.api().clone(), "all", data.into())
    }

    fn concrete(&self, name: &str) -> Vec<String> {
        match self.api().implementers_map().get(name) {
            Some(implementers) => implementers.objects.iter().map(ToString::to_string).collect(),
            None => vec![name.to_owned()],
        }
    }
}

/// Adds what is known of the same things.
fn unite(known: &mut Json, more: &Json) {
    match (known, more) {
        (Json::Object(known), Json::Object(more)) => {
            for (key, value) in more {
                known.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        (Json::Array(known), Json::Array(more)) => {
            for entity in more {
                match known.iter_mut().find(|other| other["id"] == entity["id"]) {
                    Some(known) => unite(known, entity),
                    None => known.push(entity.clone()),
                }
            }
        }
        (known, more) => *known = more.clone(),
    }
}

impl Fetcher for Graph {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        let name = self.service(subgraph);
        let subgraph = self.subgraphs.iter().find(|subgraph| subgraph.name == name).unwrap();
        if subgraph.is_down {
            self.requests.lock().unwrap().push((name.to_owned(), Json::Null));
            return Err(FetchFailure {
                code: "SUBGRAPH_UNAVAILABLE".into(),
                message: "Nobody is there".into(),
                setting: None,
            });
        }
        let request: Json = serde_json::from_slice(&body).unwrap();
        self.requests.lock().unwrap().push((name.to_owned(), request.clone()));
        {
            let (open, most) = &mut *self.open.lock().unwrap();
            *open += 1;
            *most = (*most).max(*open);
        }
        // Whoever may be asked besides is asked now.
        tokio::task::yield_now().await;
        self.open.lock().unwrap().0 -= 1;
        Ok(subgraph.answer(&request).into())
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.supergraph.subgraph_name(subgraph)
    }
}

impl Answer {
    pub fn new(body: Vec<u8>, requests: Vec<(String, Json)>) -> Self {
        let text = String::from_utf8(body).unwrap();
        Self { body: serde_json::from_str(&text).unwrap(), text, requests, at_once: 0 }
    }

    pub fn data(&self) -> &Json {
        &self.body["data"]
    }

    /// Each error as `path: message`.
    pub fn errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| format!("{}: {}", error["path"], error["message"].as_str().unwrap()))
            .collect()
    }

    /// The data, where nothing went wrong.
    pub fn good(&self) -> &Json {
        assert_eq!(self.errors(), [""; 0], "{}\n{:#?}", self.text, self.requests);
        self.data()
    }

    /// Who was asked, in the order of it.
    pub fn asked(&self) -> Vec<&str> {
        self.requests.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The requests that are mutations.
    pub fn mutations(&self) -> usize {
        let text = |request: &&(String, Json)| request.1["query"].as_str().unwrap_or_default().to_owned();
        self.requests.iter().filter(|request| text(request).starts_with("mutation")).count()
    }

    /// Whether that subgraph was asked in vain.
    pub fn missed(&self, subgraph: &str) -> bool {
        self.requests.iter().any(|(name, request)| name == subgraph && request.is_null())
    }

    /// The representations that were sent to a subgraph.
    pub fn representations(&self, subgraph: &str) -> Vec<Json> {
        let sent = self.requests.iter().filter(|(name, _)| name == subgraph);
        let lists = sent.filter_map(|(_, request)| request["variables"].as_object());
        lists.flat_map(|variables| variables.values()).filter_map(Json::as_array).flatten().cloned().collect()
    }
}

impl Subgraph {
    fn new(case: SubgraphCase) -> Self {
        let roots = roots(case.sdl);
        let query = roots.first().map_or("Query", String::as_str);
        let extend = if case.sdl.contains(&format!("type {query} ")) { "extend " } else { "" };
        let has_entities = case.sdl.contains("@key");
        let entities: Vec<_> = case
            .data
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| case.sdl.contains(&format!("type {name} ")))
            .collect();
        let entities: Vec<_> = entities.into_iter().filter(|name| !roots.contains(name)).cloned().collect();
        let mut sdl = format!("{}\n{SERVED}", case.sdl);
        if has_entities && !entities.is_empty() {
            let union = entities.join(" | ");
            sdl += &format!(
                "union _Entity = {union}\n{extend}type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
            );
        }
        let schema = match Schema::parse_and_validate(sdl, case.name) {
            Ok(schema) => schema,
            Err(error) => panic!("{}", error.errors),
        };
        Self::over(schema, case.name, case.data)
    }

    fn over(schema: Valid<Schema>, name: &'static str, data: Json) -> Self {
        Self { name, schema, data, ticks: Mutex::default(), is_down: false }
    }

    /// The reply to a request's body.
    pub fn answer(&self, request: &Json) -> Vec<u8> {
        let query = request["query"].as_str().unwrap();
        let document = match ExecutableDocument::parse_and_validate(&self.schema, query, "request.graphql") {
            Ok(document) => document,
            Err(error) => panic!("{} can't be asked\n{query}\n{}", self.name, error.errors),
        };
        let variables = request.get("variables").cloned().unwrap_or_else(|| json!({}));
        let JsonValue::Object(variables) = JsonValue::from(variables) else {
            panic!("variables are an object")
        };
        let operation = document.operations.get(None).unwrap();
        let name = operation.object_type().as_str();
        let root = Object { subgraph: self, type_name: name.to_owned(), fields: object(&self.data[name]) };
        let execution = Execution::new(&self.schema, &document).raw_variable_values(&variables);
        match execution.execute_sync(&root) {
            Ok(mut response) => {
                for error in &mut response.errors {
                    error.message = error.message.trim_start_matches("resolver error: ").to_owned();
                }
                serde_json::to_vec(&response).unwrap()
            }
            Err(_) => panic!("{} refuses\n{request:#}", self.name),
        }
    }

    /// What is known of the entity that a representation means.
    fn entity(&self, representation: &Map<String, Json>) -> Option<Object<'_>> {
        let type_name = representation["__typename"].as_str().unwrap();
        let means = |entity: &&Json| {
            let fields = representation.iter().filter(|(key, _)| *key != "__typename");
            let mut common = fields.filter_map(|(key, value)| Some((value, entity.get(key)?))).peekable();
            common.peek().is_some() && common.all(|(asked, has)| asked == has)
        };
        let mut fields = object(self.data[type_name].as_array()?.iter().find(means)?);
        let own = fields.get("__typename").and_then(Json::as_str).unwrap_or(type_name).to_owned();
        fields.extend(
            representation
                .iter()
                .filter(|(key, _)| *key != "__typename")
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        Some(Object { subgraph: self, type_name: own, fields })
    }

    fn value(
        &self,
        value: &Json,
        owner: &Map<String, Json>,
        type_name: &str,
    ) -> Result<ResolvedValue<'_>, FieldError> {
        match value {
            Json::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item, owner, type_name)).collect();
                Ok(ResolvedValue::List(Box::new(items.into_iter())))
            }
            Json::Object(fields) => match fields.iter().next().map(|(key, value)| (key.as_str(), value)) {
                Some(("$error", message)) => {
                    Err(FieldError { message: message.as_str().unwrap().to_owned() })
                }
                Some(("$ref", reference)) => {
                    let (type_name, id) = reference.as_str().unwrap().split_once(':').unwrap();
                    let representation = object(&json!({"__typename": type_name, "id": id}));
                    Ok(ResolvedValue::nullable_object(self.entity(&representation)))
                }
                Some(("$join", names)) => {
                    let parts = names
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|name| owner[name.as_str().unwrap()].to_string());
                    Ok(ResolvedValue::leaf(parts.collect::<Vec<_>>().join(" ")))
                }
                Some(("$tick", name)) => {
                    let mut ticks = self.ticks.lock().unwrap();
                    ticks.push(name.as_str().unwrap().to_owned());
                    Ok(ResolvedValue::leaf(ticks.len() as i64))
                }
                _ if self.schema.get_scalar(type_name).is_some() => {
                    Ok(ResolvedValue::Leaf(value.clone().into()))
                }
                _ => {
                    let own = fields.get("__typename").and_then(Json::as_str).unwrap_or(type_name).to_owned();
                    Ok(ResolvedValue::object(Object {
                        subgraph: self,
                        type_name: own,
                        fields: fields.clone(),
                    }))
                }
            },
            leaf => Ok(ResolvedValue::Leaf(leaf.clone().into())),
        }
    }
}

struct Object<'a> {
    subgraph: &'a Subgraph,
    type_name: String,
    fields: Map<String, Json>,
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        if info.field_name() == "_entities" {
            let representations = plain(info.arguments());
            let representations = representations["representations"].as_array().unwrap().clone();
            let entities = representations
                .iter()
                .map(|one| ResolvedValue::nullable_object(self.subgraph.entity(one.as_object().unwrap())));
            return Ok(ResolvedValue::list(entities.collect::<Vec<_>>()));
        }
        let exact = format!("{}({})", info.field_name(), plain(info.arguments()));
        let value =
            self.fields.get(&exact).or_else(|| self.fields.get(info.field_name())).unwrap_or(&Json::Null);
        self.subgraph.value(value, &self.fields, info.field_definition().ty.inner_named_type())
    }
}

/// The names of the root types, that of the queries first.
fn roots(sdl: &str) -> Vec<String> {
    let mut names = ["Query", "Mutation", "Subscription"].map(str::to_owned);
    let document = ast::Document::parse(sdl, "subgraph.graphql").unwrap();
    for definition in &document.definitions {
        let ast::Definition::SchemaDefinition(schema) = definition else { continue };
        for root in &schema.root_operations {
            names[root.0 as usize] = root.1.to_string();
        }
    }
    names.into()
}

fn object(value: &Json) -> Map<String, Json> {
    value.as_object().cloned().unwrap_or_default()
}

fn plain(arguments: &JsonMap) -> Json {
    serde_json::to_value(arguments).unwrap()
}
