//! One GraphQL request: read, run within its deadline, answer. A subscription is begun within it.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request};
use async_nats::{Message, Subject};
use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tributary_protocol::{Failure, FailureCode, RequestHead, header};

use crate::context;
use crate::control::Control;
use crate::gate::{Answer, Gate, Outcome};
use crate::stream::Streams;
use crate::subgraph::{Prepare, Settings};

/// The most that a requester can ask for. A larger number is a mistake, and would overflow an [`Instant`].
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// What runs GraphQL requests.
#[derive(Clone)]
pub(crate) struct Endpoint<E> {
    executor: E,
    prepare: Prepare,
    control: Control,
    streams: Streams,
    gate: Gate,
    default_timeout: Duration,
    max_parts_total: usize,
}

impl<E: Executor> Endpoint<E> {
    pub(crate) fn new(
        executor: E,
        prepare: Prepare,
        control: Control,
        gate: Gate,
        settings: &Settings,
        ending: CancellationToken,
    ) -> Self {
        let Settings { default_timeout, max_parts_total, streams, .. } = *settings;
        let (replier, tasks) = (gate.replier().clone(), gate.tasks().clone());
        let streams = Streams::new(control.clone(), replier, streams, tasks, ending);
        Self { executor, prepare, control, streams, gate, default_timeout, max_parts_total }
    }

    pub(crate) fn accept(&self, message: Message) {
        let endpoint = self.clone();
        self.gate.admit(message, move |message, reply, received| async move {
            endpoint.run(message, reply, received).await
        });
    }

    async fn run(self, message: Message, reply: Subject, received: Instant) -> Outcome {
        let head = head(&message)?;
        let accepts_parts = message.headers.as_ref().is_some_and(header::accepts_parts);
        let deadline = deadline(received, head.timeout.unwrap_or(self.default_timeout));
        let body = self.control.body(message, reply.clone(), self.gate.replier(), self.max_parts_total);
        let body = timeout_at(deadline, body).await.map_err(|_| late("while the request's parts came"))??;
        let request = parse(&body)?;
        if deadline <= Instant::now() {
            return Err(late("before the operation started"));
        }
        let prepare = async { (self.prepare)(context::fill(request, head, deadline)) };
        let mut request = guard(deadline, prepare).await?;
        if is_subscription(&mut request) {
            let begin = async {
                let results = self.executor.execute_stream(request, None);
                self.streams.begin(results, reply, accepts_parts)
            };
            return guard(deadline, begin).await?;
        }
        let response = guard(deadline, self.executor.execute(request)).await?;
        let json = serde_json::to_vec(&response)
            .map_err(|error| failed(format!("the result is no JSON: {error}")))?;
        Ok(Answer::Payload(json.into()))
    }
}

/// Whether the operation to be run is a subscription. What can't be read is none, and its mistake is told.
fn is_subscription(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    let mut operations = document.operations.iter();
    let operation = match &name {
        Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known.as_str() == name)),
        None => operations.next(),
    };
    operation.is_some_and(|(_, operation)| operation.node.ty == OperationType::Subscription)
}

/// Reads the protocol's headers.
pub(crate) fn head(message: &Message) -> Result<RequestHead, Failure> {
    let head = message.headers.as_ref().map(RequestHead::from_headers).transpose();
    Ok(head.map_err(|error| malformed(error.to_string()))?.unwrap_or_default())
}

pub(crate) fn deadline(received: Instant, timeout: Duration) -> Instant {
    received + timeout.min(MAX_TIMEOUT)
}

/// Runs something until its deadline, and survives its panic.
pub(crate) async fn guard<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, Failure> {
    match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(panic)) => {
            let text = panic_text(panic.as_ref());
            tracing::error!(panic = text, "a resolver panicked");
            Err(failed(format!("a resolver panicked: {text}")))
        }
        // It did start, so 408 would promise too much.
        Err(_) => Err(failed("the deadline passed while the operation ran; it was cancelled")),
    }
}

fn parse(body: &Bytes) -> Result<Request, Failure> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("the request is no GraphQL request: {error}")))?;
    if request.query.is_empty() { Err(malformed("the request has no `query`")) } else { Ok(request) }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}

fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::Malformed, message)
}

fn failed(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::Failed, message)
}

pub(crate) fn late(when: &str) -> Failure {
    Failure::new(FailureCode::DeadlinePassed, format!("the deadline passed {when}"))
}
