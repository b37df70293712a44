//! What is subscribed to by everyone who asks the same: each event is answered once for all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesOrdered, StreamExt};
use slab::Slab;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tributary_federation::event::SlowConsumer;

use super::feed::{Event, Feed, TopicId};
use super::hub::{Hub, TopicKey};
use super::mailbox::{Delivery, Ending};
use super::member::{Asker, Given, Member, Turn};
use super::served::Served;
use super::stream::Gap;
use super::{PayloadError, Place, Wanted};
use crate::error::{GraphqlError, Rejection};
use crate::execute::{ExecutionError, ExecutionResult};
use crate::pipeline::{Caller, CallerKey, RequestFacts, Subscription};

/// A subscription and who has it.
pub struct Topic {
    hub: Weak<Hub>,
    key: Arc<TopicKey>,
    origin: Origin,
    subscription: Arc<Subscription>,
    slow: SlowConsumer,
    state: Mutex<State>,
    /// Told when there is an event to answer.
    offered: Notify,
}

/// Where results come from.
enum Origin {
    /// Events.
    Fed { feed: Arc<Feed>, id: OnceLock<TopicId>, wanted: Wanted },
    /// The subgraph's own stream, and the task that reads it.
    Served(OnceLock<AbortHandle>),
}

#[derive(Default)]
struct State {
    /// By what subgraphs can tell them apart by.
    callers: HashMap<CallerKey, Callers>,
    waiting: VecDeque<Arc<Event>>,
    /// A task answers what waits.
    answering: bool,
    /// Nothing comes any more, and whoever comes is told so.
    over: Option<Ending>,
}

/// Those of whom subgraphs would say the same.
struct Callers {
    asking: Asking,
    members: Slab<Arc<Member>>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asking {
    /// What subgraphs are told.
    pub caller: Caller,
    /// What plans depend on.
    pub facts: RequestFacts,
}

/// A member, and as which of its askers it is there.
pub(super) type Seated = (Arc<Member>, Asker);

/// Where a member sits, to be found again.
#[derive(Clone, Debug)]
pub struct Seat {
    topic: Arc<Topic>,
    callers: CallerKey,
    at: usize,
}

/// Events of one topic that are answered at once. They are delivered in order.
const AT_ONCE: usize = 8;
/// Events that may wait to be answered; those who come so far behind go on from their place.
const MOST_WAITING: usize = 4096;

/// What an event came to.
enum Answers {
    /// The same for everyone.
    Same(Arc<Delivery>),
    ByCaller(Vec<(CallerKey, Arc<Delivery>)>),
}

/// With many members others get their turn in between.
#[derive(Default)]
struct Pace {
    given: usize,
}

impl Pace {
    async fn given(&mut self, results: usize) {
        const AT_A_TIME: usize = 512;
        self.given += results;
        if self.given >= AT_A_TIME {
            self.given = 0;
            tokio::task::yield_now().await;
        }
    }
}

impl Topic {
    pub(super) fn new(
        hub: &Arc<Hub>,
        key: Arc<TopicKey>,
        feed: Arc<Feed>,
        subscription: Arc<Subscription>,
        wanted: Wanted,
    ) -> Arc<Self> {
        let source = subscription.subscribing().source.as_ref();
        let slow = source.map_or(SlowConsumer::All, |source| source.slow);
        let topic = Arc::new(Self {
            hub: Arc::downgrade(hub),
            key,
            origin: Origin::Fed { feed, id: OnceLock::new(), wanted },
            subscription,
            slow,
            state: Mutex::default(),
            offered: Notify::new(),
        });
        if let Origin::Fed { feed, id, wanted } = &topic.origin {
            id.set(feed.attach(&Arc::downgrade(&topic), wanted)).expect("it is attached once");
        }
        topic
    }

    /// Of a subscription that its subgraph serves. Everyone who has it is one caller to the subgraph.
    pub(super) fn served(
        hub: &Arc<Hub>,
        key: Arc<TopicKey>,
        subscription: Arc<Subscription>,
        asking: Asking,
    ) -> Arc<Self> {
        let topic = Arc::new(Self {
            hub: Arc::downgrade(hub),
            key,
            origin: Origin::Served(OnceLock::new()),
            subscription: subscription.clone(),
            slow: SlowConsumer::All,
            state: Mutex::default(),
            offered: Notify::new(),
        });
        let (weak, pipeline) = (Arc::downgrade(&topic), hub.pipeline().clone());
        let task = tokio::spawn(Served { topic: weak, pipeline, subscription, asking }.run());
        if let Origin::Served(known) = &topic.origin {
            known.set(task.abort_handle()).expect("it is begun once");
        }
        topic
    }

    /// The events that it is fed by, if it is.
    pub fn feed(&self) -> Option<&Arc<Feed>> {
        match &self.origin {
            Origin::Fed { feed, .. } => Some(feed),
            Origin::Served(_) => None,
        }
    }

    /// What it answers.
    pub fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    /// Whether an event is meant.
    pub(super) fn means(&self, event: &Event) -> bool {
        let Origin::Fed { wanted, .. } = &self.origin else { return false };
        wanted.has_subject(&event.subject.split('.').collect::<Vec<_>>()) && self.allows(event)
    }

    /// Whether an event is meant whose subject is.
    fn allows(&self, event: &Event) -> bool {
        let Origin::Fed { wanted, .. } = &self.origin else { return false };
        match (&wanted.conditions, &event.payload) {
            (None, _) => true,
            (Some(conditions), Ok(payload)) => conditions.hold(&payload.fields),
            // What can't be read has no fields, and a field that isn't there never matches.
            (Some(_), Err(_)) => false,
        }
    }

    /// An event with a subject that is meant. Called for one event after the other.
    pub(super) fn offer(self: &Arc<Self>, event: &Arc<Event>) {
        if !self.allows(event) {
            return;
        }
        let mut state = self.lock();
        if state.callers.is_empty() {
            return;
        }
        if state.waiting.len() >= MOST_WAITING {
            let members = state.take_all();
            drop(state);
            members.iter().for_each(|member| member.fall_behind());
            return;
        }
        state.waiting.push_back(event.clone());
        let begins = !std::mem::replace(&mut state.answering, true);
        drop(state);
        if begins {
            tokio::spawn(self.clone().answer_what_waits());
        } else {
            self.offered.notify_one();
        }
    }

    /// Seats a member. Events that were offered before are none of its business, which its place says.
    pub(super) fn seat(self: &Arc<Self>, key: &CallerKey, asking: &Asking, member: &Arc<Member>, turn: Turn) {
        let mut state = self.lock();
        if let Some(ending) = state.over.clone() {
            drop(state);
            return member.end(ending);
        }
        let new = || Callers { asking: asking.clone(), members: Slab::with_capacity(1) };
        let callers = state.callers.entry(key.clone()).or_insert_with(new);
        // Of several tokens with the same claims the newest lasts longest.
        callers.asking = asking.clone();
        let at = callers.members.insert(member.clone());
        drop(state);
        member.sits(Seat { topic: self.clone(), callers: key.clone(), at }, turn);
    }

    /// Events were lost, and nobody can go on as if nothing had happened.
    pub(super) fn lost(&self, gap: Gap) {
        let members = self.lock().take_all();
        members.iter().for_each(|member| member.lose(gap));
    }

    /// A result of the subgraph's own stream.
    pub(super) async fn tell_everyone(&self, delivery: Arc<Delivery>) {
        self.deliver(vec![Answers::Same(delivery)]).await;
    }

    /// Nothing more comes.
    pub(super) fn end(&self, ending: &Ending) {
        let members = {
            let mut state = self.lock();
            state.over = Some(ending.clone());
            state.take_all()
        };
        members.iter().for_each(|member| member.end(ending.clone()));
    }

    /// Whether nothing comes any more.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over.is_some()
    }

    /// Up to that place there is nothing more. Whoever still gets something learns of it another time.
    pub(super) fn progress(&self, place: Place) {
        let members: Vec<Arc<Member>> = {
            let state = self.lock();
            if state.answering {
                return;
            }
            let all = state.callers.values().flat_map(|callers| callers.members.iter());
            all.map(|(_, member)| member.clone()).collect()
        };
        members.iter().for_each(|member| member.progress(place));
    }

    /// What becomes of clients that are slower than the events.
    pub(super) fn slow(&self) -> SlowConsumer {
        self.slow
    }

    /// Everyone, with who asks: to be seated elsewhere.
    pub(super) fn all(self: &Arc<Self>) -> Vec<(Asking, Vec<Seated>)> {
        let all: Vec<(Asking, Vec<Arc<Member>>)> = {
            let state = self.lock();
            let members =
                |callers: &Callers| callers.members.iter().map(|(_, member)| member.clone()).collect();
            state.callers.values().map(|callers| (callers.asking.clone(), members(callers))).collect()
        };
        let here = |member: Arc<Member>| member.asker_at(self).map(|asker| (member, asker));
        all.into_iter()
            .map(|(asking, members)| (asking, members.into_iter().filter_map(here).collect()))
            .collect()
    }

    /// How many clients have it.
    pub(super) fn len(&self) -> usize {
        self.lock().callers.values().map(|callers| callers.members.len()).sum()
    }

    /// Answers one event for one caller; `None`: the gateway ends.
    pub(super) async fn answer_for(&self, event: &Event, caller: &Caller) -> Option<Arc<Delivery>> {
        let hub = self.hub.upgrade()?;
        let result = match &event.payload {
            Ok(payload) => match hub.pipeline().event_plan(&self.subscription, &payload.shape).await {
                Ok(plan) => {
                    let _slot = hub.slot(&plan).await;
                    hub.pipeline().event(&self.subscription, &plan, caller, payload).await
                }
                Err(why) => refused(&why),
            },
            Err(why) => unreadable(event, *why),
        };
        Some(self.delivery(event, result))
    }

    fn delivery(&self, event: &Event, result: ExecutionResult) -> Arc<Delivery> {
        let version = event.payload.as_ref().ok().and_then(|payload| self.subscription.version(payload));
        let delivery = Delivery::new(Some(event.place()), event.entity(), result.into_open_body());
        Arc::new(delivery.telling(version))
    }

    async fn answers(self: Arc<Self>, event: Arc<Event>) -> (Arc<Event>, Option<Answers>) {
        let answers = self.answers_to(&event).await;
        (event, answers)
    }

    async fn answers_to(&self, event: &Event) -> Option<Answers> {
        let hub = self.hub.upgrade()?;
        let payload = match &event.payload {
            Ok(payload) => payload,
            Err(why) => return Some(Answers::Same(self.delivery(event, unreadable(event, *why)))),
        };
        let plan = match hub.pipeline().event_plan(&self.subscription, &payload.shape).await {
            Ok(plan) => plan,
            Err(why) => return Some(Answers::Same(self.delivery(event, refused(&why)))),
        };
        let mut callers: Vec<(CallerKey, Caller)> = {
            let state = self.lock();
            state.callers.iter().map(|(key, callers)| (key.clone(), callers.asking.caller.clone())).collect()
        };
        if plan.asks_nobody() {
            callers.truncate(1);
        }
        let one = |(key, caller): (CallerKey, Caller)| {
            let (hub, plan) = (&hub, &plan);
            async move {
                let _slot = hub.slot(plan).await;
                let result = hub.pipeline().event(&self.subscription, plan, &caller, payload).await;
                (key, self.delivery(event, result))
            }
        };
        let asked = futures_util::stream::iter(callers).map(one).buffered(AT_ONCE);
        let mut answers: Vec<(CallerKey, Arc<Delivery>)> = asked.collect().await;
        match plan.asks_nobody() {
            true => answers.pop().map(|(_, delivery)| Answers::Same(delivery)),
            false => Some(Answers::ByCaller(answers)),
        }
    }

    async fn answer_what_waits(self: Arc<Self>) {
        let mut flying: FuturesOrdered<BoxFuture<'static, (Arc<Event>, Option<Answers>)>> =
            FuturesOrdered::new();
        loop {
            while flying.len() < AT_ONCE {
                let Some(event) = self.lock().waiting.pop_front() else { break };
                flying.push_back(Box::pin(self.clone().answers(event)));
            }
            if flying.is_empty() {
                let mut state = self.lock();
                if state.waiting.is_empty() {
                    state.answering = false;
                    state.waiting = VecDeque::new();
                    return;
                }
                continue;
            }
            tokio::select! {
                biased;
                Some((_, answers)) = flying.next() => {
                    let mut ready = Vec::from_iter(answers);
                    while ready.len() < AT_ONCE
                        && let Some(Some((_, answers))) = flying.next().now_or_never()
                    {
                        ready.extend(answers);
                    }
                    self.deliver(ready).await;
                }
                () = self.offered.notified() => {}
            }
        }
    }

    /// Gives answers to everyone, in order. What is the same for everyone and there at once is given at once.
    async fn deliver(&self, all: Vec<Answers>) {
        let mut same = Vec::new();
        let mut pace = Pace::default();
        for answers in all {
            match answers {
                Answers::Same(delivery) => same.push(delivery),
                Answers::ByCaller(answers) => {
                    self.give_everyone(&std::mem::take(&mut same), &mut pace).await;
                    for (key, delivery) in answers {
                        self.give(&key, &[delivery], &mut pace).await;
                    }
                }
            }
        }
        self.give_everyone(&same, &mut pace).await;
    }

    async fn give_everyone(&self, deliveries: &[Arc<Delivery>], pace: &mut Pace) {
        if deliveries.is_empty() {
            return;
        }
        let callers: Vec<CallerKey> = self.lock().callers.keys().cloned().collect();
        for key in callers {
            self.give(&key, deliveries, pace).await;
        }
    }

    /// Gives results to all of one caller's members. A client that gets several is woken once, and written to once.
    async fn give(&self, key: &CallerKey, deliveries: &[Arc<Delivery>], pace: &mut Pace) {
        let members: Vec<Arc<Member>> = {
            let state = self.lock();
            let callers = state.callers.get(key).into_iter();
            callers.flat_map(|it| it.members.iter().map(|(_, member)| member.clone())).collect()
        };
        for member in members {
            if deliveries.iter().any(|delivery| member.give(delivery.clone(), self.slow) == Given::TooMuch) {
                member.fall_behind();
            }
            pace.given(deliveries.len()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes everyone out of it.
    fn take_all(&mut self) -> Vec<Arc<Member>> {
        self.waiting = VecDeque::new();
        let callers = std::mem::take(&mut self.callers);
        callers
            .into_values()
            .flat_map(|callers| callers.members.into_iter().map(|(_, member)| member))
            .collect()
    }
}

impl Seat {
    /// Gives the seat up.
    pub fn leave(self, member: &Arc<Member>) {
        let mut state = self.topic.lock();
        let Some(callers) = state.callers.get_mut(&self.callers) else { return };
        // Everyone may have been taken out, and another one sit there.
        if callers.members.get(self.at).is_some_and(|known| Arc::ptr_eq(known, member)) {
            callers.members.remove(self.at);
        }
        if callers.members.is_empty() {
            state.callers.remove(&self.callers);
        }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        match &self.origin {
            Origin::Fed { feed, id, .. } => id.get().into_iter().for_each(|id| feed.detach(*id)),
            Origin::Served(task) => task.get().into_iter().for_each(AbortHandle::abort),
        }
        if let Some(hub) = self.hub.upgrade() {
            hub.forget(&self.key);
        }
    }
}

impl std::fmt::Debug for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Topic").field("feed", &self.feed()).finish_non_exhaustive()
    }
}

fn refused(why: &Rejection) -> ExecutionResult {
    let error = |error: &GraphqlError| {
        let mut told = ExecutionError::new(error.code().as_str(), error.message.clone());
        told.extensions.extend(error.extensions.more.clone());
        told
    };
    ExecutionResult::nothing(why.errors().iter().map(error).collect())
}

fn unreadable(event: &Event, why: PayloadError) -> ExecutionResult {
    tracing::error!(subject = event.subject, sequence = event.sequence, %why, "an event can't be read");
    let message = format!("An event can't be told: {why}");
    ExecutionResult::nothing(vec![ExecutionError::new("EVENT_UNREADABLE", message)])
}
