//! What an instance hears on its control subject: the rest of requests that come in parts, and how far gateways are
//! with its streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Message, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use tributary_protocol::parts::{Assembled, Assembler, PART_TIMEOUT, PartNumber, PartsError};
use tributary_protocol::{ControlSubject, Failure, FailureCode, Registration, Token};

use crate::ServeError;
use crate::gate::Replier;
use crate::serve::random_token;
use crate::subscriptions::Subscriptions;

/// The open tokens of one instance.
#[derive(Clone, Default)]
pub(crate) struct Control {
    /// Who waits for which token. Locked for a map operation only, never across an `.await`.
    open: Arc<Mutex<HashMap<Token, UnboundedSender<Message>>>>,
}

/// Passes control messages to those who wait for them.
pub(crate) struct Dispatcher {
    control: Control,
    subscriber: Subscriber,
}

impl Dispatcher {
    /// Runs until the last request is answered.
    pub(crate) async fn run(mut self, finished: CancellationToken) {
        loop {
            tokio::select! {
                () = finished.cancelled() => return,
                Some(message) = self.subscriber.next() => self.control.dispatch(message),
                else => return,
            }
        }
    }
}

impl Control {
    pub(crate) async fn start(
        subscriptions: &mut Subscriptions,
        registration: &Registration,
    ) -> Result<(Self, Dispatcher), ServeError> {
        let subject = ControlSubject::all_of(&registration.name, &registration.instance);
        let subscriber = subscriptions.everyone(subject).await?;
        let control = Self::default();
        Ok((control.clone(), Dispatcher { control, subscriber }))
    }

    /// Reads a request's body. A request in parts holds its place under the concurrency limit meanwhile, so those that
    /// wait can't pile up.
    pub(crate) async fn body(
        &self,
        message: Message,
        reply: Subject,
        replier: &Replier,
        max_total: usize,
    ) -> Result<Bytes, Failure> {
        let Some(number) = PartNumber::from_headers(message.headers.as_ref()).map_err(refused)? else {
            return Ok(message.payload);
        };
        match Assembler::start(number, &message.payload, max_total).map_err(refused)? {
            (_, Assembled::Complete(body)) => Ok(body),
            (assembler, Assembled::Pending) => self.collect(assembler, reply, replier).await,
        }
    }

    async fn collect(
        &self,
        mut assembler: Assembler,
        reply: Subject,
        replier: &Replier,
    ) -> Result<Bytes, Failure> {
        let mut rest = self.open();
        replier.invite(reply, &rest.token).await;
        loop {
            let Ok(Some(message)) = tokio::time::timeout(PART_TIMEOUT, rest.messages.recv()).await else {
                return Err(Failure::new(
                    FailureCode::Malformed,
                    format!("the next part didn't come within {PART_TIMEOUT:?}"),
                ));
            };
            let number = PartNumber::from_headers(message.headers.as_ref()).map_err(refused)?;
            let number =
                number.ok_or_else(|| Failure::new(FailureCode::Malformed, "a control message is no part"))?;
            if let Assembled::Complete(body) = assembler.push(number, &message.payload).map_err(refused)? {
                return Ok(body);
            }
        }
    }

    /// Opens a token. The channel has no bound because its reader takes every message at once, and of parts leaves at
    /// the first that is out of order or over the limit; who could flood it are gateways alone.
    pub(crate) fn open(&self) -> Rest {
        let (sender, messages) = mpsc::unbounded_channel();
        let token = random_token();
        self.lock().insert(token.clone(), sender);
        Rest { control: self.clone(), token, messages }
    }

    fn dispatch(&self, message: Message) {
        let token = message.subject.rsplit('.').next().unwrap_or_default();
        // Nobody waits for a token whose request has failed or timed out.
        if let Some(sender) = self.lock().get(token) {
            sender.send(message).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Token, UnboundedSender<Message>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open token: closed when it is dropped, however the request ends.
pub(crate) struct Rest {
    control: Control,
    token: Token,
    pub(crate) messages: UnboundedReceiver<Message>,
}

impl Rest {
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.control.lock().remove(&self.token);
    }
}

fn refused(error: PartsError) -> Failure {
    let code = match error {
        PartsError::TooLarge { .. } => FailureCode::TooLarge,
        _ => FailureCode::Malformed,
    };
    Failure::new(code, error.to_string())
}
