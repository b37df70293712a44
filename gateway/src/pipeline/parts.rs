//! An answer in parts: a task makes them, and ends when nobody takes them any more.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Answer, AnswerBody, Pipeline, Request};
use crate::{error::Rejection, execute::Part};

/// The parts of an answer, as they come.
#[derive(Debug)]
pub struct Parts {
    first: Option<Part>,
    rest: UnboundedReceiver<Message>,
}

impl Parts {
    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Option<Part> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        match self.rest.recv().await {
            Some(Message::Part(part)) => Some(part),
            Some(Message::Ended(_)) | None => None,
        }
    }
}

/// What the task says. There are as many messages as the answer has deferred fragments at the most, and all of
/// them together are as large as an answer may be: so the channel needs no bound of its own.
#[derive(Debug)]
pub(super) enum Message {
    Part(Part),
    /// It didn't come to parts.
    Ended(Result<Answer, Rejection>),
}

/// Where the task sends parts.
pub(super) type PartSender = UnboundedSender<Message>;

impl Pipeline {
    /// Answers a request, in parts where it asks for that. Dropping the answer cancels what runs.
    pub async fn run_in_parts(self: &Arc<Self>, request: Request) -> Result<Answer, Rejection> {
        let (sender, mut rest) = unbounded_channel();
        let pipeline = self.clone();
        let kind = "query";
        let operation_name = request.operation_name.as_deref().map(Box::from);
        tokio::spawn(async move {
            let work = pipeline.within_time(&request, Some(&sender));
            tokio::select! {
                () = sender.closed() => {}
                outcome = work => drop(outcome.transpose().map(|outcome| sender.send(Message::Ended(outcome)))),
            }
        });
        match rest.recv().await {
            Some(Message::Ended(outcome)) => outcome,
            Some(Message::Part(first)) => Ok(Answer {
                errors: first.result.as_ref().map_or(0, |result| result.errors.len()),
                body: AnswerBody::Parts(Parts { first: Some(first), rest }),
                kind,
                operation_name,
            }),
            None => Err(crate::error::GraphqlError::internal("an answer in parts ended without any").into()),
        }
    }
}
