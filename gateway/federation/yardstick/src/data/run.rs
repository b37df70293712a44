//! Runs Hive Router's plans: what a fetch takes from the data so far, and where its reply goes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use apollo_compiler::response::{JsonMap, JsonValue};
use hive_router_query_planner::ast::selection_set::SelectionSet;
use hive_router_query_planner::planner::plan_nodes::{
    BatchFetchNode, ConditionNode, EntityBatchAlias, FetchNode, FetchRewrite, FlattenNodePathSegment,
    PlanNode, QueryPlan,
};
use serde_json::{Value as Json, json};

use super::merge::{merge, represent, visit};
use super::rewrite::rewrite;
use super::server::Server;
use super::world::World;

/// Answers one request with their plan.
pub struct Run<'a> {
    world: &'a World<'a>,
    servers: &'a [Server],
    /// Coerced.
    variables: &'a JsonMap,
    pub data: Json,
    pub errors: Vec<String>,
}

/// A reply that hasn't been merged.
struct Done<'p> {
    data: Json,
    to: To<'p>,
}

/// Where a reply's data belongs.
enum To<'p> {
    Root,
    /// The same everywhere on the path.
    Path(&'p [FlattenNodePathSegment]),
    Entities(Vec<Entities<'p>>),
}

/// One list of entities in a reply.
struct Entities<'p> {
    alias: &'p str,
    paths: Vec<&'p [FlattenNodePathSegment]>,
    requires: &'p SelectionSet,
    before: &'p [FetchRewrite],
    after: &'p [FetchRewrite],
    /// Each representation's text and its place in the list.
    sent: BTreeMap<String, usize>,
}

impl<'a> Run<'a> {
    pub fn new(world: &'a World<'a>, servers: &'a [Server], variables: &'a JsonMap) -> Self {
        Self { world, servers, variables, data: json!({}), errors: Vec::new() }
    }

    pub fn run(&mut self, plan: &QueryPlan) {
        if let Some(node) = &plan.node {
            self.node(node);
        }
    }

    fn node(&mut self, node: &PlanNode) {
        match node {
            PlanNode::Sequence(sequence) => sequence.nodes.iter().for_each(|node| self.node(node)),
            PlanNode::Condition(condition) => {
                if let Some(node) = self.chosen(condition) {
                    self.node(node);
                }
            }
            PlanNode::Parallel(parallel) => {
                // All requests are made from what is there before any of them has a reply.
                let done: Vec<_> = parallel.nodes.iter().filter_map(|node| self.fetch(node)).collect();
                done.into_iter().for_each(|done| self.merge(done));
            }
            node => {
                if let Some(done) = self.fetch(node) {
                    self.merge(done);
                }
            }
        }
    }

    fn chosen<'p>(&self, condition: &'p ConditionNode) -> Option<&'p PlanNode> {
        let is_true = self.variables.get(condition.condition.as_str()) == Some(&JsonValue::Bool(true));
        if is_true { condition.if_clause.as_deref() } else { condition.else_clause.as_deref() }
    }

    fn fetch<'p>(&mut self, node: &'p PlanNode) -> Option<Done<'p>> {
        match node {
            PlanNode::Fetch(fetch) => {
                let data = self.ask(&fetch.service_name, &fetch.operation.document_str, fetch, Vec::new());
                Some(Done { data, to: To::Root })
            }
            PlanNode::Flatten(flatten) => {
                let PlanNode::Fetch(fetch) = &*flatten.node else {
                    self.errors.push("a flatten node without a fetch".to_owned());
                    return None;
                };
                let path = flatten.path.as_slice();
                let Some(requires) = &fetch.requires else {
                    let data =
                        self.ask(&fetch.service_name, &fetch.operation.document_str, fetch, Vec::new());
                    return Some(Done { data, to: To::Path(path) });
                };
                let entities = Entities {
                    alias: "_entities",
                    paths: vec![path],
                    requires,
                    before: fetch.input_rewrites.as_deref().unwrap_or_default(),
                    after: fetch.output_rewrites.as_deref().unwrap_or_default(),
                    sent: BTreeMap::new(),
                };
                self.entities(fetch, vec![("representations", entities)])
            }
            PlanNode::BatchFetch(batch) => {
                let all = batch.entity_batch.aliases.iter();
                let all = all.map(|it| (it.representations_variable_name.as_str(), Entities::of(it)));
                self.entities(batch, all.collect())
            }
            PlanNode::Condition(condition) => self.fetch(self.chosen(condition)?),
            _ => {
                self.errors.push("a plan node that can't stand there".to_owned());
                None
            }
        }
    }

    fn entities<'p>(&mut self, fetch: &impl Request, lists: Vec<(&str, Entities<'p>)>) -> Option<Done<'p>> {
        let mut variables: Vec<(&str, Json)> = Vec::new();
        let mut filled = Vec::new();
        for (variable, mut entities) in lists {
            let sent = entities.gather(self.world, &self.data);
            if !variables.iter().any(|(name, _)| *name == variable) {
                variables.push((variable, sent.into()));
            }
            filled.push(entities);
        }
        if filled.iter().all(|entities| entities.sent.is_empty()) {
            return None;
        }
        let data = self.ask(fetch.service(), fetch.text(), fetch, variables);
        Some(Done { data, to: To::Entities(filled) })
    }

    fn ask(&mut self, service: &str, query: &str, fetch: &impl Request, own: Vec<(&str, Json)>) -> Json {
        let used = self.variables.iter().filter(|(name, _)| fetch.uses(name.as_str()));
        let mut variables: JsonMap = used.map(|(name, value)| (name.clone(), value.clone())).collect();
        variables.extend(own.into_iter().map(|(name, value)| (name.into(), value.into())));
        let at = self.world.joins.graphs.iter().position(|name| name == service);
        let Some(at) = at else {
            self.errors.push(format!("there is no {service}"));
            return Json::Null;
        };
        let reply = self.servers[at].answer(self.world, query, &variables);
        self.errors.extend(reply.errors);
        let mut data = reply.data;
        fetch.after().iter().for_each(|it| rewrite(self.world.joins, it, &mut data));
        data
    }

    fn merge(&mut self, done: Done<'_>) {
        let Done { mut data, to } = done;
        match to {
            To::Root => merge(&mut self.data, data),
            To::Path(path) => {
                visit(self.world, &mut self.data, path, &mut |target| merge(target, data.clone()));
            }
            To::Entities(lists) => {
                for list in lists {
                    let replies = data.get_mut(list.alias).map(Json::take);
                    list.spread(self.world, &mut self.data, replies.unwrap_or_default());
                }
            }
        }
    }
}

impl<'p> Entities<'p> {
    fn of(alias: &'p EntityBatchAlias) -> Self {
        Self {
            alias: &alias.alias,
            paths: alias.merge_paths.iter().map(|path| path.as_slice()).collect(),
            requires: &alias.requires,
            before: alias.input_rewrites.as_deref().unwrap_or_default(),
            after: alias.output_rewrites.as_deref().unwrap_or_default(),
            sent: BTreeMap::new(),
        }
    }

    /// The representations of what is on the paths, each once.
    fn gather(&mut self, world: &World<'_>, data: &Json) -> Vec<Json> {
        let mut sent = Vec::new();
        let mut data = data.clone();
        for path in self.paths.clone() {
            visit(world, &mut data, path, &mut |entity| {
                let Some(one) = self.representation(world, entity) else { return };
                let text = one.to_string();
                if let Entry::Vacant(place) = self.sent.entry(text) {
                    place.insert(sent.len());
                    sent.push(one);
                }
            });
        }
        sent
    }

    fn representation(&self, world: &World<'_>, entity: &Json) -> Option<Json> {
        let mut entity = entity.clone();
        self.before.iter().for_each(|it| rewrite(world.joins, it, &mut entity));
        represent(world, &self.requires.items, &entity)
    }

    /// Merges the replies into what was on the paths.
    fn spread(&self, world: &World<'_>, data: &mut Json, replies: Json) {
        let Json::Array(mut replies) = replies else { return };
        for reply in &mut replies {
            self.after.iter().for_each(|it| rewrite(world.joins, it, reply));
        }
        // What a reply changes must not change what the others were asked by.
        let before = data.clone();
        for path in &self.paths {
            let mut asked = Vec::new();
            visit(world, &mut before.clone(), path, &mut |entity| {
                asked.push(self.representation(world, entity))
            });
            let mut asked = asked.into_iter();
            visit(world, data, path, &mut |target| {
                let place = asked.next().flatten().and_then(|it| self.sent.get(&it.to_string()));
                if let Some(reply) = place.and_then(|at| replies.get(*at)) {
                    merge(target, reply.clone());
                }
            });
        }
    }
}

/// Both kinds of their fetches.
trait Request {
    fn service(&self) -> &str;
    fn text(&self) -> &str;
    fn uses(&self, variable: &str) -> bool;
    /// What is done to a whole reply; entities have it done to each.
    fn after(&self) -> &[FetchRewrite];
}

impl Request for FetchNode {
    fn service(&self) -> &str {
        &self.service_name
    }

    fn text(&self) -> &str {
        &self.operation.document_str
    }

    fn uses(&self, variable: &str) -> bool {
        self.variable_usages.as_ref().is_some_and(|all| all.contains(variable))
    }

    fn after(&self) -> &[FetchRewrite] {
        match (&self.requires, &self.output_rewrites) {
            (None, Some(all)) => all,
            _ => &[],
        }
    }
}

impl Request for BatchFetchNode {
    fn service(&self) -> &str {
        &self.service_name
    }

    fn text(&self) -> &str {
        &self.operation.document_str
    }

    fn uses(&self, variable: &str) -> bool {
        self.variable_usages.as_ref().is_some_and(|all| all.contains(variable))
    }

    fn after(&self) -> &[FetchRewrite] {
        &[]
    }
}
