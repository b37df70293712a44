//! The operations that run on one connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use serde_json::Value;
use tokio::{sync::OwnedSemaphorePermit, task::AbortHandle, time::Instant};

mod guard;

use super::Who;
use crate::{
    error::{Code, GraphqlError, Rejection},
    gateway::Gateway,
    http::read::Parameters,
    pipeline::{self, AnswerBody},
    subscription::{Ending, Entry, Joined, Mailbox, Place, Start, Tag},
};
use guard::Guard;

/// The operations of one connection, and the mailbox in which their results wait.
pub(in crate::http) struct Operations {
    gateway: Arc<Gateway>,
    mailbox: Arc<Mailbox>,
    state: Mutex<State>,
    /// Counts the connections of its kind.
    open: Gauge,
}

struct State {
    /// Who asks where an operation doesn't come with a caller of its own.
    who: Arc<Who>,
    next: Tag,
    running: Vec<Running>,
    /// For each token with which something runs.
    guards: Vec<Guard>,
    closed: bool,
}

struct Running {
    id: Box<str>,
    tag: Tag,
    /// For whom it runs.
    who: Arc<Who>,
    work: Work,
}

/// What an operation is at. Dropping it ends it.
enum Work {
    /// It is prepared, or answered.
    Task(AbortOnDrop),
    Subscribed {
        joined: Arc<Joined>,
        _slot: OwnedSemaphorePermit,
    },
}

/// `None`: there is nothing left to abort.
struct AbortOnDrop(Option<AbortHandle>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Why an operation isn't begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum NotBegun {
    /// One of that id runs already.
    Taken,
    /// So many were asked for beyond what may run, and the client doesn't read that they don't.
    TooMany,
    /// The connection is over.
    Closed,
}

/// Operations beyond what may run, of which the client may be told by their entries.
const MOST_REFUSED: usize = 64;

/// What the only operation of a connection turned out to be.
#[derive(Debug)]
pub(in crate::http) enum Only {
    /// It runs, and its results come.
    Begun,
    /// A query or mutation, which hasn't been run.
    Once(Box<Parameters>),
}

/// What a request came to.
enum Outcome {
    /// A query or mutation, still to be run, while that slot is held.
    Once(Box<pipeline::Request>, OwnedSemaphorePermit),
    Subscribed(Joined, OwnedSemaphorePermit),
}

impl Operations {
    /// Of a connection over that transport.
    pub(in crate::http) fn new(gateway: Arc<Gateway>, who: Who, transport: &'static str) -> Arc<Self> {
        let mailbox = Arc::new(Mailbox::new(gateway.config().subscriptions.waiting));
        let state =
            State { who: Arc::new(who), next: 0, running: Vec::new(), guards: Vec::new(), closed: false };
        let open = gateway.metrics().connections(transport);
        open.inc();
        Arc::new(Self { gateway, mailbox, state: Mutex::new(state), open })
    }

    pub(in crate::http) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Where results wait for the client.
    pub(in crate::http) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// For whom operations run that don't come with a caller of their own.
    pub(super) fn who(&self) -> Arc<Who> {
        self.lock().who.clone()
    }

    /// Begins an operation for that caller. What it comes to is told through the mailbox, mistakes too.
    ///
    /// # Errors
    /// Where its id is another one's, which runs, or there are far too many, or nobody is there any more.
    pub(in crate::http) fn start(
        self: &Arc<Self>,
        id: &str,
        parameters: Parameters,
        who: Arc<Who>,
        queries_only: bool,
    ) -> Result<(), NotBegun> {
        let mut state = self.lock();
        if state.closed {
            return Err(NotBegun::Closed);
        }
        let most = self.gateway.config().subscriptions.operations;
        if state.running.len() >= most + MOST_REFUSED {
            return Err(NotBegun::TooMany);
        }
        if state.running.iter().any(|running| &*running.id == id) {
            return Err(NotBegun::Taken);
        }
        let tag = state.next;
        state.next = tag.wrapping_add(1);
        if state.running.len() >= most {
            let what = "The number of operations on this connection";
            let setting = "--max-operations-per-connection";
            let error = GraphqlError::limit(Code::LimitExceeded, what, None, most as u64, setting);
            // It has an entry all the same, by which the client is told of it.
            state.running.push(Running { id: id.into(), tag, who, work: Work::Task(AbortOnDrop(None)) });
            drop(state);
            self.mailbox.tell(Entry::End { tag, ending: Ending::Failed(error.into()) });
            return Ok(());
        }
        let (own, asks) = (self.clone(), who.clone());
        // It begins when this lock is free, so that it finds its entry.
        let task = tokio::spawn(async move { own.run(tag, parameters, asks, queries_only).await });
        let work = Work::Task(AbortOnDrop(Some(task.abort_handle())));
        self.guard(&mut state, &who);
        state.running.push(Running { id: id.into(), tag, who, work });
        Ok(())
    }

    async fn run(self: Arc<Self>, tag: Tag, parameters: Parameters, who: Arc<Who>, queries_only: bool) {
        let begun = match self.outcome(tag, parameters, &who, queries_only).await {
            Ok(Outcome::Once(request, slot)) => self.answer(tag, *request, slot).await,
            Ok(Outcome::Subscribed(joined, slot)) => {
                self.subscribed(tag, joined, slot, &who).await;
                Ok(())
            }
            Err(why) => Err(why),
        };
        if let Err(why) = begun {
            self.mailbox.tell(Entry::End { tag, ending: Ending::Failed(why) });
        }
    }

    /// Runs a query or mutation.
    async fn answer(
        &self,
        tag: Tag,
        request: pipeline::Request,
        slot: OwnedSemaphorePermit,
    ) -> Result<(), Rejection> {
        let answer = self.gateway.pipeline().run(request).await?;
        drop(slot);
        let AnswerBody::Whole(body) = answer.body else {
            return Err(GraphqlError::internal("an answer came in parts that nobody asked for").into());
        };
        self.mailbox.tell(Entry::Answer { tag, body });
        self.mailbox.tell(Entry::End { tag, ending: Ending::Complete });
        Ok(())
    }

    /// A subscription has begun for that caller; by now it may be another one's, or nobody's.
    async fn subscribed(&self, tag: Tag, joined: Joined, slot: OwnedSemaphorePermit, asked: &Arc<Who>) {
        let joined = Arc::new(joined);
        let now = || {
            let state = self.lock();
            state.running.iter().find(|running| running.tag == tag).map(|running| running.who.clone())
        };
        {
            let mut state = self.lock();
            // Completed in the meantime: it is dropped, and so ends.
            let Some(running) = state.running.iter_mut().find(|running| running.tag == tag) else { return };
            if let Work::Task(task) = &mut running.work {
                // That is this very one, which has something left to do.
                task.0 = None;
            }
            running.work = Work::Subscribed { joined: joined.clone(), _slot: slot };
        }
        // Whoever brought another token meanwhile, or ended the subscriptions of one that isn't good any more, didn't
        // find this one.
        let mut asked = asked.clone();
        while let Some(who) = now() {
            if Arc::ptr_eq(&who, &asked) {
                return self.end_if_refused(&joined, &who);
            }
            let caller = who.caller(self.gateway.config());
            self.gateway.hub().renew(&joined, caller, who.facts()).await;
            asked = who;
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
        let Parameters { query, document_id, operation_name, variables, resume_after, snapshot, .. } =
            parameters;
        let request = pipeline::Request {
            query,
            document_id,
            operation_name,
            variables,
            queries_only,
            deadline: Instant::now() + config.limits.request_timeout,
            caller: who.caller(config),
            facts: who.facts(),
            fresh: false,
        };
        let prepared =
            tokio::time::timeout_at(request.deadline, self.gateway.pipeline().subscription(&request));
        let prepared = prepared.await.map_err(|_| pipeline::took_too_long())??;
        let Some(subscription) = prepared else { return Ok(Outcome::Once(Box::new(request), slot)) };
        let start = Start {
            after: resume_after.map(|text| place(&text)).transpose()?,
            snapshot: snapshot.map(|name| state_query(&request, &name)).transpose()?,
        };
        let room = self.gateway.subscription_slot()?;
        let outlet = (&self.mailbox, tag);
        let joining = self.gateway.hub().subscribe(&request, subscription, outlet, start);
        let joined = tokio::time::timeout_at(request.deadline, joining);
        let joined = joined.await.map_err(|_| pipeline::took_too_long())??;
        drop(slot);
        Ok(Outcome::Subscribed(joined, room))
    }

    /// Begins the only operation of a connection, whose mistakes are told before there is a connection. Where an
    /// answer in one piece can be sent without one, only a subscription is begun.
    ///
    /// # Errors
    /// Why it can't be run.
    pub(in crate::http) async fn begin(
        self: &Arc<Self>,
        parameters: Parameters,
        queries_only: bool,
        takes_one_piece: bool,
    ) -> Result<Only, Rejection> {
        const TAG: Tag = 0;
        let who = self.who();
        let (joined, slot) = match self.outcome(TAG, parameters, &who, queries_only).await? {
            Outcome::Subscribed(joined, slot) => (Arc::new(joined), slot),
            Outcome::Once(request, _) if takes_one_piece => {
                let pipeline::Request { query, document_id, operation_name, variables, .. } = *request;
                let parameters =
                    Parameters { query, document_id, operation_name, variables, ..Parameters::default() };
                return Ok(Only::Once(Box::new(parameters)));
            }
            Outcome::Once(request, slot) => {
                self.answer(TAG, *request, slot).await?;
                return Ok(Only::Begun);
            }
        };
        let mut state = self.lock();
        self.guard(&mut state, &who);
        let work = Work::Subscribed { joined: joined.clone(), _slot: slot };
        state.running.push(Running { id: "".into(), tag: TAG, who: who.clone(), work });
        drop(state);
        self.end_if_refused(&joined, &who);
        Ok(Only::Begun)
    }

    /// The client wants no more of an operation.
    pub(in crate::http) fn complete(&self, id: &str) {
        let tag = self.lock().running.iter().find(|running| &*running.id == id).map(|running| running.tag);
        if let Some(tag) = tag {
            self.ended(tag);
            self.mailbox.forget(tag);
        }
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

    /// Ends everything.
    pub(in crate::http) fn close(&self) {
        let running = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.running)
        };
        self.mailbox.close();
        drop(running);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        self.open.dec();
    }
}

fn place(text: &str) -> Result<Place, GraphqlError> {
    text.parse().map_err(|_| {
        let message = "extensions.resumeAfter: no gateway gave out that place";
        GraphqlError::new(Code::BadRequest, message)
    })
}

/// The query that is a subscription's snapshot.
fn state_query(of: &pipeline::Request, name: &Value) -> Result<pipeline::Request, GraphqlError> {
    let name = name.as_str().ok_or_else(|| {
        let message = "extensions.snapshot: not the name of one of the document's queries";
        GraphqlError::new(Code::BadRequest, message)
    })?;
    Ok(pipeline::Request {
        query: of.query.clone(),
        document_id: of.document_id.clone(),
        operation_name: Some(name.to_owned()),
        variables: of.variables.clone(),
        queries_only: false,
        deadline: of.deadline,
        caller: of.caller.clone(),
        facts: of.facts.clone(),
        // What its events tell of is what happens after it has begun.
        fresh: true,
    })
}
