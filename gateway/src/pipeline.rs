//! One request's way: parse, validate, limit, plan (or find all that prepared), coerce variables, execute.
//!
//! ```text
//! Request ─▶ admission ─▶ operations ─────hit──────────▶ variables ─▶ execute ─▶ mask ─▶ Answer
//!                            └─miss─▶ prepare (own threads) ─┘             │
//!                                        ▲                                 │ nobody listens: the schema changed
//!                                        └───── the newer graph ◀──────────┘
//! ```
//!
//! Start reading at [`Pipeline::run`].

use std::{fmt, ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use tributary_federation::{
    OperationKind, Plan, Supergraph,
    plan::{ConditionId, OutputId, OutputInner, OutputType, OutputValue},
    variables::Variables,
};

mod admission;
mod cache;
mod caller;
mod dedupe;
mod facts;
mod fetcher;
mod flights;
mod graph;
mod introspection;
mod kept;
mod limits;
mod making;
mod mask;
mod operations;
mod parts;
mod plans;
mod prepare;
mod snapshot;
mod subscribe;
mod warm;

pub use caller::{Caller, CallerKey};
pub use dedupe::Dedupe;
pub use facts::RequestFacts;
pub use graph::Graph;
pub use introspection::Introspection;
pub use limits::check as check_limits;
pub use operations::Operations;
pub use parts::Parts;
pub use prepare::Prepared;
pub use subscribe::{EventPlan, Subscription};

use admission::Gate;
use dedupe::{Changes, FetchKey, InFlight, QueryKey, Same};
use fetcher::{Progress, RequestFetcher};
use parts::{Message, PartSender};

use crate::{
    cache::{EntityCache, Freshness},
    config::Config,
    error::{Code, GraphqlError, Rejection},
    execute::{self, ExecuteRequest, ExecutionResult, Part},
    registry::{Live, Registry},
    telemetry::Metrics,
    transport::{Target, Transport},
};

/// A GraphQL request.
#[derive(Debug)]
pub struct Request {
    /// The document; empty where only its id is given.
    pub query: String,
    /// The document's id, which counts where there is no text.
    pub document_id: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// A JSON object, as the client wrote it.
    pub variables: Option<Bytes>,
    /// It came by a method that must not change anything.
    pub queries_only: bool,
    /// When the client is told that it took too long.
    pub deadline: Instant,
    /// What subgraphs are told about who asks.
    pub caller: Caller,
    /// What its plan can depend on.
    pub facts: RequestFacts,
    /// It has to be told what is so from now on: nothing is good for it that is under way already, or kept, since it is
    /// compared with events, of which the cache may not know yet.
    pub fresh: bool,
}

impl Request {
    /// Fetches end a little before the request does, so that what arrived is still answered.
    fn fetch_deadline(&self) -> Instant {
        self.deadline - LAST_MOMENT
    }
}

/// A GraphQL response that has data, or had a chance to.
#[derive(Debug)]
pub struct Answer {
    /// The JSON.
    pub body: AnswerBody,
    /// Query, mutation or subscription.
    pub kind: &'static str,
    /// The operation's name, if it has one.
    pub operation_name: Option<Box<str>>,
    /// How many errors are in it.
    pub errors: usize,
    /// For how long whoever gets it may keep it; `None`: not at all.
    pub freshness: Option<Freshness>,
}

/// The JSON of an answer.
#[derive(Debug)]
pub enum AnswerBody {
    /// All of it.
    Whole(Bytes),
    /// One part after the other.
    Parts(Parts),
}

/// Answers requests.
pub struct Pipeline {
    config: Arc<Config>,
    gate: Gate,
    operations: Arc<Operations>,
    registry: Registry,
    transport: Transport,
    metrics: Arc<Metrics>,
    /// What subgraphs answered; `None`: nothing is kept.
    cache: Option<Arc<EntityCache>>,
    in_flight: Queries,
    changes: Changes,
}

/// Queries that are under way, where equal ones are made one.
struct Queries {
    fetches: InFlight<FetchKey, Bytes>,
    whole: InFlight<QueryKey, Bytes>,
}

impl Queries {
    fn new(metrics: &Metrics) -> Self {
        let (fetches, whole) = (metrics.deduplicated("fetch"), metrics.deduplicated("query"));
        Self { fetches: InFlight::new(fetches), whole: InFlight::new(whole) }
    }
}

/// A server that restarts is back within this; longer losses are told to clients at once.
const SHORT_LOSS: Duration = Duration::from_millis(500);
/// What answering takes after the last fetch.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// What became of one attempt to answer.
enum Attempt {
    Answered(ExecutionResult),
    /// In parts, all of which have been handed on.
    Delivered,
    /// Nobody listens there any more; nothing was executed that can't be again.
    Stale(Arc<Target>),
}

/// A request in the state that an attempt begins with.
struct Ready<'a> {
    request: &'a Request,
    live: Arc<Live>,
    graph: Arc<Graph>,
    prepared: Arc<Prepared>,
    plan: Arc<Plan>,
    variables: Variables,
}

impl Pipeline {
    /// A pipeline over what the registry has live.
    pub fn new(
        config: Arc<Config>,
        operations: Arc<Operations>,
        registry: Registry,
        transport: Transport,
        metrics: Arc<Metrics>,
        cache: Option<Arc<EntityCache>>,
    ) -> Self {
        let gate = Gate::new(&config);
        let (in_flight, changes) = (Queries::new(&metrics), Changes::default());
        Self { config, gate, operations, registry, transport, metrics, cache, in_flight, changes }
    }

    /// Answers a request. Dropping the future cancels what runs.
    pub async fn run(&self, request: Request) -> Result<Answer, Rejection> {
        let whole = self.within_time(&request, None).await?;
        whole.ok_or_else(|| GraphqlError::internal("an answer in one piece was delivered in parts").into())
    }

    /// `None`: the answer has been handed on in parts.
    async fn within_time(
        &self,
        request: &Request,
        parts: Option<&PartSender>,
    ) -> Result<Option<Answer>, Rejection> {
        // The outer limit is for what isn't a fetch: those end by themselves, with partial data.
        match timeout_at(request.deadline, self.answer(request, parts)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(took_too_long().into()),
        }
    }

    async fn answer(
        &self,
        request: &Request,
        parts: Option<&PartSender>,
    ) -> Result<Option<Answer>, Rejection> {
        let first = self.ready(request, self.live()?).await?;
        let whole = parts.is_none() || first.plan.deferred.is_empty();
        let is_query = first.prepared.kind == OperationKind::Query;
        if self.config.graph.dedupe < Dedupe::Queries || !whole || !is_query || request.fresh {
            return self.answer_ready(first, parts).await;
        }
        let key = QueryKey {
            plan: Same(first.plan.clone()),
            variables: request.variables.clone(),
            caller: request.caller.key(),
            change: self.changes.now(),
        };
        let plan = first.plan.clone();
        let taken = |json| {
            let (body, operation_name) = (AnswerBody::Whole(json), plan.operation_name.clone());
            Ok(Some(Answer { body, kind: "query", operation_name, errors: 0, freshness: None }))
        };
        self.in_flight.whole.join(key, || self.answer_ready(first, None), good_answer, taken).await
    }

    /// Answers a request whose plan is there.
    async fn answer_ready(
        &self,
        first: Ready<'_>,
        parts: Option<&PartSender>,
    ) -> Result<Option<Answer>, Rejection> {
        let request = first.request;
        let target = match self.attempt(&first, false, parts).await? {
            Attempt::Answered(result) => return Ok(Some(self.finish(&first, result))),
            Attempt::Delivered => return Ok(None),
            Attempt::Stale(target) => target,
        };
        self.metrics.replans.inc();
        // Where the subgraph is nowhere, the same plan answers what the others have.
        let live = self.registry.replacement(&target, request.fetch_deadline()).await;
        let second = self.ready(request, live.unwrap_or(first.live)).await?;
        match self.attempt(&second, true, parts).await? {
            Attempt::Answered(result) => Ok(Some(self.finish(&second, result))),
            Attempt::Delivered => Ok(None),
            Attempt::Stale(target) => {
                let why = format!("a second attempt gave up on {}", target.subject);
                Err(GraphqlError::internal(why).into())
            }
        }
    }

    /// The supergraph to serve, or why there is none.
    fn live(&self) -> Result<Arc<Live>, Rejection> {
        if self.is_cut_off() {
            let message = "The connection to NATS is down; the gateway reconnects by itself";
            return Err(GraphqlError::new(Code::NatsUnavailable, message).into());
        }
        self.registry.live().ok_or_else(|| {
            GraphqlError::new(Code::GraphUnavailable, "There is no graph yet: no subgraph has been found")
                .into()
        })
    }

    /// Whether the connection to NATS has been down for so long that waiting for it makes no sense.
    fn is_cut_off(&self) -> bool {
        let link = self.transport.link();
        if link.is_up() {
            return false;
        }
        let state = link.state();
        let state = state.borrow();
        // Before the first connection there is nothing that could be back soon.
        state.down_since.is_some_and(|since| state.connects == 0 || since.elapsed() > SHORT_LOSS)
    }

    async fn ready<'a>(&self, request: &'a Request, live: Arc<Live>) -> Result<Ready<'a>, Rejection> {
        let graph = self.operations.graph_of(&live).await?;
        // Whoever prepares a request comes by here, so nothing is run that isn't admitted.
        let (query, operation_name) = self.gate.admit(request).await?;
        let prepared = self.operations.prepared(&graph, query, operation_name, &request.facts).await?;
        if request.queries_only && prepared.kind != OperationKind::Query {
            let message = format!("A GET can't run a {}; use POST", prepared.kind());
            return Err(GraphqlError::new(Code::MethodNotAllowed, message).into());
        }
        if prepared.subscription.is_some() {
            let message = "A subscription needs a connection that carries many answers; this one carries one. \
                           Use a WebSocket, text/event-stream or multipart/mixed";
            return Err(GraphqlError::new(Code::SubscriptionUnsupported, message).into());
        }
        let variables = coerce(&prepared, request.variables.as_deref())?;
        let plan = self
            .operations
            .plan(&graph, &prepared, (query, operation_name), &request.facts, &variables)
            .await?;
        if self.config.auth.refuse_unauthorised {
            refuse_withheld(&plan, &variables)?;
        }
        Ok(Ready { request, live, graph, prepared, plan, variables })
    }

    async fn attempt(
        &self,
        ready: &Ready<'_>,
        again: bool,
        parts: Option<&PartSender>,
    ) -> Result<Attempt, Rejection> {
        let Ready { request, prepared, .. } = ready;
        let per_request;
        let introspection = match &prepared.introspection {
            Introspection::None => &[][..],
            Introspection::Fixed(answers) => answers,
            Introspection::PerRequest { query, operation_name } => {
                let (name, variables) = (operation_name.as_deref(), request.variables.as_ref());
                per_request = self.operations.introspect(&ready.graph, query, name, variables).await?;
                &per_request
            }
        };
        let fetcher = RequestFetcher {
            pipeline: self,
            ready,
            progress: Progress::new(prepared.kind == OperationKind::Mutation, again),
            cache: self.view(ready),
        };
        let limits = self.config.limits.execution();
        let execution = ExecuteRequest { variables: &ready.variables, introspection, limits };
        Ok(tokio::select! {
            biased;
            attempt = self.execute(ready, execution, &fetcher, parts) => attempt,
            target = fetcher.progress.stale() => Attempt::Stale(target),
        })
    }

    async fn execute(
        &self,
        ready: &Ready<'_>,
        execution: ExecuteRequest<'_>,
        fetcher: &RequestFetcher<'_>,
        parts: Option<&PartSender>,
    ) -> Attempt {
        let Some(parts) = parts.filter(|_| !ready.plan.deferred.is_empty()) else {
            return Attempt::Answered(execute::execute(&ready.plan, execution, fetcher).await);
        };
        let name = ready.plan.operation_name.clone();
        // If nobody listens any more, the first part finds out.
        let _ = parts.send(Message::Begins(ready.prepared.kind(), name));
        let mut stale = None;
        let deliver = |mut part: Part| {
            // What the client has can't be taken back: what is to be planned again is so before that.
            if let Some(target) = fetcher.progress.deliver() {
                stale = Some(target);
                return ControlFlow::Break(());
            }
            let later = part.increments.iter_mut().map(|increment| &mut increment.result);
            part.result.iter_mut().chain(later).for_each(|result| self.mask(ready, result));
            match parts.send(Message::Part(part)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        execute::execute_incrementally(&ready.plan, execution, fetcher, deliver).await;
        stale.map_or(Attempt::Delivered, Attempt::Stale)
    }

    fn mask(&self, ready: &Ready<'_>, result: &mut ExecutionResult) {
        self.mask_errors(&ready.live.supergraph, result);
    }

    fn mask_errors(&self, supergraph: &Supergraph, result: &mut ExecutionResult) {
        if self.config.http.mask_errors {
            let service = |id| supergraph.subgraph_name(id).to_owned();
            self.metrics.masked_errors.inc_by(mask::mask(&mut result.errors, service));
        }
    }

    fn finish(&self, ready: &Ready<'_>, mut result: ExecutionResult) -> Answer {
        self.mask(ready, &mut result);
        Answer {
            errors: result.errors.len(),
            freshness: self.freshness(ready, &result),
            body: AnswerBody::Whole(result.into_body(None)),
            kind: ready.prepared.kind(),
            operation_name: ready.plan.operation_name.clone(),
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}

/// An answer that is good for others, too: an error may be due to the one who asked.
fn good_answer(answer: &Result<Option<Answer>, Rejection>) -> Option<Bytes> {
    match answer {
        Ok(Some(Answer { body: AnswerBody::Whole(json), errors: 0, .. })) => Some(json.clone()),
        _ => None,
    }
}

/// A request's time is up.
pub fn took_too_long() -> GraphqlError {
    let message = "The request took too long; --request-timeout changes how long it may";
    GraphqlError::new(Code::DeadlineExceeded, message).with("setting", "--request-timeout")
}

/// Where that is configured, a request for anything that may not be seen is refused as a whole.
fn refuse_withheld(plan: &Plan, variables: &Variables) -> Result<(), Rejection> {
    let holds = |at: Option<ConditionId>| {
        at.is_none_or(|at| plan.conditions[at.index()].holds(|variable| variables.bool(variable)))
    };
    let mut coordinates: Vec<&str> = Vec::new();
    let (mut open, mut seen) = (vec![OutputId(0)], vec![false; plan.outputs.len()]);
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let output = &plan.outputs[at.index()];
        open.extend(output.deferred.iter().filter(|it| holds(it.condition)).map(|it| it.output));
        for field in output.fields.iter().filter(|field| holds(field.condition)) {
            match &field.value {
                OutputValue::Withheld { coordinate, .. } => coordinates.push(coordinate),
                OutputValue::Slot { ty: OutputType { inner: OutputInner::Object(below), .. }, .. } => {
                    open.push(*below);
                }
                _ => {}
            }
        }
    }
    coordinates.sort_unstable();
    coordinates.dedup();
    let errors = coordinates.into_iter().take(MOST_REFUSALS).map(|coordinate| {
        GraphqlError::new(Code::Unauthorised, format!("Not authorised to see {coordinate}."))
    });
    Rejection::several(errors.collect()).map_or(Ok(()), Err)
}

/// Whether a field of the operation itself may not be seen.
fn withholds_root(plan: &Plan) -> bool {
    plan.outputs[0].fields.iter().any(|field| matches!(field.value, OutputValue::Withheld { .. }))
}

/// Fields that one refusal names.
const MOST_REFUSALS: usize = 20;

fn coerce(prepared: &Prepared, variables: Option<&[u8]>) -> Result<Variables, Rejection> {
    let text = variables.map(std::str::from_utf8).transpose();
    let text = text.map_err(|_| GraphqlError::new(Code::BadRequest, "variables: not UTF-8"))?;
    prepared.variables.coerce(text).map_err(|mistakes| {
        let errors = mistakes.into_iter().map(|mistake| {
            let error = GraphqlError::new(Code::BadUserInput, mistake.message);
            if mistake.variable.is_empty() { error } else { error.with("variable", &*mistake.variable) }
        });
        Rejection::several(errors.collect())
            .unwrap_or_else(|| GraphqlError::internal("variables were refused without a reason").into())
    })
}
