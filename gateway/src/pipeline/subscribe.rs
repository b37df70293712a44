//! Subscriptions: prepared once for all who ask the same, then answered event by event.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use tributary_federation::{
    Fact, OperationKind, Plan,
    event::{EventSource, PayloadShape},
    plan::VariableId,
    variables::Variables,
};

use super::{
    Attempt, Caller, Pipeline, Prepared, Ready, Request, coerce,
    facts::{self, RequestFacts},
    fetcher::{Progress, RequestFetcher},
    graph::Graph,
    operations::panicked,
    prepare::plan_for_payload,
    refuse_withheld, withholds_root,
};
use crate::{
    error::{Code, GraphqlError, Rejection},
    execute::{self, ExecuteRequest, ExecutionError, ExecutionResult},
    registry::Live,
    subscription::{Payload, Reply, RootField, Versioned},
    transport::{FetchError, FetchErrorKind, FetchRequest, Opened},
};

/// What a subscription's operation has besides what every operation has.
#[derive(Debug)]
pub struct Subscribing {
    /// What is subscribed to.
    pub root: RootField,
    /// The events that feed it; `None`: its subgraph serves it.
    pub source: Option<Arc<EventSource>>,
    plans: EventPlans,
}

/// The plans for events of an operation: one for each shape of payload and combination of facts.
#[derive(Debug, Default)]
struct EventPlans {
    kept: std::sync::RwLock<Vec<Arc<EventVariant>>>,
    /// Held while one is made: events come many at a time, and all need the same.
    making: Mutex<()>,
}

#[derive(Debug)]
struct EventVariant {
    shape: PayloadShape,
    facts: Vec<(Fact, bool)>,
    outcome: Result<Arc<EventPlan>, Rejection>,
}

/// How an event of one shape is answered.
#[derive(Debug)]
pub struct EventPlan {
    plan: Arc<Plan>,
    /// How its payload becomes the reply of the plan's first fetch.
    reply: Reply,
}

/// Payloads of one subject rarely differ in what they have; beyond that the oldest goes.
const MOST_SHAPES: usize = 32;

impl Subscribing {
    /// Of an operation that has that root field.
    pub(super) fn new(graph: &Graph, root: RootField) -> Self {
        let source = graph.supergraph().event(&root.name).cloned().map(Arc::new);
        Self { root, source, plans: EventPlans::default() }
    }
}

impl EventPlans {
    fn find(
        &self,
        shape: &PayloadShape,
        holds: impl Fn(Fact) -> bool,
    ) -> Option<Result<Arc<EventPlan>, Rejection>> {
        let kept = self.kept.read().unwrap_or_else(|broken| broken.into_inner());
        let fits = |kept: &&Arc<EventVariant>| kept.shape == *shape && facts::fit(&kept.facts, &holds);
        kept.iter().rfind(fits).map(|kept| kept.outcome.clone())
    }

    fn add(&self, variant: EventVariant) {
        let mut kept = self.kept.write().unwrap_or_else(|broken| broken.into_inner());
        if kept.len() == MOST_SHAPES {
            kept.remove(0);
        }
        kept.push(Arc::new(variant));
    }
}

/// A subscription as one client asks for it, on one graph.
#[derive(Debug)]
pub struct Subscription {
    live: Arc<Live>,
    graph: Arc<Graph>,
    prepared: Arc<Prepared>,
    /// Of the operation as a whole; events have plans of their own.
    plan: Arc<Plan>,
    variables: Variables,
    /// The document, which trusted operations may have by an id.
    query: Box<str>,
    operation_name: Option<Box<str>>,
    facts: RequestFacts,
}

impl Subscription {
    /// What its operation has besides what every operation has.
    pub fn subscribing(&self) -> &Subscribing {
        self.prepared.subscription.as_ref().expect("only subscriptions become one")
    }

    /// The graph that it was prepared for.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The root field's arguments.
    pub fn arguments(&self) -> serde_json::Map<String, serde_json::Value> {
        self.subscribing().root.arguments(&self.variables)
    }

    /// The coerced variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The coerced variables as a client would send them.
    fn variables_json(&self) -> Vec<u8> {
        let names = self.prepared.variables.names().enumerate();
        let entries = names.filter_map(|(at, name)| {
            Some(format!("\"{name}\":{}", self.variables.get(VariableId(at as u32))?))
        });
        format!("{{{}}}", entries.collect::<Vec<_>>().join(",")).into_bytes()
    }

    /// The operation's name.
    pub fn operation_name(&self) -> Option<&str> {
        self.operation_name.as_deref()
    }

    /// Where two subscriptions have the same of these, and the same variables, an event has the same answer for both,
    /// but for what subgraphs say to different callers.
    pub fn identity(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.prepared) as usize, Arc::as_ptr(&self.plan) as usize)
    }

    fn holds(&self, labels: &[String]) -> impl Fn(Fact) -> bool + use<'_> {
        let labels = labels.to_vec();
        move |fact| self.facts.holds(fact, self.graph.supergraph(), &labels, |id| self.variables.bool(id))
    }
}

impl Subscription {
    /// Which version of its entity an event tells, if its subgraph says so.
    pub fn version(&self, payload: &Payload) -> Option<Versioned> {
        let source = self.subscribing().source.as_ref()?;
        let (version, typename) = (source.version.as_deref()?, payload.shape.typename.as_deref()?);
        let keys = self.graph.supergraph().plain_keys(typename, source.subgraph);
        Versioned::of(typename, |name| payload.fields.get(name), &keys, version)
    }
}

impl EventPlan {
    /// Whether the payload has everything, so that the answer is the same for all who may see it.
    pub fn asks_nobody(&self) -> bool {
        self.plan.fetches.len() == 1
    }
}

impl Pipeline {
    /// What a request subscribes to, on what is live now; `None`: it is a query or a mutation.
    ///
    /// # Errors
    /// Why it can't be run.
    pub async fn subscription(&self, request: &Request) -> Result<Option<Arc<Subscription>>, Rejection> {
        let live = self.live()?;
        let graph = self.operations.graph_of(&live).await?;
        let names = self.gate.admit(request).await?;
        self.prepare_subscription(live, graph, names, request.variables.as_deref(), &request.facts).await
    }

    /// Whether a subscription is on what is live now.
    pub fn is_on_live(&self, subscription: &Subscription) -> bool {
        self.registry.live().is_none_or(|live| live.generation == subscription.live.generation)
    }

    /// The same as a subscription, on what is live now; `None`: that is what it is on.
    ///
    /// # Errors
    /// Why it can't be run any more.
    pub async fn subscription_again(
        &self,
        subscription: &Subscription,
        facts: &RequestFacts,
    ) -> Result<Option<Arc<Subscription>>, Rejection> {
        let live = self.live()?;
        let graph = self.operations.graph_of(&live).await?;
        if Arc::ptr_eq(&graph, &subscription.graph) {
            return Ok(None);
        }
        self.subscription_for(subscription, facts).await.map(Some)
    }

    /// The same as a subscription, on what is live now, as somebody else asks for it.
    ///
    /// # Errors
    /// Why it can't be run.
    pub async fn subscription_for(
        &self,
        subscription: &Subscription,
        facts: &RequestFacts,
    ) -> Result<Arc<Subscription>, Rejection> {
        let live = self.live()?;
        let graph = self.operations.graph_of(&live).await?;
        let names = (&*subscription.query, subscription.operation_name.as_deref());
        let variables = subscription.variables_json();
        let again = self.prepare_subscription(live, graph, names, Some(&variables), facts).await?;
        again.ok_or_else(|| GraphqlError::internal("a subscription became another kind of operation").into())
    }

    async fn prepare_subscription(
        &self,
        live: Arc<Live>,
        graph: Arc<Graph>,
        (query, operation_name): (&str, Option<&str>),
        variables: Option<&[u8]>,
        facts: &RequestFacts,
    ) -> Result<Option<Arc<Subscription>>, Rejection> {
        let prepared = self.operations.prepared(&graph, query, operation_name, facts).await?;
        if prepared.subscription.is_none() {
            return Ok(None);
        }
        let variables = coerce(&prepared, variables)?;
        let names = (query, operation_name);
        let plan = self.operations.plan(&graph, &prepared, names, facts, &variables).await?;
        // Without its root field a subscription would tell of nothing but that something happened.
        if self.config.auth.refuse_unauthorised || withholds_root(&plan) {
            refuse_withheld(&plan, &variables)?;
        }
        Ok(Some(Arc::new(Subscription {
            query: query.into(),
            operation_name: operation_name.map(Box::from),
            facts: facts.clone(),
            live,
            graph,
            prepared,
            plan,
            variables,
        })))
    }

    /// How an event of that shape is answered: found, or planned now.
    ///
    /// # Errors
    /// Why it can't be.
    pub async fn event_plan(
        &self,
        subscription: &Arc<Subscription>,
        shape: &PayloadShape,
    ) -> Result<Arc<EventPlan>, Rejection> {
        let plans = &subscription.subscribing().plans;
        let labels = &self.operations.making.rules.labels;
        if let Some(found) = plans.find(shape, subscription.holds(labels)) {
            return found;
        }
        let _alone = plans.making.lock().await;
        if let Some(found) = plans.find(shape, subscription.holds(labels)) {
            return found;
        }
        let (making, subscription, shape) =
            (self.operations.making.clone(), subscription.clone(), shape.clone());
        let permit = self.operations.thread().await;
        let made = spawn_blocking(move || {
            let _permit = permit;
            let holds = subscription.holds(&making.rules.labels);
            let name = subscription.operation_name.as_deref();
            let Subscription { graph, query, .. } = &*subscription;
            let variant = plan_for_payload(graph, &making.rules, query, name, &holds, &shape);
            let outcome = variant.outcome.and_then(|plan| {
                let typename = shape.typename.as_deref().unwrap_or_default();
                let reply =
                    plan.fetches.first().and_then(|first| Reply::new(&first.query, graph.schema(), typename));
                let why = || GraphqlError::internal("a subscription's first fetch can't be read");
                Ok(Arc::new(EventPlan { reply: reply.ok_or_else(why)?, plan }))
            });
            subscription.subscribing().plans.add(EventVariant {
                shape,
                facts: variant.facts,
                outcome: outcome.clone(),
            });
            outcome
        });
        made.await.map_err(panicked)?
    }

    /// Answers one event as `caller` sees it.
    pub async fn event(
        &self,
        subscription: &Subscription,
        plan: &EventPlan,
        caller: &Caller,
        payload: &Payload,
    ) -> ExecutionResult {
        let reply = Bytes::from(plan.reply.write(&payload.fields));
        self.next_result(subscription, &plan.plan, caller, reply).await
    }

    /// Begins a subscription at the subgraph that serves it.
    ///
    /// # Errors
    /// Why it can't be begun now.
    pub async fn open_stream(
        &self,
        subscription: &Subscription,
        caller: &Caller,
    ) -> Result<Opened, Rejection> {
        let Subscription { plan, variables, live, .. } = subscription;
        let limits = self.config.limits.execution();
        let execution = ExecuteRequest { variables, introspection: &[], limits };
        let (Some(first), Some(payload)) =
            (plan.fetches.first(), execute::subscription_body(plan, execution))
        else {
            return Err(GraphqlError::internal("a subscription's plan begins with no fetch").into());
        };
        let name = live.supergraph.subgraph_name(first.subgraph);
        let failed = |error: FetchError| {
            let refused = GraphqlError::new(Code::SubscriptionRefused, error.client_message());
            Rejection::from(refused.with("reason", error.code()))
        };
        // Instances come and go; the supergraph may be the same all the while.
        let now = self.registry.live().filter(|now| now.generation == live.generation);
        let target = now.as_ref().unwrap_or(live).target(first.subgraph);
        let unavailable = || failed(FetchError { subgraph: name.into(), kind: FetchErrorKind::Unavailable });
        let target = target.cloned().ok_or_else(unavailable)?;
        if !target.features.streams {
            let message = format!("The subgraph \"{name}\" serves no subscriptions (feature `streams`)");
            return Err(GraphqlError::new(Code::SubscriptionUnsupported, message).into());
        }
        let request = FetchRequest {
            deadline: Instant::now() + self.config.graph.timeouts.of(name),
            target,
            payload,
            kind: OperationKind::Subscription,
            headers: caller.headers.clone(),
            idempotency_key: None,
            resent: false,
        };
        self.transport.stream(request).await.map_err(failed)
    }

    /// Resolves when an instance of a subgraph that was known is gone.
    pub async fn instance_gone(&self, subgraph: &str, instance: &str) {
        self.registry.instance_gone(subgraph, instance).await;
    }

    /// Answers what a subgraph streams: an execution result of the subscription's first fetch.
    pub async fn streamed(
        &self,
        subscription: &Subscription,
        caller: &Caller,
        reply: Bytes,
    ) -> ExecutionResult {
        self.next_result(subscription, &subscription.plan, caller, reply).await
    }

    async fn next_result(
        &self,
        subscription: &Subscription,
        plan: &Arc<Plan>,
        caller: &Caller,
        reply: Bytes,
    ) -> ExecutionResult {
        // Whoever is told of it may ask for what has changed.
        self.changes.note();
        let limits = self.config.limits.execution();
        let variables = &subscription.variables;
        let execution = ExecuteRequest { variables, introspection: &[], limits };
        let supergraph = &subscription.live.supergraph;
        if plan.fetches.len() == 1 {
            let mut result = execute::execute_alone(plan, execution, reply).await;
            self.mask_errors(supergraph, &mut result);
            return result;
        }
        let request = Request {
            query: String::new(),
            document_id: None,
            operation_name: None,
            variables: None,
            queries_only: false,
            deadline: Instant::now() + self.config.limits.request_timeout,
            caller: caller.clone(),
            facts: subscription.facts.clone(),
            fresh: true,
        };
        // Where nobody listens, what is live moves on, and a subscription with it: until then an instance may come
        // back, which is worth one more look.
        for again in [false, true] {
            let ready = Ready {
                request: &request,
                live: subscription.live.clone(),
                graph: subscription.graph.clone(),
                prepared: subscription.prepared.clone(),
                plan: plan.clone(),
                variables: variables.clone(),
            };
            let progress = Progress::new(false, again);
            let fetcher = RequestFetcher { pipeline: self, ready: &ready, progress, cache: None };
            let work = async {
                tokio::select! {
                    biased;
                    result = execute::execute_event(plan, execution, reply.clone(), &fetcher) => {
                        Attempt::Answered(result)
                    }
                    target = fetcher.progress.stale() => Attempt::Stale(target),
                }
            };
            match timeout_at(request.deadline, work).await {
                Ok(Attempt::Answered(mut result)) => {
                    self.mask_errors(supergraph, &mut result);
                    return result;
                }
                Ok(Attempt::Stale(target)) => {
                    drop(self.registry.replacement(&target, request.fetch_deadline()).await);
                }
                Ok(Attempt::Delivered) | Err(_) => break,
            }
        }
        let message = "The event wasn't answered in time; --request-timeout changes how long it may take";
        let error = ExecutionError::new(Code::DeadlineExceeded.as_str(), message);
        ExecutionResult::nothing(vec![error.with("setting", "--request-timeout")])
    }
}
