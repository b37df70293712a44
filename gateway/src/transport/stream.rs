//! Subscriptions that a subgraph serves: one request, many replies (PROTOCOL.md, section 4).

use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Message, Subject};
use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};
use tributary_protocol::parts::{Assembled, Assembler, PART_TIMEOUT, PartNumber};
use tributary_protocol::stream::{PING_EVERY, SILENCE, Sequence, StreamControl, StreamHead, StreamKind};
use tributary_protocol::{ControlSubject, FailureCode, Token};

use super::dispatch::Ticket;
use super::error::{FetchError, FetchErrorKind as Kind, NotExecuted};
use super::fetch::{Attempt, AttemptState};
use super::mailbox::{Lost, Mailbox};
use super::reply::Reply;
use super::request::FetchRequest;
use super::{Inner, Transport};

/// What a subgraph made of a subscription.
pub enum Opened {
    /// Results come.
    Stream(Box<SubgraphStream>),
    /// It can't be run; its answer says why.
    Refused(Bytes),
}

/// Results of a subscription, in order and without gaps. Dropping it tells the subgraph that nobody wants more.
pub struct SubgraphStream {
    transport: Arc<Inner>,
    mailbox: Arc<Mailbox>,
    _ticket: Attempt,
    control: ControlSubject,
    sequence: Sequence,
    /// What was acknowledged, and what came since: how many bytes, and when the first of them.
    acknowledged: u64,
    since: usize,
    owed: Option<Instant>,
    heard: Instant,
    spoken: Instant,
    over: bool,
}

/// Why a stream ends before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamLost {
    /// A message is missing.
    #[error("a message is missing: {0}")]
    Gap(String),
    /// Nothing was heard for too long.
    #[error("nothing was heard for {SILENCE:?}")]
    Silent,
    /// The instance is gone, as others found out.
    #[error("its instance is gone")]
    Gone,
    /// The instance ended it.
    #[error("the instance ended it with status {0}: {1}")]
    Ended(u16, String),
    /// The connection to NATS, or what came over it, is lost.
    #[error("replies were lost")]
    Lost,
    /// A message breaks the protocol.
    #[error("a bad message: {0}")]
    Bad(String),
}

/// What may wait of a stream: what the subgraph may send without an acknowledgement, and its headers.
const WAITING_BYTES: usize = 4 << 20;
/// An acknowledgement goes out when so much came since the last.
const ACK_MESSAGES: u64 = 64;
const ACK_BYTES: usize = 256 << 10;
/// And so long after what wasn't acknowledged yet: a large result may wait for that.
const ACK_WITHIN: Duration = Duration::from_millis(100);

impl Transport {
    /// Begins a subscription, by the request's deadline.
    ///
    /// # Errors
    /// Why it can't be begun there.
    pub async fn stream(&self, request: FetchRequest) -> Result<Opened, FetchError> {
        let subgraph = request.target.name.clone();
        let opened = timeout_at(request.deadline, self.inner.clone().open_stream(&request)).await;
        opened.unwrap_or(Err(Kind::Timeout)).map_err(|kind| FetchError { subgraph, kind })
    }
}

impl Inner {
    async fn open_stream(self: Arc<Self>, request: &FetchRequest) -> Result<Opened, Kind> {
        self.usable().await?;
        let most = self.limits.max_message;
        let mailbox = Arc::new(Mailbox::new(WAITING_BYTES.max(most.saturating_mul(2))));
        let ticket: Ticket = self.dispatcher.register(&request.target.name, 0, &mailbox);
        let mut attempt = self.open(request, ticket).await?;
        loop {
            let message = mailbox.next().await.map_err(lost)?.message;
            if let Some(head) = StreamHead::read(message.headers.as_ref()).map_err(bad)? {
                let StreamKind::Open { control: token, instance } = head.kind.clone() else {
                    return Err(Kind::BadReply("a stream that wasn't opened".to_owned()));
                };
                let mut sequence = Sequence::default();
                sequence.take(&head).map_err(bad)?;
                let now = Instant::now();
                return Ok(Opened::Stream(Box::new(SubgraphStream {
                    control: ControlSubject { name: request.target.subgraph.clone(), instance, token },
                    transport: self,
                    mailbox,
                    _ticket: attempt,
                    sequence,
                    acknowledged: 0,
                    since: 0,
                    owed: Some(now),
                    heard: now,
                    spoken: now,
                    over: false,
                })));
            }
            match Reply::of(&message) {
                Reply::Whole => return Ok(Opened::Refused(message.payload)),
                Reply::Control { instance, token } => {
                    self.rest(&mut attempt, request, instance, token).await?
                }
                Reply::NoResponders => return Err(Kind::NotExecuted(NotExecuted::NoResponders)),
                Reply::Failure(failure) if failure.code == FailureCode::Busy => {
                    return Err(Kind::NotExecuted(NotExecuted::Busy));
                }
                Reply::Failure(failure) => {
                    return Err(Kind::Failed { status: failure.code.as_u16(), text: failure.message });
                }
                Reply::Part(_) => return Err(Kind::BadReply("a refusal in parts".to_owned())),
                Reply::Bad(text) => return Err(Kind::BadReply(text)),
            }
        }
    }

    async fn rest(
        &self,
        attempt: &mut Attempt,
        request: &FetchRequest,
        instance: Token,
        token: Token,
    ) -> Result<(), Kind> {
        match std::mem::replace(&mut attempt.state, AttemptState::Sent) {
            AttemptState::Opening(rest) => {
                let subject = (&request.target.subgraph, instance, token);
                self.send_rest(subject, rest, request.deadline).await
            }
            _ => Err(Kind::BadReply("an unexpected control token".to_owned())),
        }
    }
}

impl SubgraphStream {
    /// The subgraph.
    pub fn subgraph(&self) -> &str {
        self.control.name.as_str()
    }

    /// The instance that serves it.
    pub fn instance(&self) -> &str {
        self.control.instance.as_str()
    }

    /// The next result, which is acknowledged when it is asked for the one after it; `None` after the last.
    ///
    /// # Errors
    /// Why there is no more, although it wasn't the last.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StreamLost> {
        let outcome = self.read().await;
        self.over |= !matches!(outcome, Ok(Some(_)));
        outcome
    }

    async fn read(&mut self) -> Result<Option<Bytes>, StreamLost> {
        // Where results come faster than they are taken, the pauses below never come.
        let now = Instant::now();
        let owes =
            self.owed.is_some_and(|since| since + ACK_WITHIN <= now) || self.spoken + PING_EVERY <= now;
        let many = self.sequence.last() - self.acknowledged >= ACK_MESSAGES;
        if owes || many || self.since >= ACK_BYTES {
            self.acknowledge().await;
        }
        let mut assembler: Option<Assembler> = None;
        loop {
            let until = match assembler {
                Some(_) => self.heard + PART_TIMEOUT,
                None => {
                    let owed = self.owed.map_or(self.spoken + PING_EVERY, |since| since + ACK_WITHIN);
                    owed.min(self.heard + SILENCE)
                }
            };
            let message = tokio::select! {
                biased;
                delivery = self.mailbox.next() => delivery.map_err(|_| StreamLost::Lost)?.message,
                () = sleep_until(until) => {
                    if assembler.is_some() {
                        return Err(StreamLost::Gap("the next part didn't come".to_owned()));
                    }
                    if self.heard + SILENCE <= Instant::now() {
                        return Err(StreamLost::Silent);
                    }
                    self.acknowledge().await;
                    continue;
                }
            };
            self.heard = Instant::now();
            let headers = message.headers.as_ref();
            let bad = |error: &dyn std::fmt::Display| StreamLost::Bad(error.to_string());
            let part = PartNumber::from_headers(headers).map_err(|error| bad(&error))?;
            let head = StreamHead::read(headers).map_err(|error| bad(&error))?;
            // A result's parts have its number, or nothing but their own.
            if let (Some(assembler), Some(number)) = (&mut assembler, part) {
                match assembler.push(number, &message.payload).map_err(|error| bad(&error))? {
                    Assembled::Complete(payload) => return Ok(Some(self.took(payload))),
                    Assembled::Pending => continue,
                }
            }
            let Some(head) = head else { return Err(ended(&message)) };
            self.sequence.take(&head).map_err(|error| StreamLost::Gap(error.to_string()))?;
            match (head.kind, part) {
                (StreamKind::Ping, _) => {}
                (StreamKind::Next | StreamKind::Complete, _) if assembler.is_some() => {
                    return Err(StreamLost::Gap("parts of a result didn't come".to_owned()));
                }
                (StreamKind::Complete, _) => return Ok(None),
                (StreamKind::Open { .. }, _) => return Err(bad(&"opened twice")),
                (StreamKind::Next, None) => return Ok(Some(self.took(message.payload))),
                (StreamKind::Next, Some(number)) => {
                    let most = self.transport.limits.max_message;
                    let begun = Assembler::start(number, &message.payload, most);
                    match begun.map_err(|error| bad(&error))? {
                        (_, Assembled::Complete(payload)) => return Ok(Some(self.took(payload))),
                        (new, Assembled::Pending) => assembler = Some(new),
                    }
                }
            }
        }
    }

    fn took(&mut self, payload: Bytes) -> Bytes {
        self.since += payload.len();
        self.owed.get_or_insert_with(Instant::now);
        payload
    }

    async fn acknowledge(&mut self) {
        self.acknowledged = self.sequence.last();
        self.since = 0;
        self.owed = None;
        self.spoken = Instant::now();
        let headers = StreamControl::Ping { ack: self.acknowledged }.headers();
        say(&self.transport, &self.control, headers).await;
    }
}

impl Drop for SubgraphStream {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let (transport, control) = (self.transport.clone(), self.control.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { say(&transport, &control, StreamControl::Stop.headers()).await });
        }
    }
}

/// What isn't heard is said again, or the other side finds out by the silence.
async fn say(transport: &Inner, control: &ControlSubject, headers: HeaderMap) {
    let subject = Subject::from(control.to_string());
    if let Err(error) = transport.link.client().publish_with_headers(subject, headers, Bytes::new()).await {
        tracing::debug!(%error, "a control message of a stream could not be sent");
    }
}

fn ended(message: &Message) -> StreamLost {
    match Reply::of(message) {
        Reply::Failure(failure) => StreamLost::Ended(failure.code.as_u16(), failure.message),
        _ => StreamLost::Bad("a message that is no part of the stream".to_owned()),
    }
}

fn lost(lost: Lost) -> Kind {
    match lost {
        Lost::SlowConsumer | Lost::Overflow => Kind::RepliesLost,
        Lost::Disconnected => Kind::Disconnected,
        Lost::NoSubscription => Kind::NoRights,
    }
}

fn bad(error: tributary_protocol::stream::StreamError) -> Kind {
    Kind::BadReply(error.to_string())
}
