//! An answer in parts: a task makes them, and ends when nobody takes them any more.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Answer, AnswerBody, Pipeline, Request};
use crate::{
    error::{GraphqlError, Rejection},
    execute::Part,
};

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
            Some(Message::Begins(..) | Message::Ended(_)) | None => None,
        }
    }
}

#[cfg(test)]
impl Parts {
    /// These parts, after which the task ends.
    pub(crate) fn of(parts: Vec<Part>) -> Self {
        let (sender, rest) = unbounded_channel();
        parts.into_iter().for_each(|part| drop(sender.send(Message::Part(part))));
        Self { first: None, rest }
    }
}

/// What the task says. All parts together are as large as an answer may be, so the channel needs no bound of its
/// own.
#[derive(Debug)]
pub(super) enum Message {
    /// It is being answered in parts: what kind of operation it is, and its name. Again when it is planned anew.
    Begins(&'static str, Option<Box<str>>),
    Part(Part),
    /// It didn't come to parts.
    Ended(Result<Answer, Rejection>),
}

/// Where the task sends parts.
pub(super) type PartSender = UnboundedSender<Message>;

impl Pipeline {
    /// Answers a request, in parts where it asks for that. Dropping the answer cancels what runs.
    /// `slot` is held while it runs, and not while a client is slow to read.
    pub async fn run_in_parts(
        self: &Arc<Self>,
        request: Request,
        slot: OwnedSemaphorePermit,
    ) -> Result<Answer, Rejection> {
        let (sender, mut rest) = unbounded_channel();
        let pipeline = self.clone();
        tokio::spawn(async move {
            let _slot = slot;
            let work = pipeline.within_time(&request, Some(&sender));
            tokio::select! {
                () = sender.closed() => {}
                outcome = work => if let Some(outcome) = outcome.transpose() {
                    // Nobody may be listening any more.
                    drop(sender.send(Message::Ended(outcome)));
                },
            }
        });
        let (mut kind, mut operation_name) = ("query", None);
        loop {
            match rest.recv().await {
                Some(Message::Begins(of, name)) => (kind, operation_name) = (of, name),
                Some(Message::Part(first)) => {
                    let errors = first.result.as_ref().map_or(0, |result| result.errors.len());
                    let body = AnswerBody::Parts(Parts { first: Some(first), rest });
                    return Ok(Answer { body, kind, operation_name, errors });
                }
                Some(Message::Ended(outcome)) => return outcome,
                None => return Err(GraphqlError::internal("an answer in parts ended without any").into()),
            }
        }
    }
}
