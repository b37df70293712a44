//! The operations that run on one connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Request, request::Parts};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    task::AbortHandle,
    time::Instant,
};

use super::guard;

use crate::{
    auth::Identity,
    config::Config,
    error::{Code, GraphqlError, Rejection},
    gateway::Gateway,
    http::{ClientInfo, read::Parameters},
    pipeline::{self, AnswerBody, Caller, RequestFacts},
    subscription::{Ending, Entry, Joined, Mailbox, Place, Tag},
    telemetry::TraceContext,
};

/// Who is on the other side of a connection.
#[derive(Debug, Clone)]
pub(in crate::http) struct Who {
    identity: Option<Arc<Identity>>,
    client: ClientInfo,
    /// Those of the client's headers that subgraphs are told.
    forwarded: Arc<Parts>,
    share: f64,
}

/// The operations of one connection, and the mailbox in which their results wait.
pub(in crate::http) struct Operations {
    gateway: Arc<Gateway>,
    mailbox: Arc<Mailbox>,
    /// Who asks, for the guard: it ends when this goes.
    identities: watch::Sender<Option<Arc<Identity>>>,
    state: Mutex<State>,
}

struct State {
    who: Who,
    next: Tag,
    running: Vec<Running>,
}

struct Running {
    id: Box<str>,
    tag: Tag,
    work: Work,
}

/// What an operation is at. Dropping it ends it.
enum Work {
    /// It is prepared, or answered.
    Task {
        _task: AbortOnDrop,
    },
    Subscribed {
        joined: Arc<Joined>,
        _slot: OwnedSemaphorePermit,
    },
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An operation of that id runs already.
#[derive(Debug)]
pub(in crate::http) struct Taken;

/// What a request came to.
enum Outcome {
    Answer(AnswerBody),
    Subscribed(Joined, OwnedSemaphorePermit),
}

impl Who {
    pub(in crate::http) fn new(
        config: &Config,
        headers: &HeaderMap,
        client: ClientInfo,
        identity: Option<Arc<Identity>>,
    ) -> Self {
        let (mut forwarded, ()) = Request::new(()).into_parts();
        for name in &config.http.forward_headers {
            for value in headers.get_all(name) {
                forwarded.headers.append(name.clone(), value.clone());
            }
        }
        Self { identity, client, forwarded: Arc::new(forwarded), share: rand::random_range(0.0..100.0) }
    }

    fn caller(&self, config: &Config) -> Caller {
        let trace = TraceContext::of_request(&HeaderMap::new());
        Caller::new(config, &self.forwarded, self.client.clone(), self.identity.as_deref(), &trace)
    }

    fn is_another_than(&self, other: &Who) -> bool {
        self.identity.as_ref().map(Arc::as_ptr) != other.identity.as_ref().map(Arc::as_ptr)
    }

    fn facts(&self) -> RequestFacts {
        RequestFacts { identity: self.identity.clone(), share: self.share, incremental: false }
    }
}

impl Operations {
    pub(in crate::http) fn new(gateway: Arc<Gateway>, who: Who) -> Arc<Self> {
        let mailbox = Arc::new(Mailbox::new(gateway.config().subscriptions.waiting));
        let identities = watch::Sender::new(who.identity.clone());
        let (watched, guarded) = (identities.subscribe(), gateway.clone());
        let state = Mutex::new(State { who, next: 0, running: Vec::new() });
        let operations = Arc::new(Self { gateway, mailbox, identities, state });
        tokio::spawn(guard::watch(Arc::downgrade(&operations), guarded, watched));
        operations
    }

    pub(in crate::http) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Where results wait for the client.
    pub(in crate::http) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Begins an operation. What it comes to is told through the mailbox, mistakes too.
    ///
    /// # Errors
    /// Where its id is another one's, which runs.
    pub(in crate::http) fn start(self: &Arc<Self>, id: &str, parameters: Parameters) -> Result<(), Taken> {
        let mut state = self.lock();
        if state.running.iter().any(|running| &*running.id == id) {
            return Err(Taken);
        }
        let tag = state.next;
        state.next = state.next.wrapping_add(1);
        let most = self.gateway.config().subscriptions.operations;
        if state.running.len() >= most {
            let what = "The number of operations on this connection";
            let setting = "--max-operations-per-connection";
            let error = GraphqlError::limit(Code::LimitExceeded, what, None, most as u64, setting);
            // It has an entry all the same, by which the client is told of it.
            let nothing = AbortOnDrop(tokio::spawn(std::future::ready(())).abort_handle());
            state.running.push(Running { id: id.into(), tag, work: Work::Task { _task: nothing } });
            drop(state);
            self.mailbox.tell(Entry::End { tag, ending: Ending::Failed(error.into()) });
            return Ok(());
        }
        let who = state.who.clone();
        let own = self.clone();
        // It begins when this lock is free, so that it finds its entry.
        let task = tokio::spawn(async move { own.run(tag, parameters, who).await });
        let work = Work::Task { _task: AbortOnDrop(task.abort_handle()) };
        state.running.push(Running { id: id.into(), tag, work });
        Ok(())
    }

    async fn run(self: Arc<Self>, tag: Tag, parameters: Parameters, who: Who) {
        match self.outcome(tag, parameters, &who, false).await {
            Ok(Outcome::Answer(AnswerBody::Whole(body))) => {
                self.mailbox.tell(Entry::Answer { tag, body });
                self.mailbox.tell(Entry::End { tag, ending: Ending::Complete });
            }
            Ok(Outcome::Answer(AnswerBody::Parts(_))) => {
                let error = GraphqlError::internal("an answer came in parts that nobody asked for");
                self.mailbox.tell(Entry::End { tag, ending: Ending::Failed(error.into()) });
            }
            Ok(Outcome::Subscribed(joined, slot)) => self.subscribed(tag, Arc::new(joined), slot, &who).await,
            Err(why) => self.mailbox.tell(Entry::End { tag, ending: Ending::Failed(why) }),
        }
    }

    /// What was begun for `who` has begun, and is the connection's from now on.
    async fn subscribed(&self, tag: Tag, joined: Arc<Joined>, slot: OwnedSemaphorePermit, who: &Who) {
        let (before, now) = {
            let mut state = self.lock();
            let now = state.who.clone();
            // Completed in the meantime: it is dropped, and so ends.
            let Some(running) = state.running.iter_mut().find(|running| running.tag == tag) else { return };
            let work = Work::Subscribed { joined: joined.clone(), _slot: slot };
            (std::mem::replace(&mut running.work, work), now)
        };
        // Whoever brought another token meanwhile, or ended the subscriptions of one that isn't good any more, didn't find
        // this one.
        if now.is_another_than(who) {
            let caller = now.caller(self.gateway.config());
            self.gateway.hub().renew(&joined, caller, now.facts()).await;
        }
        self.end_if_refused(&joined, &now);
        // What is aborted here is the task that runs this, at its end.
        drop(before);
    }

    fn end_if_refused(&self, joined: &Joined, who: &Who) {
        if let Err(refusal) = self.check(who) {
            joined.fail(refusal);
        }
    }

    async fn outcome(
        &self,
        tag: Tag,
        parameters: Parameters,
        who: &Who,
        queries_only: bool,
    ) -> Result<Outcome, Rejection> {
        let config = self.gateway.config();
        self.check(who)?;
        let slot = self.gateway.slot()?;
        let Parameters { query, document_id, operation_name, variables, resume_after } = parameters;
        let request = pipeline::Request {
            query,
            document_id,
            operation_name,
            variables,
            queries_only,
            deadline: Instant::now() + config.limits.request_timeout,
            caller: who.caller(config),
            facts: who.facts(),
        };
        let prepared =
            tokio::time::timeout_at(request.deadline, self.gateway.pipeline().subscription(&request));
        let prepared = prepared.await.map_err(|_| pipeline::took_too_long())??;
        let Some(subscription) = prepared else {
            return Ok(Outcome::Answer(self.gateway.pipeline().run(request).await?.body));
        };
        let after = resume_after.map(|text| place(&text)).transpose()?;
        let room = self.gateway.subscription_slot()?;
        let outlet = (&self.mailbox, tag);
        let joining = self.gateway.hub().subscribe(&request, subscription, outlet, after);
        let joined = tokio::time::timeout_at(request.deadline, joining);
        let joined = joined.await.map_err(|_| pipeline::took_too_long())??;
        drop(slot);
        Ok(Outcome::Subscribed(joined, room))
    }

    /// Begins the only operation of a connection, whose mistakes are told before there is a connection.
    ///
    /// # Errors
    /// Why it can't be run.
    pub(in crate::http) async fn begin(
        &self,
        parameters: Parameters,
        queries_only: bool,
    ) -> Result<(), Rejection> {
        let who = self.lock().who.clone();
        let outcome = self.outcome(0, parameters, &who, queries_only).await?;
        let (joined, slot) = match outcome {
            Outcome::Answer(AnswerBody::Whole(body)) => {
                self.mailbox.tell(Entry::Answer { tag: 0, body });
                self.mailbox.tell(Entry::End { tag: 0, ending: Ending::Complete });
                return Ok(());
            }
            Outcome::Answer(AnswerBody::Parts(_)) => {
                return Err(GraphqlError::internal("an answer came in parts that nobody asked for").into());
            }
            Outcome::Subscribed(joined, slot) => (Arc::new(joined), slot),
        };
        let work = Work::Subscribed { joined: joined.clone(), _slot: slot };
        self.lock().running.push(Running { id: "".into(), tag: 0, work });
        self.end_if_refused(&joined, &who);
        Ok(())
    }

    /// The client wants no more of an operation.
    pub(in crate::http) fn complete(&self, id: &str) {
        let mut state = self.lock();
        let Some(at) = state.running.iter().position(|running| &*running.id == id) else { return };
        let running = state.running.swap_remove(at);
        drop(state);
        self.mailbox.forget(running.tag);
    }

    /// An operation's end is told to the client.
    pub(in crate::http) fn ended(&self, tag: Tag) {
        let mut state = self.lock();
        if let Some(at) = state.running.iter().position(|running| running.tag == tag) {
            let running = state.running.swap_remove(at);
            drop(state);
            drop(running);
        }
    }

    /// Calls `with` with an operation's id, if it runs.
    pub(in crate::http) fn id<T>(&self, tag: Tag, with: impl FnOnce(&str) -> T) -> Option<T> {
        let state = self.lock();
        state.running.iter().find(|running| running.tag == tag).map(|running| with(&running.id))
    }

    /// From now on it is somebody else who asks, or the same one with a newer token. Subscriptions go on from where
    /// they are, if they still may.
    pub(in crate::http) async fn renew(&self, identity: Arc<Identity>) {
        let (who, subscribed) = {
            let mut state = self.lock();
            state.who.identity = Some(identity.clone());
            self.identities.send_replace(Some(identity));
            let subscribed = state.running.iter().filter_map(|running| match &running.work {
                Work::Subscribed { joined, .. } => Some(joined.clone()),
                Work::Task { .. } => None,
            });
            (state.who.clone(), subscribed.collect::<Vec<_>>())
        };
        for joined in subscribed {
            let caller = who.caller(self.gateway.config());
            self.gateway.hub().renew(&joined, caller, who.facts()).await;
        }
    }

    /// The client's token isn't good any more: subscriptions end, and tell from where they can be gone on.
    pub(super) fn refuse(&self, why: &GraphqlError) {
        let state = self.lock();
        let subscribed = state.running.iter().filter_map(|running| match &running.work {
            Work::Subscribed { joined, .. } => Some(joined.clone()),
            Work::Task { .. } => None,
        });
        let subscribed: Vec<_> = subscribed.collect();
        drop(state);
        subscribed.iter().for_each(|joined| joined.fail(why.clone()));
    }

    fn check(&self, who: &Who) -> Result<(), GraphqlError> {
        match &who.identity {
            Some(identity) => self.gateway.authenticator().check(identity),
            None => Ok(()),
        }
    }

    /// Ends everything.
    pub(in crate::http) fn close(&self) {
        let running = std::mem::take(&mut self.lock().running);
        self.mailbox.close();
        drop(running);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(text: &str) -> Result<Place, GraphqlError> {
    text.parse().map_err(|_| {
        let message = "extensions.resumeAfter: no gateway gave out that place";
        GraphqlError::new(Code::BadRequest, message)
    })
}
