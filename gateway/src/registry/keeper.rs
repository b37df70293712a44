//! The task that owns what is known about the graph.
//!
//! Everything that happens is an [`Event`], handled one at a time; after each, [`Keeper::advance`] starts
//! what has become due. Nothing waits in here: questions, compositions and writes run as tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tributary_protocol::{Announcement, Registration, SubgraphName, Token, subject};

use super::book::{Book, Wanted};
use super::complaints::Complaints;
use super::compose::{Composed, Outcome};
use super::directory::{Directory, Heard};
use super::discover::{Discovery, Round};
use super::live::Live;
use super::sdl::Sdl;
use super::select::SdlSet;
use super::status::{Diagnostic, StoreStatus};
use super::store::{self, Store, StoreError};
use super::{RegistryOptions, Shared};
use crate::transport::{LinkState, Transport};

mod asking;
mod graph;
mod report;
mod waiters;

use waiters::Waiters;

/// How often the instances of known names are asked.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often everyone is asked, give or take a fifth, so that gateways don't ask in step.
const BROADCAST_EVERY: Duration = Duration::from_secs(30);
/// How many announcements are taken before anything is done about them.
const MAX_ANNOUNCEMENTS: usize = 4096;

/// Something that happened.
pub(super) enum Event {
    /// Somebody says that there is such an instance.
    Hint(SubgraphName, Token),
    /// The answers to a question to everyone are in.
    BroadcastEnded,
    /// An instance described itself.
    Heard(Registration),
    /// An instance described itself as something that can't be used.
    Unusable(Arc<str>, Token),
    /// The answers to a question to one name are in.
    RoundEnded(Round),
    /// A subgraph gave its SDL, or didn't.
    Sdl(Wanted, Result<Sdl, Diagnostic>),
    /// A request found nobody on a subject.
    Unreachable { name: SubgraphName, subject: Arc<str>, answer: oneshot::Sender<Option<Arc<Live>>> },
    /// A composition has ended.
    Composed(Result<Outcome, String>),
    /// What wanted to prepare for a new supergraph has done so.
    Prepared(SdlSet, Composed),
    /// The bucket was read.
    Loaded(Result<SdlSet, StoreError>),
    /// The bucket was written, or says which names it was told to forget.
    Stored(Result<BTreeSet<Arc<str>>, StoreError>),
}

/// The state behind a [`super::Registry`].
pub(super) struct Keeper {
    transport: Transport,
    options: RegistryOptions,
    shared: Arc<Shared>,
    discovery: Discovery,
    store: Store,
    events: Sender<Event>,
    tasks: JoinSet<()>,

    directory: Directory,
    book: Book,
    /// What the bucket had at the start, until it is composed.
    remembered: SdlSet,
    /// What the live supergraph was composed of.
    good: SdlSet,
    /// Names to take out of the graph.
    forgotten: BTreeSet<Arc<str>>,
    /// Questions under way.
    asking: BTreeMap<Arc<str>, Asked>,
    /// Instances that were heard of and haven't answered in their own name yet.
    hinted: BTreeMap<Arc<str>, BTreeSet<Token>>,
    /// The instances that can't be used, as the last round of each name found them.
    unusable: BTreeMap<Arc<str>, Vec<Diagnostic>>,

    composing: bool,
    /// What the last composition was asked for: the same isn't tried twice.
    attempted: Option<SdlSet>,
    composition: Complaints,
    waiters: Waiters,
    boot: Boot,
    /// The bucket could be read once.
    loaded: bool,
    store_status: StoreStatus,
    /// A write of the bucket is under way.
    storing: bool,
    /// What is live has changed since the last write began.
    unsaved: bool,
    /// Required names that haven't been in the graph with an instance yet.
    missing: BTreeSet<SubgraphName>,
    /// How often the connection was made, and how often it lost messages.
    link_changes: (u64, u64),
}

/// What has to end before the first look around has.
#[derive(Debug, Default)]
struct Boot {
    broadcast: bool,
    loaded: bool,
    done: bool,
}

/// A question under way.
struct Asked {
    /// Whether to ask again after it.
    again: bool,
    /// What instances of the name had answered to requests before.
    life: u64,
}

/// What the keeper hears without asking.
struct Heeding {
    announcements: Subscriber,
    bucket: Option<Subscriber>,
    link: watch::Receiver<LinkState>,
}

impl Keeper {
    pub(super) fn new(
        transport: Transport,
        options: RegistryOptions,
        shared: Arc<Shared>,
        events: Sender<Event>,
    ) -> Self {
        let graph = options.graph.as_deref().map(Arc::from);
        let fixed = options.fixed.is_some();
        Self {
            discovery: Discovery { transport: transport.clone(), events: events.clone(), graph },
            store: Store::new(transport.link().client().clone()),
            missing: options.require.iter().cloned().collect(),
            store_status: if fixed { StoreStatus::Unused } else { StoreStatus::Pending },
            boot: Boot { loaded: fixed, ..Boot::default() },
            transport,
            options,
            shared,
            events,
            tasks: JoinSet::new(),
            directory: Directory::default(),
            book: Book::default(),
            remembered: SdlSet::new(),
            good: SdlSet::new(),
            forgotten: BTreeSet::new(),
            asking: BTreeMap::new(),
            hinted: BTreeMap::new(),
            unusable: BTreeMap::new(),
            composing: false,
            attempted: None,
            composition: Complaints::default(),
            waiters: Waiters::default(),
            loaded: false,
            storing: false,
            unsaved: false,
            link_changes: (0, 0),
        }
    }

    /// Works until the registry is dropped.
    pub(super) async fn run(mut self, mut events: Receiver<Event>) {
        let mut heeding = match self.heed().await {
            Ok(heeding) => heeding,
            Err(error) => {
                tracing::error!(code = "REGISTRY_STOPPED", %error, "subgraphs can't be discovered");
                return;
            }
        };
        self.serve_fixed();
        let mut ask = interval(ASK_EVERY);
        ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut broadcast_at = Instant::now() + BROADCAST_EVERY;
        self.on_link(&heeding.link.borrow_and_update().clone());
        loop {
            tokio::select! {
                Some(event) = events.recv() => self.on_event(event),
                Some(message) = heeding.announcements.next() => self.on_announcements(message, &mut heeding.announcements),
                Some(message) = next_of(&mut heeding.bucket) => self.on_bucket(&message),
                Ok(()) = heeding.link.changed() => {
                    let state = heeding.link.borrow_and_update().clone();
                    self.on_link(&state);
                }
                _ = ask.tick() => self.ask_known(),
                () = sleep_until(broadcast_at) => {
                    broadcast_at = Instant::now() + BROADCAST_EVERY.mul_f64(rand::random_range(0.8..1.2));
                    self.look_around();
                }
                Some(_) = self.tasks.join_next() => continue,
            }
            self.advance();
        }
    }

    async fn heed(&self) -> Result<Heeding, async_nats::SubscribeError> {
        let client = self.transport.link().client();
        let bucket = match self.options.fixed {
            None => Some(client.subscribe(store::CHANGES).await?),
            Some(_) => None,
        };
        Ok(Heeding {
            announcements: client.subscribe(subject::ANNOUNCE_ALL).await?,
            bucket,
            link: self.transport.link().state(),
        })
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Hint(name, instance) => self.on_hint(&name, instance),
            Event::BroadcastEnded => self.boot.broadcast = true,
            Event::Heard(registration) => self.on_heard(&registration),
            Event::Unusable(name, instance) => self.on_gone(&name, &instance, "can't be used"),
            Event::RoundEnded(round) => self.on_round_ended(round),
            Event::Sdl(wanted, answer) => self.on_sdl(&wanted, answer),
            Event::Unreachable { name, subject, answer } => self.on_unreachable(&name, subject, answer),
            Event::Composed(outcome) => self.on_composed(outcome),
            Event::Prepared(set, composed) => self.swap(set, composed),
            Event::Loaded(loaded) => self.on_loaded(loaded),
            Event::Stored(stored) => self.on_stored(stored),
        }
    }

    /// A new connection, or announcements may have been lost: everyone may have come or gone meanwhile.
    fn on_link(&mut self, state: &LinkState) {
        let changes = (state.connects, state.dropped);
        if changes != self.link_changes {
            self.link_changes = changes;
            self.look_around();
            self.ask_known();
        }
    }

    /// Takes what waits in one go, so that a subgraph which announces without end can't get ahead of us.
    fn on_announcements(&mut self, first: Message, waiting: &mut Subscriber) {
        self.on_announcement(&first);
        for _ in 0..MAX_ANNOUNCEMENTS {
            let Some(Some(message)) = waiting.next().now_or_never() else { return };
            self.on_announcement(&message);
        }
    }

    fn on_announcement(&mut self, message: &Message) {
        let Ok(name) = subject::parse_announce(&message.subject) else { return };
        match Announcement::from_headers(message.headers.as_ref()) {
            Announcement::Up(instance) => self.on_hint(&name, instance),
            Announcement::Down(instance) => self.on_gone(name.as_str(), &instance, "says that it is leaving"),
            Announcement::Ask => self.ask(&name),
        }
    }

    fn on_bucket(&mut self, message: &Message) {
        if let Some(name) = store::forgotten(message) {
            self.forget(name.as_str().into());
        }
    }

    fn forget(&mut self, name: Arc<str>) {
        if self.directory.instances(&name).next().is_none() {
            tracing::info!(code = "SUBGRAPH_FORGOTTEN", subgraph = %name, "the subgraph is taken out of the graph");
            self.remembered.remove(&name);
            self.forgotten.insert(name);
        }
    }

    fn on_heard(&mut self, registration: &Registration) {
        let name: Arc<str> = registration.name.as_str().into();
        if let Some(hinted) = self.hinted.get_mut(&name) {
            hinted.remove(&registration.instance);
        }
        let heard = self.directory.heard(&name, registration);
        if heard == Heard::Same {
            return;
        }
        let (instance, subject) = (&registration.instance, &registration.subject);
        tracing::info!(code = "INSTANCE_UP", subgraph = %name, %instance, %subject, "an instance is there");
        self.shared.metrics.instances_up.add(1);
        self.forgotten.remove(&name);
        if registration.sdl.is_none() {
            self.book.doubt(&name, &subject.to_string().into());
        }
    }

    fn on_gone(&mut self, name: &str, instance: &Token, why: &str) {
        if self.directory.gone(name, instance) {
            self.shared.metrics.instances_down.add(1);
            tracing::info!(code = "INSTANCE_DOWN", subgraph = name, %instance, "an instance {why}");
        }
    }

    fn on_sdl(&mut self, wanted: &Wanted, answer: Result<Sdl, Diagnostic>) {
        if let Some(problem) = self.book.answered(wanted, answer, Instant::now()) {
            tracing::error!(code = problem.code, subgraph = %wanted.name, "{}", problem.message);
        }
    }

    fn on_unreachable(
        &mut self,
        name: &SubgraphName,
        subject: Arc<str>,
        answer: oneshot::Sender<Option<Arc<Live>>>,
    ) {
        self.directory.suspect(name.as_str(), &subject);
        self.waiters.add(name.as_str().into(), subject, answer);
        self.ask(name);
    }

    fn on_loaded(&mut self, loaded: Result<SdlSet, StoreError>) {
        self.boot.loaded = true;
        match loaded {
            Ok(set) => {
                self.loaded = true;
                self.store_status = StoreStatus::Good;
                // Whatever was found meanwhile is newer.
                self.remembered = set;
                self.remembered.retain(|name, _| !self.good.contains_key(name));
                self.ask_known();
                self.save();
            }
            Err(error) => self.store_failed(&error),
        }
    }

    fn store_failed(&mut self, error: &StoreError) {
        if self.store_status != StoreStatus::Unavailable {
            tracing::warn!(code = "STORE_UNAVAILABLE", %error, "a restarted gateway won't know absent subgraphs");
        }
        self.store_status = StoreStatus::Unavailable;
    }
}

async fn next_of(subscriber: &mut Option<Subscriber>) -> Option<Message> {
    match subscriber {
        Some(subscriber) => subscriber.next().await,
        None => std::future::pending().await,
    }
}
