//! One fetch, from its first send to its end.
//!
//! It is one future without a task: it waits for the mailbox and for one timer. A query may have two
//! sends under way, each with its own token; the first reply ends the fetch, and dropping it gives the
//! tokens back. A send that a busy instance refused isn't under way any more, so it doesn't count.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use smallvec::SmallVec;
use tokio::time::{Instant, Sleep, sleep_until};
use tributary_protocol::parts::{Assembled, Assembler, PART_TIMEOUT, Part, PartNumber, PartsError};
use tributary_protocol::{Failure, FailureCode};

use super::Inner;
use super::dispatch::Ticket;
use super::error::{FetchErrorKind, NotExecuted};
use super::mailbox::{Delivery, Lost, Mailbox};
use super::reply::{self, Reply};
use super::request::{FetchReply, FetchRequest};

type Outcome = Result<FetchReply, FetchErrorKind>;

/// Sends of one fetch that may be under way.
const MAX_UNDER_WAY: usize = 2;

/// A failure so shortly before the deadline is due to it: the instance counts from receipt.
const DEADLINE_SLACK: Duration = Duration::from_millis(50);

/// The state of a fetch.
pub(super) struct Fetch {
    transport: Arc<Inner>,
    request: FetchRequest,
    mailbox: Arc<Mailbox>,
    attempts: SmallVec<[Attempt; MAX_UNDER_WAY]>,
    /// Sends that busy instances refused.
    refused: u32,
    /// When to send once more.
    next_send: Option<Instant>,
    /// Until when a send may still be answered, although nobody listens on the subject any more.
    give_up: Option<Instant>,
}

/// One send.
pub(super) struct Attempt {
    /// Held for as long as a reply may come.
    pub(super) _ticket: Ticket,
    pub(super) sent_at: Instant,
    pub(super) state: AttemptState,
    /// What has arrived of a reply in parts, and when the next part must.
    pub(super) reply: Option<(Assembler, Instant)>,
}

pub(super) enum AttemptState {
    /// The first part of the request is sent; the others wait to be told where they go.
    Opening(Vec<Part>),
    /// All of the request is sent.
    Sent,
    /// It surely has no reply to come.
    Over,
}

enum Wake {
    Reply(Result<Delivery, Lost>),
    Timer,
}

impl Fetch {
    pub(super) fn new(transport: Arc<Inner>, request: FetchRequest) -> Self {
        // A reply may come in several messages, whose headers count too.
        let mailbox = Arc::new(Mailbox::new(transport.limits.max_message.saturating_mul(2)));
        Self {
            transport,
            request,
            mailbox,
            attempts: SmallVec::new(),
            refused: 0,
            next_send: None,
            give_up: None,
        }
    }

    /// Sends and waits until there is a reply or none can come.
    pub(super) async fn run(mut self) -> Outcome {
        let stats = self.request.target.stats.clone();
        stats.fetches.add(1);
        stats.budget.give();
        let outcome = self.drive().await;
        match &outcome {
            Ok(reply) => stats.received_bytes.add(reply.payload.len() as u64),
            Err(_) => stats.failures.add(1),
        }
        outcome
    }

    async fn drive(&mut self) -> Outcome {
        self.transport.usable().await?;
        self.send().await?;
        let mut timer = std::pin::pin!(sleep_until(self.wake_at()));
        loop {
            let end = match self.wait(timer.as_mut()).await {
                Wake::Reply(Ok(delivery)) => self.on_delivery(delivery).await,
                Wake::Reply(Err(lost)) => Some(Err(self.unanswered(self.lost(lost)))),
                Wake::Timer => self.on_timer().await.map(Err),
            };
            if let Some(outcome) = end {
                return outcome;
            }
        }
    }

    async fn wait(&self, mut timer: Pin<&mut Sleep>) -> Wake {
        let at = self.wake_at();
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        tokio::select! {
            biased;
            delivery = self.mailbox.next() => Wake::Reply(delivery),
            () = timer => Wake::Timer,
        }
    }

    fn wake_at(&self) -> Instant {
        let parts = self.attempts.iter().filter_map(|attempt| attempt.reply.as_ref()).map(|(_, next)| *next);
        [self.next_send, self.give_up]
            .into_iter()
            .flatten()
            .chain(parts)
            .fold(self.request.deadline, Instant::min)
    }

    async fn send(&mut self) -> Result<(), FetchErrorKind> {
        self.next_send = None;
        let number = self.attempts.len() as u8;
        let ticket = self.transport.dispatcher.register(&self.request.target.name, number, &self.mailbox);
        let attempt = self.transport.open(&self.request, ticket).await?;
        if self.request.is_query() && self.under_way() + 1 < MAX_UNDER_WAY {
            self.next_send = Some(attempt.sent_at + self.patience());
        }
        self.attempts.push(attempt);
        Ok(())
    }

    /// How long a query may be unanswered before it is sent once more.
    fn patience(&self) -> Duration {
        let limits = &self.transport.limits;
        let p99 = self.request.target.stats.latency.p99().unwrap_or_default();
        p99.saturating_mul(limits.second_send_factor).max(limits.second_send_min)
    }

    async fn on_timer(&mut self) -> Option<FetchErrorKind> {
        let now = Instant::now();
        if now >= self.request.deadline {
            return Some(self.unanswered(FetchErrorKind::Timeout));
        }
        if self.attempts.iter().any(|attempt| attempt.reply.as_ref().is_some_and(|(_, next)| now >= *next)) {
            return Some(FetchErrorKind::BadReply("the next part didn't come".to_owned()));
        }
        if self.give_up.is_some_and(|at| now >= at) {
            return Some(FetchErrorKind::NotExecuted(NotExecuted::NoResponders));
        }
        if self.next_send.is_some_and(|at| now >= at) {
            // What was refused isn't under way: to send it again is no second request for the same.
            if self.under_way() > 0 && !self.request.target.stats.budget.take() {
                self.next_send = None;
                return None;
            }
            self.request.target.stats.second_sends.add(1);
            let sent = self.send().await;
            // While another send may still be answered, a failure of this one changes nothing.
            return sent.err().filter(|_| self.under_way() == 0);
        }
        None
    }

    async fn on_delivery(&mut self, delivery: Delivery) -> Option<Outcome> {
        let Delivery { attempt, message } = delivery;
        let at = usize::from(attempt);
        match Reply::of(&message) {
            Reply::Whole if message.payload.len() > self.transport.limits.max_message => {
                Some(Err(self.reply_too_large(message.payload.len())))
            }
            Reply::Whole => Some(Ok(self.answered(at, &message, message.payload.clone()))),
            Reply::Part(number) => self.on_part(at, number, &message),
            Reply::Control { instance, token } => {
                let attempt = &mut self.attempts[at];
                match std::mem::replace(&mut attempt.state, AttemptState::Sent) {
                    AttemptState::Opening(rest) => {
                        let subject = (&self.request.target.subgraph, instance, token);
                        self.transport.send_rest(subject, rest, self.request.deadline).await.err().map(Err)
                    }
                    _ => Some(Err(FetchErrorKind::BadReply("an unexpected control token".to_owned()))),
                }
            }
            Reply::NoResponders => {
                self.request.target.stats.no_responders.add(1);
                self.ended(at, FetchErrorKind::NotExecuted(NotExecuted::NoResponders)).map(Err)
            }
            Reply::Failure(failure) => {
                let kind = self.failed(failure);
                self.ended(at, kind).map(Err)
            }
            Reply::Bad(text) => self.ended(at, FetchErrorKind::BadReply(text)).map(Err),
        }
    }

    fn on_part(&mut self, at: usize, number: PartNumber, message: &Message) -> Option<Outcome> {
        let max = self.transport.limits.max_message;
        let attempt = &mut self.attempts[at];
        let assembled = match &mut attempt.reply {
            Some((assembler, next)) => {
                *next = Instant::now() + PART_TIMEOUT;
                assembler.push(number, &message.payload)
            }
            None => Assembler::start(number, &message.payload, max).map(|(assembler, assembled)| {
                attempt.reply = Some((assembler, Instant::now() + PART_TIMEOUT));
                assembled
            }),
        };
        match assembled {
            Ok(Assembled::Pending) => None,
            Ok(Assembled::Complete(payload)) if reply::is_object(&payload) => {
                Some(Ok(self.answered(at, message, payload)))
            }
            Ok(Assembled::Complete(_)) => {
                self.ended(at, FetchErrorKind::BadReply("not a JSON object".to_owned())).map(Err)
            }
            Err(PartsError::TooLarge { size, .. }) => Some(Err(self.reply_too_large(size))),
            Err(error) => self.ended(at, FetchErrorKind::BadReply(error.to_string())).map(Err),
        }
    }

    fn answered(&self, at: usize, message: &Message, payload: bytes::Bytes) -> FetchReply {
        self.request.target.stats.latency.record(self.attempts[at].sent_at.elapsed());
        FetchReply { payload, instance: reply::instance(message) }
    }

    /// A send has no result to come. That is the fetch's end unless another send may still be
    /// answered, or may be made.
    fn ended(&mut self, at: usize, kind: FetchErrorKind) -> Option<FetchErrorKind> {
        self.attempts[at].state = AttemptState::Over;
        self.attempts[at].reply = None;
        let now = Instant::now();
        if kind == FetchErrorKind::NotExecuted(NotExecuted::Busy)
            && let Some(again) = self.after_refusal(now)
        {
            self.next_send = Some(again);
            return None;
        }
        if self.under_way() > 0 {
            // An instance that has left its subject may be finishing what it took before, or be dead.
            if kind == FetchErrorKind::NotExecuted(NotExecuted::NoResponders) {
                self.give_up = Some(now + self.patience());
            }
            return None;
        }
        // With its one further send used up, a mutation isn't for the caller to send again either.
        let resent = self.attempts.len() > 1 || self.request.resent;
        if kind == FetchErrorKind::NotExecuted(NotExecuted::NoResponders)
            && resent
            && !self.request.is_query()
        {
            return Some(FetchErrorKind::Unavailable);
        }
        Some(kind)
    }

    /// What a failure reply means for the caller.
    fn failed(&self, failure: Failure) -> FetchErrorKind {
        match failure.code {
            FailureCode::Busy if failure.not_executed() => {
                self.request.target.stats.busy.add(1);
                FetchErrorKind::NotExecuted(NotExecuted::Busy)
            }
            FailureCode::DeadlinePassed if failure.not_executed() => FetchErrorKind::Timeout,
            FailureCode::TooLarge if failure.executed => self.reply_too_large(0),
            FailureCode::TooLarge => FetchErrorKind::TooLargeForInstance(failure.message),
            // What stands behind the instance didn't answer, so nobody knows what it did.
            FailureCode::Upstream if !self.request.is_query() => {
                FetchErrorKind::OutcomeUnknown("the subgraph's upstream failed")
            }
            // An operation that is cancelled at its deadline is a failure to the instance. Whether its reply
            // or our timer is first mustn't decide what the caller reads.
            _ if Instant::now() + DEADLINE_SLACK >= self.request.deadline => {
                self.unanswered(FetchErrorKind::Timeout)
            }
            code => FetchErrorKind::Failed { status: code.as_u16(), text: failure.message },
        }
    }

    fn lost(&self, lost: Lost) -> FetchErrorKind {
        match lost {
            Lost::SlowConsumer => FetchErrorKind::RepliesLost,
            Lost::Disconnected => FetchErrorKind::Disconnected,
            Lost::NoSubscription => FetchErrorKind::NoRights,
            Lost::Overflow => self.reply_too_large(0),
        }
    }

    /// A size of 0 isn't known.
    fn reply_too_large(&self, size: usize) -> FetchErrorKind {
        let limits = &self.transport.limits;
        limits.too_large("reply", size, limits.max_message)
    }

    /// What it means for the caller that no reply will come.
    fn unanswered(&self, kind: FetchErrorKind) -> FetchErrorKind {
        let may_have_run = self.attempts.iter().any(|attempt| matches!(attempt.state, AttemptState::Sent));
        if self.request.is_query() || !may_have_run {
            return kind;
        }
        match kind {
            FetchErrorKind::Timeout => FetchErrorKind::OutcomeUnknown("the deadline passed"),
            FetchErrorKind::Disconnected => FetchErrorKind::OutcomeUnknown("the connection was lost"),
            FetchErrorKind::RepliesLost => FetchErrorKind::OutcomeUnknown("messages were dropped"),
            FetchErrorKind::NoRights => FetchErrorKind::OutcomeUnknown("the reply can't be heard"),
            kind => kind,
        }
    }

    fn under_way(&self) -> usize {
        self.attempts.iter().filter(|attempt| !matches!(attempt.state, AttemptState::Over)).count()
    }

    /// When to send again what a busy instance refused; `None` when it was refused often enough.
    fn after_refusal(&mut self, now: Instant) -> Option<Instant> {
        let limits = &self.transport.limits;
        let most = match (self.request.is_query(), self.request.resent) {
            (true, _) => limits.busy_sends,
            (false, resent) => u32::from(!resent),
        };
        // Those who were refused together shouldn't come again together.
        let jitter = rand::random_range(0.5..1.5);
        let again = now + (limits.busy_pause * 2_u32.pow(self.refused.min(16))).mul_f64(jitter);
        self.refused += 1;
        (self.refused <= most && again < self.request.deadline).then_some(again)
    }
}
