//! What every request passes on its way in and out: the concurrency limit, the counting, the reply.

use std::future::Future;
use std::sync::Arc;

use async_nats::{Client, HeaderMap, Message, Subject};
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tributary_protocol::parts::{self, Limits, PartsError};
use tributary_protocol::{Failure, FailureCode, Token, header};

use crate::stats::Stats;

/// What a request comes to.
pub(crate) type Outcome = Result<Answer, Failure>;

/// How a request is answered.
pub(crate) enum Answer {
    /// With this.
    Payload(Bytes),
    /// With a stream, which has begun.
    Streams,
}

/// Lets in as many requests as may run, and answers all.
#[derive(Clone)]
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    replier: Replier,
    stats: Arc<Stats>,
}

impl Gate {
    pub(crate) fn new(concurrency: usize, tasks: TaskTracker, replier: Replier, stats: Arc<Stats>) -> Self {
        Self { permits: Arc::new(Semaphore::new(concurrency)), tasks, replier, stats }
    }

    pub(crate) fn replier(&self) -> &Replier {
        &self.replier
    }

    /// Where what goes on after an answer is kept track of.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Answers a message with what `work` makes of it, or with "busy" at once.
    pub(crate) fn admit<W, F>(&self, message: Message, work: W)
    where
        W: FnOnce(Message, Subject, Instant) -> F + Send + 'static,
        F: Future<Output = Outcome> + Send,
    {
        let received = Instant::now();
        let Some(reply) = message.reply.clone() else {
            tracing::warn!(subject = %message.subject, "a request without a reply subject was dropped");
            return;
        };
        let permit = self.permits.clone().try_acquire_owned();
        let gate = self.clone();
        self.tasks.spawn(async move {
            let accepts_parts = message.headers.as_ref().is_some_and(header::accepts_parts);
            let outcome = match permit {
                Ok(_permit) => work(message, reply.clone(), received).await,
                Err(_) => Err(Failure::new(
                    FailureCode::Busy,
                    "the instance runs as many requests as it may (setting: concurrency)",
                )),
            };
            let failure = gate.replier.send(reply, outcome, accepts_parts).await;
            gate.stats.count(received.elapsed(), failure.as_ref());
        });
    }
}

/// Sends replies: whole, in parts, or as a failure.
#[derive(Clone)]
pub(crate) struct Replier {
    client: Client,
    instance: Token,
    max_total: usize,
}

impl Replier {
    pub(crate) fn new(client: Client, instance: Token, max_total: usize) -> Self {
        Self { client, instance, max_total }
    }

    /// Sends an outcome, and returns the failure that the requester got, if it got one.
    async fn send(&self, reply: Subject, outcome: Outcome, accepts_parts: bool) -> Option<Failure> {
        let failure = match outcome {
            Ok(Answer::Payload(payload)) => {
                self.send_with(reply.clone(), HeaderMap::new(), payload, accepts_parts).await.err()
            }
            Ok(Answer::Streams) => None,
            Err(failure) => Some(failure),
        };
        if let Some(failure) = &failure {
            report(failure);
            self.fail(reply, failure).await;
        }
        failure
    }

    /// Sends a failure.
    pub(crate) async fn fail(&self, reply: Subject, failure: &Failure) {
        let mut headers = HeaderMap::new();
        header::set(&mut headers, header::INSTANCE, self.instance.as_str());
        failure.write(&mut headers);
        self.publish(reply, headers, Bytes::new()).await;
    }

    /// The instance whose replies these are.
    pub(crate) fn instance(&self) -> &Token {
        &self.instance
    }

    /// Invites the rest of a request in parts.
    pub(crate) async fn invite(&self, reply: Subject, token: &Token) {
        let mut headers = HeaderMap::new();
        header::set(&mut headers, header::INSTANCE, self.instance.as_str());
        header::set(&mut headers, header::CONTROL, token.as_str());
        self.publish(reply, headers, Bytes::new()).await;
    }

    /// Sends a payload with these headers and the instance's.
    pub(crate) async fn send_with(
        &self,
        reply: Subject,
        mut headers: HeaderMap,
        payload: Bytes,
        accepts_parts: bool,
    ) -> Result<(), Failure> {
        let limits = Limits { max_payload: self.client.max_payload(), max_total: self.max_total };
        header::set(&mut headers, header::INSTANCE, self.instance.as_str());
        if limits.fit_one(&headers, &payload) {
            self.publish(reply, headers, payload).await;
            return Ok(());
        }
        if !accepts_parts {
            return Err(too_large(format!(
                "the reply of {} bytes is over the server's max_payload of {} bytes, and the requester takes no parts",
                payload.len(),
                limits.max_payload
            )));
        }
        for part in parts::split(headers, payload, limits).map_err(|error| refused(&error))? {
            self.publish(reply.clone(), part.headers, part.payload).await;
        }
        Ok(())
    }

    async fn publish(&self, reply: Subject, headers: HeaderMap, payload: Bytes) {
        if let Err(error) = self.client.publish_with_headers(reply.clone(), headers, payload).await {
            tracing::error!(%error, %reply, "a reply could not be sent");
        }
    }
}

/// Failures under load come by the thousand, and their requesters know what they mean; the others are somebody's fault.
fn report(failure: &Failure) {
    match failure.code {
        FailureCode::Busy | FailureCode::DeadlinePassed => {
            tracing::debug!(%failure, "answered with a failure")
        }
        _ => tracing::warn!(%failure, "answered with a failure"),
    }
}

fn refused(error: &PartsError) -> Failure {
    too_large(format!("the reply can't be sent (setting: max_parts_total): {error}"))
}

/// The operation ran; only its result can't be sent. Without the mark a requester would take it for not executed.
fn too_large(message: String) -> Failure {
    Failure::new(FailureCode::TooLarge, message).after_execution()
}
