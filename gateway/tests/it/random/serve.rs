//! A random world served: by its subgraphs behind the gateway's planner and executor, and in one piece.

use std::fmt::Write;
use std::sync::Arc;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute};
use tributary_checks::{faults, needless};
use tributary_federation::compose::{Severity, SubgraphSdl, compose};
use tributary_federation::variables::{InputTypes, VariableProgram, Variables};
use tributary_federation::{OperationKind, Plan, PlanOptions, SubgraphId, Supergraph, plan_operation};

use super::Counters;
use super::data::{Value, id_of, joined, json_of};
use super::dice::Dice;
use super::question::{Question, ask};
use super::world::{Required, Subgraph, World};

mod count;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@requires", "@context", "@fromContext",
    "@provides", "@external", "@shareable", "@interfaceObject"])
directive @cacheControl(maxAge: Int) on FIELD_DEFINITION | OBJECT | INTERFACE
"#;

const SERVED: &str = r"
    scalar FieldSet
    scalar _Any
    directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
    directive @requires(fields: FieldSet!) on FIELD_DEFINITION
    directive @provides(fields: FieldSet!) on FIELD_DEFINITION
    directive @external on OBJECT | FIELD_DEFINITION
    directive @shareable repeatable on OBJECT | FIELD_DEFINITION
    directive @interfaceObject on OBJECT
    directive @cacheControl(maxAge: Int) on FIELD_DEFINITION | OBJECT | INTERFACE
    directive @context(name: String!) repeatable on OBJECT
    directive @fromContext(field: String) on ARGUMENT_DEFINITION
";

pub struct Served<'w> {
    pub world: &'w World,
    pub supergraph: Supergraph,
    subgraphs: Vec<Valid<Schema>>,
    monolith: Valid<Schema>,
}

fn schema(sdl: &str) -> Valid<Schema> {
    match Schema::parse_and_validate(sdl, "schema.graphql") {
        Ok(schema) => schema,
        Err(error) => panic!("{}\n{sdl}", error.errors),
    }
}

impl<'w> Served<'w> {
    /// The codes of what doesn't compose.
    pub fn new(world: &'w World) -> Result<Self, Vec<String>> {
        let names: Vec<String> = (0..world.subgraphs).map(|at| format!("s{at}")).collect();
        let sdls: Vec<String> = (0..world.subgraphs).map(|at| format!("{LINK}{}", world.sdl(at))).collect();
        let inputs: Vec<SubgraphSdl> =
            names.iter().zip(&sdls).map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
        let composition = compose(&inputs);
        let Some(sdl) = composition.supergraph else {
            let errors = composition.diagnostics.iter().filter(|it| it.severity == Severity::Error);
            return Err(errors.map(|it| format!("{}: {}", it.code, it.message)).collect());
        };
        let subgraphs = (0..world.subgraphs).map(|at| {
            let entities = world.objects.iter().filter(|it| it.keys.contains_key(&at)).map(|it| it.name.clone());
            let interface = world.extends_interface(at).then(|| "J".to_owned());
            let entities: Vec<String> = entities.chain(interface).collect();
            let mut sdl = format!("{}{SERVED}", world.sdl(at));
            if !entities.is_empty() {
                let _ = write!(
                    sdl,
                    "union _Entity = {}\nextend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}",
                    entities.join(" | ")
                );
            }
            schema(&sdl)
        });
        Ok(Self {
            world,
            supergraph: Supergraph::parse(&sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}")),
            subgraphs: subgraphs.collect(),
            monolith: schema(&world.monolith()),
        })
    }

    /// One question to both; an error describes how the answers differ.
    pub async fn check(&self, dice: &mut Dice, counters: &mut Counters) -> Result<(), String> {
        let api = self.supergraph.api_schema();
        let question = ask(api, dice);
        let Ok(document) = ExecutableDocument::parse_and_validate(api, &question.text, "question.graphql")
        else {
            counters.invalid += 1;
            return Ok(());
        };
        if !self.is_valid_in_one_piece(&question) {
            counters.invalid += 1;
            return Ok(());
        }
        counters.questions += 1;
        let expected = self.in_one_piece(&question);
        let plan = plan_operation(&self.supergraph, &document, None, &PlanOptions::default())
            .map_err(|error| format!("{error}\n{}\n{}", question.text, self.world.sdls()))?;
        counters.count(self, &document, &plan, &expected);
        self.check_plan(&plan, &question.text)?;
        let variables = self.variables(&question, &document);
        let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
        self.check_in_parts(&question, request, &expected, counters).await?;
        self.check_with_a_failure(&plan, &question, request, &expected, dice, counters).await?;
        let body = execute(&plan, request, self).await.into_body(None);
        let body: Json = serde_json::from_slice(&body).unwrap();
        // Where a condition takes out a field's first mention, a later one decides its place in a single schema;
        // with us the first mention always does. JSON's objects have no order.
        let (got, wanted) = (body["data"].to_string(), expected.to_string());
        let ordered = question.text.contains('@') || got == wanted;
        if body.get("errors").is_none() && body["data"] == expected && ordered {
            return Ok(());
        }
        Err(format!(
            "{}\nvariables {}\n{}\nexpected {expected}\ngot      {}\nerrors {}\n{}",
            question.text,
            question.variables,
            plan.display(&self.supergraph),
            body["data"],
            body["errors"],
            self.world.sdls()
        ))
    }

    /// A subgraph may promise less about a type that it has no use for, and so doesn't have.
    pub(super) fn is_valid_in_one_piece(&self, question: &Question) -> bool {
        ExecutableDocument::parse_and_validate(&self.monolith, &question.text, "question.graphql").is_ok()
    }

    /// What can be said of a plan without running it.
    fn check_plan(&self, plan: &Plan, question: &str) -> Result<(), String> {
        let faults = match self.shows_what_is_asked() {
            true => faults(&self.supergraph, plan),
            false => needless(&self.supergraph, plan),
        };
        if faults.is_empty() {
            return Ok(());
        }
        let plan = plan.display(&self.supergraph);
        Err(format!("{question}\n{plan}\n{faults:?}\n{}", self.world.sdls()))
    }

    /// A member of a union that not every source knows is asked for nothing, but maybe by a requirement; then it looks
    /// as if the client should get the rest, too.
    pub(super) fn shows_what_is_asked(&self) -> bool {
        self.world.left_out.is_empty() || !self.requires_objects()
    }

    pub(super) fn variables(&self, question: &Question, document: &Valid<ExecutableDocument>) -> Variables {
        let types = Arc::new(InputTypes::new(self.supergraph.api_schema()));
        let program = VariableProgram::compile(&types, document.operations.get(None).unwrap());
        program.coerce(Some(&question.variables.to_string())).unwrap()
    }

    pub(super) fn in_one_piece(&self, question: &Question) -> Json {
        let response = self.in_one_piece_while(question, None);
        assert_eq!(response.get("errors"), None, "the whole has no errors");
        response["data"].clone()
    }

    /// The single schema's response while resolvers of that field fail.
    pub fn in_one_piece_while(&self, question: &Question, fails: Option<&str>) -> Json {
        let document =
            match ExecutableDocument::parse_and_validate(&self.monolith, &question.text, "q.graphql") {
                Ok(document) => document,
                Err(error) => panic!("{}\n{}", error.errors, question.text),
            };
        run(&self.monolith, &document, &question.variables, &self.root(None, fails))
    }

    fn root<'a>(&'a self, subgraph: Option<Subgraph>, fails: Option<&'a str>) -> Object<'a> {
        Object {
            world: self.world,
            subgraph,
            fails,
            type_name: "Query".to_owned(),
            id: 0,
            sent: None,
            provided: None,
            told: None,
        }
    }
}

fn run(
    schema: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    variables: &Json,
    root: &Object,
) -> Json {
    let JsonValue::Object(variables) = JsonValue::from(variables.clone()) else {
        panic!("variables are an object")
    };
    match Execution::new(schema, document).raw_variable_values(&variables).execute_sync(root) {
        Ok(response) => serde_json::to_value(&response).unwrap(),
        Err(_) => panic!("refused\n{document}\n{variables:?}"),
    }
}

impl Served<'_> {
    fn at(&self, subgraph: SubgraphId) -> Subgraph {
        self.service(subgraph)[1..].parse().unwrap()
    }

    /// A subgraph's reply to a request; resolvers of the field that fails do.
    pub fn reply(&self, subgraph: SubgraphId, body: &[u8], fails: Option<&str>) -> Bytes {
        let at = self.at(subgraph);
        let request: Json = serde_json::from_slice(body).unwrap();
        let query = request["query"].as_str().unwrap();
        let document =
            match ExecutableDocument::parse_and_validate(&self.subgraphs[at], query, "request.graphql") {
                Ok(document) => document,
                Err(error) => {
                    panic!("s{at} can't be asked\n{query}\n{}\n{}", error.errors, self.world.sdls())
                }
            };
        let variables = request.get("variables").cloned().unwrap_or_else(|| json!({}));
        let response = run(&self.subgraphs[at], &document, &variables, &self.root(Some(at), fails));
        serde_json::to_vec(&response).unwrap().into()
    }
}

impl Fetcher for Served<'_> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        Ok(self.reply(subgraph, &body, None))
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.supergraph.subgraph_name(subgraph)
    }
}

struct Object<'a> {
    world: &'a World,
    /// Whose answer it is in; `None`: the whole's.
    subgraph: Option<Subgraph>,
    /// The field whose resolvers fail.
    fails: Option<&'a str>,
    type_name: String,
    id: u64,
    /// The representation that it was asked by.
    sent: Option<Map<String, Json>>,
    /// The field that the way to it provides.
    provided: Option<String>,
    /// What the nearest object above that sets the context tells; in the whole only.
    told: Option<Json>,
}

impl<'a> Object<'a> {
    fn entity(&self, sent: &Json) -> Option<Self> {
        let sent = sent.as_object().unwrap();
        let mut type_name = sent["__typename"].as_str().unwrap().to_owned();
        let subgraph = self.subgraph.unwrap();
        if type_name == "J" {
            let id = id_of(sent)?;
            let it = self.world.interface_object.as_ref().unwrap();
            if it.host == subgraph {
                type_name = format!("W{}", id % it.members as u64);
            }
            return Some(Object {
                type_name,
                id,
                sent: Some(sent.clone()),
                provided: None,
                told: None,
                ..*self
            });
        }
        let keys = &self.world.object(&type_name).unwrap().keys[&subgraph];
        let complete = |key: &str| match key {
            "ka kb" => sent.contains_key("ka") && sent.contains_key("kb"),
            "ref { code }" => sent.contains_key("ref"),
            other => sent.contains_key(other),
        };
        let by_key = keys.iter().any(|(key, resolvable)| *resolvable && complete(key));
        let id = id_of(sent).filter(|_| by_key)?;
        Some(Object { type_name, id, sent: Some(sent.clone()), provided: None, told: None, ..*self })
    }

    fn value(&self, name: &str, argument: i64) -> Result<Value, FieldError> {
        let whole = || Ok(self.world.value(&self.type_name, self.id, name, argument));
        let Some(subgraph) = self.subgraph else { return whole() };
        let object = self.world.object(&self.type_name);
        let Some(field) = object.and_then(|object| object.fields.iter().find(|it| it.name == name)) else {
            return whole();
        };
        if !field.owners.contains(&subgraph) {
            let provided = self.provided.as_deref() == Some(name);
            let message = format!("{}.{name} isn't s{subgraph}'s to answer", self.type_name);
            return if provided { whole() } else { Err(FieldError { message }) };
        }
        let Some(required) = &field.requires else { return whole() };
        let sent = |one: &Required| Some(one.of(self.sent.as_ref()?.get(&one.name)?));
        let values: Option<Vec<Json>> = required.iter().map(sent).collect();
        let missing = || FieldError { message: format!("{}.{name} needs {required:?}", self.type_name) };
        Ok(Value::Leaf(joined(values.ok_or_else(missing)?.into_iter())))
    }

    /// What fields below are told.
    fn tells(&self) -> Option<Json> {
        if self.subgraph.is_some() {
            return None;
        }
        let own = self.type_name.starts_with('C');
        let tell = || json_of(&self.world.value(&self.type_name, self.id, "tell", 3));
        if own { Some(tell()) } else { self.told.clone() }
    }

    fn resolved(&self, value: Value, provided: Option<&String>) -> ResolvedValue<'a> {
        match value {
            Value::Null => ResolvedValue::null(),
            Value::Leaf(leaf) => ResolvedValue::Leaf(leaf.into()),
            Value::List(items) => ResolvedValue::list(
                items.into_iter().map(|it| self.resolved(it, provided)).collect::<Vec<_>>(),
            ),
            Value::Object(type_name, id) => ResolvedValue::object(Object {
                type_name: match self.subgraph {
                    Some(at) if type_name.starts_with('W') && self.world.extends_interface(at) => {
                        "J".to_owned()
                    }
                    _ => type_name,
                },
                id,
                sent: None,
                provided: provided.cloned(),
                told: self.tells(),
                ..*self
            }),
        }
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap();
        if info.field_name() == "_entities" {
            let all = arguments["representations"].as_array().unwrap();
            let mut sent: Vec<String> = all.iter().map(Json::to_string).collect();
            sent.sort();
            sent.dedup();
            if sent.len() != all.len() {
                return Err(FieldError { message: "the same representation twice".to_owned() });
            }
            let entities = all.iter().map(|one| ResolvedValue::nullable_object(self.entity(one)));
            return Ok(ResolvedValue::list(entities.collect::<Vec<_>>()));
        }
        if self.fails == Some(info.field_name()) {
            return Err(FieldError { message: "it fails".to_owned() });
        }
        let argument = arguments.get("n").and_then(Json::as_i64).unwrap_or(3);
        if info.field_name() == "told" {
            let by = arguments.get("by").or(self.told.as_ref()).cloned();
            let by = by.ok_or_else(|| FieldError { message: "nobody told".to_owned() })?;
            return Ok(ResolvedValue::Leaf(joined([by, json!(self.id)].into_iter()).into()));
        }
        let value = self.value(info.field_name(), argument)?;
        let object = self.world.object(&self.type_name);
        let field = object.and_then(|it| it.fields.iter().find(|it| it.name == info.field_name()));
        let provided = field.and_then(|field| field.provides.get(&self.subgraph?));
        Ok(self.resolved(value, provided))
    }
}
