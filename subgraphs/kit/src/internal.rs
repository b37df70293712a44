//! Calls between services that are no part of the graph.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, HeaderMap, Message, StatusCode};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tributary_protocol::{
    Failure, FailureCode, InternalReply, InternalSubject, NameError, RequestHead, ServiceName, Token,
};

use crate::endpoint::{deadline, guard, head, late};
use crate::gate::{Answer, Gate, Outcome};
use crate::notices::{Notices, Right};
use crate::serve::random_token;

/// What serves a verb.
pub(crate) type Handler =
    Arc<dyn Fn(Bytes, String) -> BoxFuture<'static, Result<Bytes, InternalError>> + Send + Sync>;

/// Why an internal call has no answer; also what a handler returns when it has none.
#[derive(Debug, thiserror::Error)]
pub enum InternalError {
    /// Nobody serves the verb at the moment. Nothing ran.
    #[error("nobody serves {0}")]
    Unavailable(String),
    /// No answer came in time. Whether it ran isn't known.
    #[error("{0} didn't answer in time")]
    DeadlinePassed(String),
    /// The service answered with a failure.
    #[error("the service answered {0}")]
    Refused(#[from] Failure),
    /// A name can't be part of a subject.
    #[error(transparent)]
    Name(#[from] NameError),
    /// NATS doesn't let this process make the call. Nothing ran. It is known only on a client that [`crate::connect`]
    /// made; on another the call looks like one that isn't answered.
    #[error("NATS doesn't let this process call {0}: allow it in the server's configuration")]
    NotAllowed(String),
    /// The connection doesn't take the call.
    #[error("the call could not be sent: {0}")]
    Connection(#[source] async_nats::Error),
}

impl InternalError {
    /// The request can't be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::Refused(Failure::new(FailureCode::Malformed, message))
    }

    /// The work failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Refused(Failure::new(FailureCode::Failed, message))
    }

    fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) => failure,
            other => Failure::new(FailureCode::Upstream, other.to_string()),
        }
    }
}

/// Calls other services' `internal.<service>.<verb>`.
#[derive(Debug, Clone)]
pub struct Internal {
    client: Client,
    caller: String,
}

impl Internal {
    /// Calls as `caller`: the name that this process's credential has.
    pub fn new(client: Client, caller: impl Into<String>) -> Self {
        Self { client, caller: caller.into() }
    }

    /// Calls once and waits for the answer, at most `timeout`. The answer comes on a subject that only the called
    /// service may publish to and only the caller may hear.
    ///
    /// # Errors
    /// See [`InternalError`].
    pub async fn call(
        &self,
        service: &str,
        verb: &str,
        request: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, InternalError> {
        let service = ServiceName::new(service)?;
        let reply = InternalReply {
            service: service.clone(),
            caller: ServiceName::new(self.caller.as_str())?,
            token: random_token(),
        };
        let subject = InternalSubject { service, verb: Token::new(verb)? }.to_string();
        match tokio::time::timeout(timeout, self.exchange(&subject, reply.to_string(), request, timeout))
            .await
        {
            Ok(message) => read(message?, subject),
            Err(_) => Err(InternalError::DeadlinePassed(subject)),
        }
    }

    async fn exchange(
        &self,
        subject: &str,
        reply: String,
        request: Bytes,
        timeout: Duration,
    ) -> Result<Message, InternalError> {
        let mut headers = HeaderMap::new();
        RequestHead { timeout: Some(timeout), ..RequestHead::default() }.write(&mut headers);
        let mut notices = Notices::of(&self.client);
        let mut answers = self.client.subscribe(reply.clone()).await.map_err(connection)?;
        let sent =
            self.client.publish_with_reply_and_headers(subject.to_owned(), reply, headers, request).await;
        sent.map_err(connection)?;
        let closed = || InternalError::Connection("the connection is closed".into());
        let answer = tokio::select! {
            answer = answers.next() => answer.ok_or_else(closed),
            _ = notices.refusal(|refusal| refusal.right == Right::Publish && refusal.subject == subject) => {
                Err(InternalError::NotAllowed(subject.to_owned()))
            }
        };
        answers.unsubscribe().await.ok();
        answer
    }
}

fn connection(error: impl Into<async_nats::Error>) -> InternalError {
    InternalError::Connection(error.into())
}

fn read(message: Message, subject: String) -> Result<Bytes, InternalError> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(InternalError::Unavailable(subject));
    }
    match message.headers.as_ref().and_then(Failure::from_headers) {
        Some(failure) => Err(failure.into()),
        None => Ok(message.payload),
    }
}

/// What runs the calls of one verb.
#[derive(Clone)]
pub(crate) struct InternalEndpoint {
    handler: Handler,
    gate: Gate,
    default_timeout: Duration,
}

impl InternalEndpoint {
    pub(crate) fn new(handler: Handler, gate: Gate, default_timeout: Duration) -> Self {
        Self { handler, gate, default_timeout }
    }

    pub(crate) fn accept(&self, message: Message) {
        let endpoint = self.clone();
        self.gate.admit(message, move |message, reply, received| async move {
            endpoint.run(message, &reply, received).await
        });
    }

    async fn run(self, message: Message, reply: &str, received: Instant) -> Outcome {
        let deadline = deadline(received, head(&message)?.timeout.unwrap_or(self.default_timeout));
        let caller = reply
            .parse::<InternalReply>()
            .map_err(|error| Failure::new(FailureCode::Malformed, error.to_string()))?
            .caller;
        if deadline <= Instant::now() {
            return Err(late("before the call started"));
        }
        let answer = guard(deadline, async { (self.handler)(message.payload, caller.into()).await }).await?;
        answer.map(Answer::Payload).map_err(InternalError::into_failure)
    }
}
