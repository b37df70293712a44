//! An answer in parts: a task makes them, and ends when nobody takes them any more.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Answer, AnswerBody, Pipeline, Request};
use crate::{
    error::{GraphqlError, Rejection},
    execute::{ExecutionError, ExecutionResult, Increment, Part, Pending},
};

/// The parts of an answer, as they come.
#[derive(Debug)]
pub struct Parts {
    first: Option<Box<Part>>,
    rest: UnboundedReceiver<Message>,
    /// What was announced and hasn't come, by its id.
    open: BTreeMap<u32, Pending>,
}

impl Parts {
    fn new(first: Option<Part>, rest: UnboundedReceiver<Message>) -> Self {
        Self { first: first.map(Box::new), rest, open: BTreeMap::new() }
    }

    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Option<Part> {
        let part = match self.first.take() {
            Some(first) => *first,
            None => match self.rest.recv().await {
                Some(Message::Part(part)) => part,
                Some(Message::Ended(Err(why))) => return self.broken_off(&why),
                Some(Message::Begins(..) | Message::Ended(Ok(_))) => return None,
                None => {
                    let why = GraphqlError::internal("an answer in parts broke off");
                    return self.broken_off(&why.into());
                }
            },
        };
        self.open.extend(part.pending.iter().map(|pending| (pending.id, pending.clone())));
        part.increments.iter().for_each(|increment| drop(self.open.remove(&increment.pending.id)));
        Some(part)
    }

    /// A last part for what hasn't come: none of it does any more, and why.
    fn broken_off(&mut self, why: &Rejection) -> Option<Part> {
        let why = &why.errors()[0];
        let nothing = |pending: Pending| {
            let mut error = ExecutionError::new(why.code().as_str(), why.message.clone());
            error.extensions.extend(why.extensions.more.clone());
            let result = ExecutionResult::nothing(vec![error.at(pending.path.clone())]);
            Increment { pending, result }
        };
        let increments: Vec<_> = std::mem::take(&mut self.open).into_values().map(nothing).collect();
        let part = Part { result: None, pending: Vec::new(), increments, has_next: false };
        (!part.increments.is_empty()).then_some(part)
    }
}

#[cfg(test)]
impl Parts {
    /// These parts, after which the task ends.
    pub(crate) fn of(parts: Vec<Part>) -> Self {
        let (sender, rest) = unbounded_channel();
        parts.into_iter().for_each(|part| drop(sender.send(Message::Part(part))));
        Self::new(None, rest)
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
                    let body = AnswerBody::Parts(Parts::new(Some(first), rest));
                    return Ok(Answer { body, kind, operation_name, errors, freshness: None });
                }
                Some(Message::Ended(outcome)) => return outcome,
                None => return Err(GraphqlError::internal("an answer in parts ended without any").into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, PathSegment};

    fn pending(id: u32) -> Pending {
        Pending { id, label: None, path: vec![PathSegment::Index(id as usize)] }
    }

    /// What was announced and doesn't come isn't kept quiet.
    #[tokio::test]
    async fn an_answer_that_breaks_off_says_why() {
        let part = |pending, increments| Part { result: None, pending, increments, has_next: true };
        let came = Increment { pending: pending(1), result: ExecutionResult::nothing(Vec::new()) };
        let (sender, rest) = unbounded_channel();
        for part in [part(vec![pending(0), pending(1), pending(2)], vec![]), part(vec![], vec![came])] {
            sender.send(Message::Part(part)).unwrap();
        }
        let late = GraphqlError::new(Code::DeadlineExceeded, "too late").with("setting", "--request-timeout");
        sender.send(Message::Ended(Err(late.into()))).unwrap();
        drop(sender);
        let mut parts = Parts::new(None, rest);
        assert!(parts.next().await.is_some() && parts.next().await.is_some());
        let last = parts.next().await.unwrap();
        assert!(!last.has_next);
        let told: Vec<_> = last
            .increments
            .iter()
            .map(|it| (it.pending.id, it.result.data(), it.result.errors[0].path == it.pending.path))
            .collect();
        assert_eq!(told, [(0, &b"null"[..], true), (2, b"null", true)]);
        let error = &last.increments[0].result.errors[0];
        assert_eq!((error.code.as_deref(), &*error.message), (Some("DEADLINE_EXCEEDED"), "too late"));
        assert_eq!(error.extensions["setting"], "--request-timeout");
        assert!(parts.next().await.is_none());
    }
}
