//! `/graphql`: one request, one answer.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
};
use http::{Method, Response, request::Parts};
use tokio::time::{Instant, timeout_at};

use super::{
    Bodies, ClientInfo, guard,
    live::{self, Only, Operations, Reservations, Streamed, Who},
    media::Accepted,
    read::{self, Parameters},
    respond::{Outcome, respond},
    single::{self, Wanted},
};
use crate::{
    auth::Identity,
    error::{GraphqlError, Rejection},
    gateway::Gateway,
    pipeline::{self, AnswerBody, Caller, RequestFacts},
    telemetry::{Metrics, RequestLabels, TraceContext},
};

/// What requests are answered with.
pub(super) struct Served {
    gateway: Arc<Gateway>,
    bodies: Bodies,
    reservations: Arc<Reservations>,
}

impl Served {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        let bodies = Bodies::new(gateway.config().limits.plan_cache_bytes / BODIES_SHARE);
        Self { reservations: Reservations::new(gateway.clone()), gateway, bodies }
    }
}

/// Which part of the bytes for prepared operations the bodies that ask for them get beside.
const BODIES_SHARE: u64 = 16;

/// Answers a request by any method.
pub(super) async fn handle(
    State(served): State<Arc<Served>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let gateway = &served.gateway;
    let config = gateway.config();
    let client = ClientInfo::of_request(peer, &parts.headers, &config.http.trusted_proxies);
    let trace = TraceContext::of_request(&parts.headers);
    let mut record = Record::begin(gateway.metrics(), client.name.clone(), &trace);

    if live::is_upgrade(&parts.headers) {
        let outcome = live::upgrade(gateway, parts, client).await;
        let (summary, response) = match outcome {
            Ok(response) => (Summary::of_stream(), response),
            Err(error) => {
                let outcome = Err(error.into());
                (Summary::of(&outcome), respond(Accepted::default(), outcome, &trace.to_string()))
            }
        };
        record.end(summary, response.status().as_u16());
        return response;
    }
    if let Some(wanted) = Wanted::of(&parts) {
        let (reservations, started) = (&served.reservations, record.started);
        let request = Request::from_parts(parts, body);
        let exchange = single::Exchange { gateway, reservations, request, client, trace: &trace, started };
        return single(wanted, exchange, record, &trace.to_string()).await;
    }
    let (accepted, outcome) = match Accepted::negotiate(&parts.headers) {
        Ok(accepted) => {
            let started = record.started;
            let exchange = Exchange { parts, body, client, trace: &trace, started, accepted };
            (accepted, answer(&served, exchange, &mut record.operation).await)
        }
        Err(error) => (Accepted::default(), Err(error.into())),
    };
    let (summary, response) = match outcome {
        Ok(Answered::Stream(streamed)) => (Summary::of_stream(), live::answer(streamed, &trace.to_string())),
        Ok(Answered::Once(answer)) => {
            let outcome = Ok(answer);
            (Summary::of(&outcome), respond(accepted, outcome, &trace.to_string()))
        }
        Err(rejection) => {
            let outcome = Err(rejection);
            (Summary::of(&outcome), respond(accepted, outcome, &trace.to_string()))
        }
    };
    record.end(summary, response.status().as_u16());
    response
}

/// Answers a request of the single connection mode.
async fn single(
    wanted: Wanted,
    exchange: single::Exchange<'_>,
    mut record: Record<'_>,
    trace: &str,
) -> Response<Body> {
    let (summary, response) = match single::answer(wanted, exchange, &mut record.operation).await {
        Ok(done) => (Summary::of_stream(), single::respond(done, trace)),
        Err(rejection) => {
            let outcome = Err(rejection);
            (Summary::of(&outcome), respond(Accepted::default(), outcome, trace))
        }
    };
    record.end(summary, response.status().as_u16());
    response
}

/// How a request is answered.
enum Answered {
    Once(pipeline::Answer),
    /// By what these operations come to, for as long as they run.
    Stream(Streamed),
}

/// A request as it arrived.
struct Exchange<'a> {
    parts: Parts,
    body: Body,
    client: ClientInfo,
    trace: &'a TraceContext,
    started: Instant,
    accepted: Accepted,
}

/// `asked` is told the operation's name as soon as it is known, for the log.
async fn answer(
    served: &Served,
    exchange: Exchange<'_>,
    asked: &mut Option<String>,
) -> Result<Answered, Rejection> {
    let Exchange { parts, body, client, trace, started, accepted } = exchange;
    let Served { gateway, bodies, .. } = served;
    let config = gateway.config();
    let deadline = started + config.limits.request_timeout;
    let arriving = gateway.upload(read::announced(&parts.headers).or(no_body(&parts.method)))?;
    guard::check(&parts.method, &parts.headers, &config.http.cors)?;
    let identity = gateway.authenticator().identify(&parts.headers).await?;
    let parameters = timeout_at(deadline, parameters(bodies, &parts, body, config.limits.body_bytes));
    let parameters = parameters.await.map_err(|_| read::late_body())??;
    drop(arriving);
    asked.clone_from(&parameters.operation_name);
    let parameters = match stream(gateway, &parts, (&client, trace), &identity, parameters, accepted).await? {
        Begun::Stream(streamed) => return Ok(Answered::Stream(streamed)),
        Begun::Once(parameters) => parameters,
    };
    // Who defers nothing gets one piece, without a task of its own.
    let incremental = accepted.parts.is_some() && may_have(&parameters, "@defer");
    let Parameters { query, document_id, operation_name, variables, .. } = parameters;
    // Held until the answer is made, and not before there is something to be done.
    let slot = gateway.slot()?;
    let request = pipeline::Request {
        query,
        document_id,
        operation_name,
        variables,
        queries_only: parts.method == Method::GET,
        deadline,
        caller: Caller::new(config, &parts, client, identity.as_deref(), trace),
        facts: RequestFacts { identity, share: rand::random_range(0.0..100.0), incremental },
        fresh: false,
    };
    let answer = match incremental {
        true => gateway.pipeline().run_in_parts(request, slot).await,
        false => gateway.pipeline().run(request).await,
    };
    answer.map(Answered::Once)
}

/// Whether a document can have something, as far as its text tells; where only its id is given, it can.
fn may_have(parameters: &Parameters, what: &str) -> bool {
    parameters.query.is_empty() || parameters.query.contains(what)
}

/// How an operation is answered by a client that may take streams.
enum Begun {
    Stream(Streamed),
    /// As all others: it hasn't been run.
    Once(Parameters),
}

/// A client that reconnects by itself says what it has by this.
const LAST_EVENT_ID: &str = "last-event-id";

/// Begins what goes on, in the form that the client takes; and everything, if it takes nothing else.
async fn stream(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    (client, trace): (&ClientInfo, &TraceContext),
    identity: &Option<Arc<Identity>>,
    mut parameters: Parameters,
    accepted: Accepted,
) -> Result<Begun, Rejection> {
    let may_go_on = !accepted.whole || may_have(&parameters, "subscription");
    let Some(form) = accepted.stream.filter(|_| may_go_on) else { return Ok(Begun::Once(parameters)) };
    let last = parts.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    if let Some(last) = last {
        parameters.resume_after = Some(last.to_owned());
    }
    let who = Who::new(gateway.config(), &parts.headers, client.clone(), identity.clone());
    let who = who.for_this_request(&parts.headers, trace);
    let operations = Operations::new(gateway.clone(), who, form.name());
    Ok(match operations.begin(parameters, parts.method == Method::GET, accepted.whole).await? {
        Only::Begun => Begun::Stream(Streamed { operations, form, opened: None }),
        Only::Once(parameters) => Begun::Once(*parameters),
    })
}

async fn parameters(
    bodies: &Bodies,
    parts: &Parts,
    body: Body,
    limit: usize,
) -> Result<Parameters, GraphqlError> {
    if parts.method == Method::GET {
        return read::get(&parts.uri);
    }
    bodies.read(&read::body(&parts.headers, body, limit).await?)
}

/// What a GET has besides isn't read.
fn no_body(method: &Method) -> Option<u64> {
    (*method == Method::GET).then_some(0)
}

/// Counts and logs a request, however it ends: a client that leaves drops the future that holds this.
struct Record<'a> {
    metrics: &'a Metrics,
    started: Instant,
    client: Option<String>,
    operation: Option<String>,
    trace: String,
    ended: bool,
}

/// What is logged and counted of an outcome, taken before the answer is given away.
struct Summary {
    kind: &'static str,
    code: &'static str,
    operation: Option<Box<str>>,
    errors: usize,
    bytes: usize,
}

impl Summary {
    /// Of an answer that has only begun.
    fn of_stream() -> Self {
        Self { kind: "subscription", code: "", operation: None, errors: 0, bytes: 0 }
    }

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(answer) => Self {
                kind: answer.kind,
                code: "",
                operation: answer.operation_name.clone(),
                errors: answer.errors,
                bytes: match &answer.body {
                    AnswerBody::Whole(json) => json.len(),
                    AnswerBody::Parts(_) => 0,
                },
            },
            Err(rejection) => Self {
                kind: "none",
                code: rejection.code().as_str(),
                operation: None,
                errors: rejection.errors().len(),
                bytes: 0,
            },
        }
    }
}

impl<'a> Record<'a> {
    fn begin(metrics: &'a Metrics, client: Option<String>, trace: &TraceContext) -> Self {
        metrics.in_flight.inc();
        let trace = format!("{:032x}", trace.trace_id);
        Self { metrics, started: Instant::now(), client, operation: None, trace, ended: false }
    }

    fn end(mut self, summary: Summary, status: u16) {
        self.ended = true;
        let took = self.started.elapsed();
        let Summary { kind, code, .. } = summary;
        self.metrics.request(RequestLabels { kind, status, code }, took);
        tracing::info!(
            operation = summary.operation.as_deref().or(self.operation.as_deref()).unwrap_or(""),
            kind,
            client = self.client.as_deref().unwrap_or(""),
            status,
            code,
            errors = summary.errors,
            bytes = summary.bytes,
            ms = took.as_secs_f64() * 1000.0,
            trace = %self.trace,
            "request"
        );
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        if !self.ended {
            self.metrics.abandoned.inc();
            let client = self.client.as_deref().unwrap_or("");
            let operation = self.operation.as_deref().unwrap_or("");
            tracing::info!(operation, client, trace = %self.trace, "the client left before its answer");
        }
    }
}
