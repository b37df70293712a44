//! Whether both plans, and one server that has everything, give the same data.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use apollo_compiler::ast::VariableDefinition;
use apollo_compiler::executable::Operation;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use bytes::Bytes;
use serde_json::Value as Json;
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute};
use tributary_federation::variables::{InputTypes, VariableProgram};
use tributary_federation::{OperationKind, Plan, SubgraphId, Supergraph};

use super::joins::Joins;
use super::project::Projection;
use super::run::Run;
use super::server::{Reply, Server};
use super::world::World;
use crate::theirs::QueryPlan;

/// Worlds in which each operation is run: other types and values in each.
const WORLDS: u64 = 4;

/// Differences that are theirs, with the reason.
pub const THEIRS: [(&str, &str); 1] = [(
    "requires-interface#2",
    "what is required of an object only where it is of a certain type isn't sent at all where it is of another",
)];

/// A supergraph's servers.
pub struct Graph {
    joins: Joins,
    servers: Vec<Server>,
    whole: Server,
    names: Vec<String>,
}

/// One operation with both its plans.
pub struct Check<'a> {
    /// Whom the plans ask.
    pub graph: &'a Graph,
    /// The operation's text.
    pub query: &'a str,
    /// Our plan of it.
    pub ours: &'a Plan,
    /// Their plan of it.
    pub theirs: &'a QueryPlan,
    /// What clients see of the supergraph.
    pub api: &'a Valid<Schema>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How often both plans were run.
    pub runs: usize,
    /// The first time that ours didn't give what one server says.
    pub ours: Option<String>,
    /// The first time that theirs didn't.
    pub theirs: Option<String>,
}

impl Graph {
    /// The servers of a supergraph; a subgraph of which no SDL is known has the API schema.
    pub fn new(supergraph: &Supergraph, sdl: &str, subgraphs: &BTreeMap<String, String>) -> Self {
        let joins = Joins::read(sdl);
        let api = supergraph.api_schema();
        let text = api.to_string();
        let sdls = joins.graphs.iter().map(|name| subgraphs.get(name).unwrap_or(&text));
        let servers = sdls.enumerate().map(|(at, sdl)| Server::subgraph(&joins, at, sdl)).collect();
        let names = supergraph.subgraphs().iter().map(|info| info.name.to_string()).collect();
        Self { whole: Server::whole((**api).clone()), servers, joins, names }
    }
}

impl Check<'_> {
    /// Runs both plans in several worlds, with each value of each boolean variable.
    pub fn run(&self) -> Outcome {
        let document = ExecutableDocument::parse_and_validate(self.api, self.query, "query.graphql");
        let document = document.expect("an operation that was planned is valid");
        let operation = document.operations.get(None).expect("requests have one operation");
        let mut outcome = Outcome::default();
        for variables in choices(operation) {
            for seed in 1..=WORLDS {
                self.once(&document, operation, &variables, seed, &mut outcome);
            }
        }
        outcome
    }

    fn once(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &JsonMap,
        seed: u64,
        outcome: &mut Outcome,
    ) {
        let world = || World::new(&self.graph.joins, seed);
        let expected = self.graph.whole.answer(&world(), self.query, variables);
        // Where the whole has an error, as of a value that clients don't know, it isn't said who tells it how.
        let is_silent = |reply: &Reply| reply.errors.is_empty() || !expected.errors.is_empty();
        let difference = |reply: Reply| {
            let is_equal = reply.data == expected.data && is_silent(&reply);
            let text = || format!("variables {variables:?}, world {seed}: {reply:#?}\nnot {expected:#?}");
            (!is_equal).then(text)
        };
        let ours = difference(self.ours(operation, variables, &world()));
        let theirs = difference(self.theirs(document, operation, variables, &world()));
        outcome.runs += 1;
        outcome.ours = outcome.ours.take().or(ours);
        outcome.theirs = outcome.theirs.take().or(theirs);
    }

    fn theirs(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &JsonMap,
        world: &World<'_>,
    ) -> Reply {
        let variables = coerce_variable_values(self.api, operation, variables);
        let variables = variables.unwrap_or_else(|error| panic!("{}", error.message()));
        let mut run = Run::new(world, &self.graph.servers, &variables);
        run.run(self.theirs);
        let projection = Projection { api: self.api, document, variables: &variables };
        Reply { data: projection.project(&run.data), errors: run.errors }
    }

    fn ours(&self, operation: &Operation, variables: &JsonMap, world: &World<'_>) -> Reply {
        let program = VariableProgram::compile(&Arc::new(InputTypes::new(self.api)), operation);
        let text = serde_json::to_string(variables).expect("variables are JSON");
        let variables = program.coerce(Some(&text)).unwrap_or_else(|errors| panic!("{errors:?}"));
        let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
        let service = Service { graph: self.graph, world, errors: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without IO");
        let body = runtime.block_on(execute(self.ours, request, &service)).into_body(None);
        let mut body: Json = serde_json::from_slice(&body).expect("an answer is JSON");
        let mut errors = service.errors.into_inner().expect("nobody panics holding it");
        errors.extend(body["errors"].as_array().into_iter().flatten().map(ToString::to_string));
        Reply { data: body["data"].take(), errors }
    }
}

/// Subgraphs as our executor reaches them.
struct Service<'a> {
    graph: &'a Graph,
    world: &'a World<'a>,
    errors: Mutex<Vec<String>>,
}

impl Fetcher for Service<'_> {
    async fn fetch(&self, at: SubgraphId, _: OperationKind, body: Bytes) -> Result<Bytes, FetchFailure> {
        let mut request: Json = serde_json::from_slice(&body).expect("a request is JSON");
        let variables = match JsonValue::from(request["variables"].take()) {
            JsonValue::Object(variables) => variables,
            _ => JsonMap::new(),
        };
        let name = self.service(at);
        let place = self.graph.joins.graphs.iter().position(|graph| graph == name);
        let server = &self.graph.servers[place.expect("both readings have the same subgraphs")];
        let reply = server.answer(self.world, request["query"].as_str().unwrap_or_default(), &variables);
        self.errors.lock().expect("nobody panics holding it").extend(reply.errors);
        Ok(serde_json::json!({ "data": reply.data }).to_string().into())
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        &self.graph.names[subgraph.0 as usize]
    }
}

/// The operation's own defaults where it has them, and each combination of its boolean variables.
fn choices(operation: &Operation) -> Vec<JsonMap> {
    let mut all = vec![JsonMap::new()];
    for variable in &operation.variables {
        let is_boolean = variable.ty.inner_named_type() == "Boolean" && !variable.ty.is_list();
        if !is_boolean {
            continue;
        }
        let set = |value: bool| {
            move |known: &JsonMap| {
                let mut known = known.clone();
                known.insert(variable.name.as_str(), value.into());
                known
            }
        };
        all = all.iter().map(set(true)).chain(all.iter().map(set(false))).collect();
    }
    let needs = |variable: &VariableDefinition| variable.ty.is_non_null() && variable.default_value.is_none();
    if all.len() > 1 && !operation.variables.iter().any(|variable| needs(variable)) {
        all.push(JsonMap::new());
    }
    all
}
