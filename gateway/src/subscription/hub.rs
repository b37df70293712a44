//! All subscriptions of a gateway: whoever asks the same shares it.

mod moves;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;
use tributary_federation::event::EventSource;
use tributary_federation::plan::VariableId;

use super::feed::Feed;
use super::mailbox::{Delivery, Full, Mailbox, Tag};
use super::member::{Asker, Member};
use super::replay::Replay;
use super::stream::{EventStream, StreamError};
use super::topic::{Asking, Topic};
use super::{Claims, Place, Refusal, Tokens, Wanted};
use crate::auth::Identity;
use crate::error::{Code, GraphqlError, Rejection};
use crate::pipeline::{CallerKey, EventPlan, Pipeline, Request, Subscription};
use crate::telemetry::Metrics;

/// What makes two subscriptions the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TopicKey {
    /// Of the operation and its plan, which rests upon who asks.
    operation: (usize, usize),
    variables: Box<str>,
    subject: Arc<[Tokens]>,
    /// The claims that decide which events are meant.
    claims: Box<str>,
    /// Of what a subgraph serves: who it thinks that asks.
    caller: Option<CallerKey>,
}

/// Subscriptions and what feeds them.
pub struct Hub {
    pipeline: Arc<Pipeline>,
    stream: EventStream,
    settings: HubSettings,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
    /// Events for which something has to be fetched, at once.
    fetching: Semaphore,
    /// Consumers that read what somebody missed, at once.
    replays: Semaphore,
}

/// How much is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubSettings {
    /// `--max-replay-events`: a client that missed more asks for the state anew.
    pub replay_events: u64,
    /// How often those who get nothing are told how far they are.
    pub progress: Duration,
}

#[derive(Default)]
struct State {
    feeds: HashMap<String, Weak<Feed>>,
    topics: HashMap<Arc<TopicKey>, Weak<Topic>>,
}

/// A subscription of one client. Dropping it ends it.
#[derive(Debug)]
pub struct Joined {
    member: Arc<Member>,
    /// Tells what was missed.
    task: Option<AbortHandle>,
}

/// From where a client is told.
#[derive(Debug, Default)]
pub struct Start {
    /// From that place on; otherwise from now on.
    pub after: Option<Place>,
    /// A query for the state at the beginning, which is told first. Where a place is given, too, only if that can't be
    /// gone on from.
    pub snapshot: Option<Request>,
}

/// Events for which subgraphs are asked at once, of all subscriptions.
const FETCHING_AT_ONCE: usize = 128;
/// JetStream has room for some consumers only.
const REPLAYS_AT_ONCE: usize = 8;

impl Hub {
    /// Subscriptions that are answered by that pipeline, and fed from that stream.
    pub fn new(
        pipeline: Arc<Pipeline>,
        stream: EventStream,
        settings: HubSettings,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new(Self {
            pipeline,
            stream,
            settings,
            metrics,
            state: Mutex::default(),
            fetching: Semaphore::new(FETCHING_AT_ONCE),
            replays: Semaphore::new(REPLAYS_AT_ONCE),
        })
    }

    /// Subscribes a client: what comes goes into its mailbox under that tag.
    ///
    /// # Errors
    /// Why it can't be; nothing goes into the mailbox then.
    pub async fn subscribe(
        self: &Arc<Self>,
        request: &Request,
        subscription: Arc<Subscription>,
        (mailbox, tag): (&Arc<Mailbox>, Tag),
        start: Start,
    ) -> Result<Joined, Rejection> {
        let Start { mut after, snapshot } = start;
        let asking = Asking { caller: request.caller.clone(), facts: request.facts.clone() };
        if (after.is_some() || snapshot.is_some()) && subscription.subscribing().source.is_none() {
            let message = "This subscription is served by its subgraph: it can't go on from a place, nor from a snapshot";
            return Err(GraphqlError::new(Code::BadRequest, message).into());
        }
        let topic = self.topic(subscription, &asking).await?;
        // What the feed has it needn't be asked for.
        if let (Some(place), Some(feed)) = (after, topic.feed())
            && !feed.has(place)
        {
            match self.check(place).await {
                Err(gap) if gap.code() == Code::ResumeGap && snapshot.is_some() => after = None,
                checked => checked?,
            }
        }
        let member = Member::new(mailbox.clone(), tag, after.unwrap_or(Place::NONE), self.metrics.clone());
        let mut otherwise = None;
        match (after, topic.feed()) {
            (None, Some(feed)) => {
                if let Some(query) = snapshot {
                    self.snapshot(&topic, feed, &member, query).await?;
                }
            }
            _ => otherwise = snapshot,
        }
        let asker = member.asker();
        let task = self.join(&topic, &asking, &member, asker, otherwise);
        let joined = Joined { member, task };
        self.settle(&topic, &asking, &joined.member, asker).await;
        Ok(joined)
    }

    /// Tells a member the state at a place, from which it goes on. The place is taken first: what happens while the
    /// query runs is told afterwards, though the answer may have it already.
    pub(super) async fn snapshot(
        &self,
        topic: &Topic,
        feed: &Feed,
        member: &Member,
        query: Request,
    ) -> Result<Place, Rejection> {
        let place = feed.place();
        let (answer, known) = self.pipeline.snapshot(topic.subscription(), query).await?;
        let told = member.give_snapshot(Delivery::snapshot(place, &answer), known);
        told.map_err(|Full| {
            let message =
                "More results wait for this client than may, so that there is no room for a snapshot";
            GraphqlError::new(Code::SlowConsumer, message).with("setting", "--max-waiting-results")
        })?;
        Ok(place)
    }

    /// Moves a member that was seated while the schema changed, and so wasn't among those that were moved.
    pub(super) async fn settle(
        self: &Arc<Self>,
        topic: &Arc<Topic>,
        asking: &Asking,
        member: &Arc<Member>,
        asker: Asker,
    ) {
        if !self.pipeline.is_on_live(topic.subscription()) {
            // Boxed, since it may come by here again.
            let moving: BoxFuture<'_, ()> =
                Box::pin(self.move_members(topic, asking.clone(), vec![(member.clone(), asker)]));
            moving.await;
        }
    }

    /// Seats a member: from its place on, or, where it has none, from now on. `otherwise`: the state that it is told
    /// where too much is missing after its place.
    fn join(
        self: &Arc<Self>,
        topic: &Arc<Topic>,
        asking: &Asking,
        member: &Arc<Member>,
        asker: Asker,
        otherwise: Option<Request>,
    ) -> Option<AbortHandle> {
        let key = asking.caller.key();
        let Some(feed) = topic.feed().cloned() else {
            let (turn, _) = member.turn(asker, Some(topic), false)?;
            topic.seat(&key, asking, member, turn);
            return None;
        };
        // Whoever was served so far has no place either.
        if member.place() == Place::NONE {
            feed.join(|place| {
                let (turn, _) = member.turn(asker, Some(topic), false)?;
                member.begin(place);
                member.is_live();
                topic.seat(&key, asking, member, turn);
                Some(())
            });
            return None;
        }
        let (turn, after) = member.turn(asker, Some(topic), true)?;
        self.metrics.catch_ups.inc();
        let (hub, topic, asking, member) = (self.clone(), topic.clone(), asking.clone(), member.clone());
        let replay = Replay { hub, topic, feed, asking, asker, member, turn };
        Some(tokio::spawn(replay.catch_up(after, otherwise)).abort_handle())
    }

    /// Whether a place can be gone on from.
    async fn check(&self, place: Place) -> Result<(), Rejection> {
        let state = self.stream.state().await.map_err(unavailable)?;
        state.check(place).map_err(super::member::resume_gap)
    }

    /// The topic of a subscription as somebody asks for it.
    async fn topic(
        self: &Arc<Self>,
        subscription: Arc<Subscription>,
        asking: &Asking,
    ) -> Result<Arc<Topic>, Rejection> {
        let Some(source) = subscription.subscribing().source.clone() else {
            return Ok(self.served(subscription, asking));
        };
        let claims = claims(asking.facts.identity.as_deref());
        let wanted = Wanted::new(&source, &subscription.arguments(), &claims).map_err(refused)?;
        let feed = self.feed(&source);
        feed.reads().await.map_err(unavailable)?;
        let key = TopicKey {
            operation: subscription.identity(),
            variables: variables(&subscription),
            subject: wanted.subject.clone(),
            claims: used(&source, &claims),
            caller: None,
        };
        Ok(self.known_or(key, |key| Topic::new(self, key, feed, subscription, wanted)))
    }

    /// The topic of a subscription that its subgraph serves.
    fn served(self: &Arc<Self>, subscription: Arc<Subscription>, asking: &Asking) -> Arc<Topic> {
        let key = TopicKey {
            operation: subscription.identity(),
            variables: variables(&subscription),
            subject: Arc::new([]),
            claims: "".into(),
            caller: Some(asking.caller.key()),
        };
        self.known_or(key, |key| Topic::served(self, key, subscription, asking.clone()))
    }

    fn known_or(&self, key: TopicKey, new: impl FnOnce(Arc<TopicKey>) -> Arc<Topic>) -> Arc<Topic> {
        let key = Arc::new(key);
        let mut state = self.lock();
        let entry = state.topics.entry(key.clone());
        if let Entry::Occupied(known) = &entry
            && let Some(topic) = known.get().upgrade()
            && !topic.is_over()
        {
            return topic;
        }
        let topic = new(key);
        entry.insert_entry(Arc::downgrade(&topic));
        topic
    }

    /// The feed of a declaration: one for each pattern.
    fn feed(&self, source: &EventSource) -> Arc<Feed> {
        let pattern = source.pattern();
        let mut state = self.lock();
        if let Some(feed) = state.feeds.get(&pattern).and_then(Weak::upgrade) {
            return feed;
        }
        state.feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed =
            Feed::start(pattern.clone(), self.stream.clone(), self.metrics.clone(), self.settings.progress);
        state.feeds.insert(pattern, Arc::downgrade(&feed));
        feed
    }

    /// A topic is gone, unless there is a new one already.
    pub(super) fn forget(&self, key: &TopicKey) {
        let mut state = self.lock();
        if state.topics.get(key).is_some_and(|topic| topic.strong_count() == 0) {
            state.topics.remove(key);
        }
    }

    /// Who answers.
    pub(super) fn pipeline(&self) -> &Arc<Pipeline> {
        &self.pipeline
    }

    /// The stream of events.
    pub(super) fn stream(&self) -> &EventStream {
        &self.stream
    }

    /// How much is too much.
    pub(super) fn settings(&self) -> &HubSettings {
        &self.settings
    }

    /// Room to fetch what an event lacks.
    pub(super) async fn slot(&self, plan: &EventPlan) -> Option<SemaphorePermit<'_>> {
        match plan.asks_nobody() {
            true => None,
            false => Some(self.fetching.acquire().await.expect("the semaphore is never closed")),
        }
    }

    /// Room to read what somebody missed.
    pub(super) async fn replay_slot(&self) -> SemaphorePermit<'_> {
        self.replays.acquire().await.expect("the semaphore is never closed")
    }

    /// How many different subscriptions there are, and how many patterns they are fed by.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.topics.len(), state.feeds.values().filter(|feed| feed.strong_count() > 0).count())
    }

    /// How many clients' subscriptions hear what is new.
    pub fn members(&self) -> usize {
        let topics: Vec<Arc<Topic>> = self.lock().topics.values().filter_map(Weak::upgrade).collect();
        topics.iter().map(|topic| topic.len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Joined {
    /// Up to where the client has everything.
    pub fn place(&self) -> Place {
        self.member.place()
    }

    /// Ends it with an error that says from where it can be gone on.
    pub fn fail(&self, error: GraphqlError) {
        self.member.fail(error);
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.member.leave();
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

/// What a client's token says.
fn claims(identity: Option<&Identity>) -> Claims {
    let json = identity.and_then(|identity| URL_SAFE_NO_PAD.decode(&identity.header).ok());
    json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
}

/// The claims that a declaration uses, as one text.
fn used(source: &EventSource, claims: &Claims) -> Box<str> {
    let mut names: Vec<&str> = source.claims().collect();
    names.sort_unstable();
    names.dedup();
    let used: Vec<_> = names.iter().map(|name| claims.get(*name)).collect();
    serde_json::to_string(&used).expect("values have string keys and go to memory").into()
}

/// All variables as one text.
fn variables(subscription: &Subscription) -> Box<str> {
    let values = subscription.variables();
    let mut text = String::new();
    for at in 0..values.count() {
        text.push_str(values.get(VariableId(at as u32)).unwrap_or("-"));
        text.push('\n');
    }
    text.into()
}

fn refused(why: Refusal) -> Rejection {
    let message = format!("The subscription is refused: {why}");
    let code = match &why {
        Refusal::NoClaim(_) | Refusal::Claim(_) => Code::Unauthorised,
        Refusal::Argument { .. } => Code::BadUserInput,
        Refusal::Literal(_) => Code::PlanningFailed,
    };
    GraphqlError::new(code, message).into()
}

pub(super) fn unavailable(why: StreamError) -> Rejection {
    GraphqlError::new(Code::EventsUnavailable, format!("Events can't be subscribed to right now: {why}"))
        .into()
}
