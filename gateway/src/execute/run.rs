//! The state of one request while its plan runs. It sends nothing itself: it says what to send and takes in
//! what came.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;
use tributary_federation::plan::{
    DeferredId, Fetch, FetchId, FetchSource, OperationKind, Plan, ReadTypename,
};

use super::arena::{Arena, ObjectRef, Value};
use super::error::{Errors, ExecutionError};
use super::keeping::{Filling, Keeping};
use super::project::{Open, Projection, Room, Written};
use super::read::{Outcome, ReadError, ReplyReader};
use super::report::Report;
use super::representation::Targets;
use super::{ExecuteRequest, ExecutionResult, FetchFailure, Fetcher, request, unasked};
use crate::cache::Freshness;

/// The first part of the answer, or a deferred fragment.
struct Stage {
    errors: Errors,
    fetches: usize,
}

/// A request to a subgraph: an index into [`Run::sent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(usize);

/// A request to a subgraph, and who waits for its reply.
struct Sent {
    fetch: FetchId,
    targets: Vec<Targets>,
    /// What of the reply is kept.
    filling: Option<Box<Filling>>,
}

/// A request that is to be sent.
pub(super) struct Sending {
    pub request: RequestId,
    pub fetch: FetchId,
    pub body: Bytes,
}

/// One client's request.
pub(super) struct Run<'p, F> {
    plan: &'p Plan,
    request: ExecuteRequest<'p>,
    fetcher: &'p F,
    arena: Arena,
    root: ObjectRef,
    /// Whether each of the plan's conditions holds.
    conditions: Vec<bool>,
    /// For each fetch how many others it still waits for.
    waiting: Vec<usize>,
    sent: Vec<Sent>,
    /// For each fetch how many of its requests have no answer yet.
    unanswered: Vec<usize>,
    /// For what each fetch is: its errors, and how many fetches haven't ended.
    stages: Vec<Stage>,
    /// Bytes of all replies: about as many as the answer will have.
    received: usize,
    /// Bytes of the parts that have been written: they share the answer's limit.
    written: usize,
    /// For how many objects something may come later.
    room: Room,
    /// What it has to do with the cache; `None` where nothing that it asks for may be kept.
    keeping: Option<Box<Keeping<'p>>>,
}

impl<'p, F: Fetcher> Run<'p, F> {
    pub fn new(plan: &'p Plan, request: ExecuteRequest<'p>, fetcher: &'p F) -> Self {
        let slots = plan.shapes[0].slots.len();
        let limit = 2 * request.limits.answer_bytes / size_of::<Value>();
        let mut arena = Arena::new(limit.max(slots + 1));
        let root = arena.add_object(slots).expect("the limit was raised to hold the root");
        arena.learn_type(root, root_type(plan), &plan.type_names);
        let holds = |variable| request.variables.bool(variable);
        Self {
            plan,
            request,
            fetcher,
            arena,
            root,
            conditions: plan.conditions.iter().map(|condition| condition.holds(holds)).collect(),
            waiting: plan.fetches.iter().map(|fetch| fetch.deps.len()).collect(),
            sent: Vec::with_capacity(plan.fetches.len()),
            unanswered: vec![0; plan.fetches.len()],
            stages: stages(plan, request.limits.errors),
            received: 0,
            written: 0,
            room: Room::new(request.limits.deferred),
            keeping: Keeping::of(plan, fetcher).map(Box::new),
        }
    }

    /// The fetches that can start at once; the last is to be taken first.
    pub fn without_dependencies(&self) -> Vec<FetchId> {
        (0..self.plan.fetches.len())
            .rev()
            .filter(|&at| self.waiting[at] == 0)
            .map(|at| FetchId(at as u32))
            .collect()
    }

    /// The first fetch is a subscription's and has been answered.
    pub fn begin_event(&mut self) -> RequestId {
        self.send(FetchId(0), vec![Targets::same(&[self.root])], None)
    }

    /// What is kept of the only fetch's reply is the answer as it is.
    pub fn relays(&mut self) {
        if let Some(keeping) = &mut self.keeping {
            keeping.relays();
        }
    }

    fn send(&mut self, fetch: FetchId, targets: Vec<Targets>, filling: Option<Box<Filling>>) -> RequestId {
        self.unanswered[fetch.index()] += 1;
        self.sent.push(Sent { fetch, targets, filling });
        RequestId(self.sent.len() - 1)
    }

    /// A fetch's requests: one, none if it needn't be sent, several where its objects are told different things
    /// by those above them.
    pub fn prepare(&mut self, id: FetchId) -> SmallVec<[Sending; 1]> {
        let fetch = self.fetch(id);
        if fetch.condition.is_some_and(|condition| !self.conditions[condition.index()]) {
            return SmallVec::new();
        }
        let mut writer = request::Writer {
            plan: self.plan,
            arena: &mut self.arena,
            root: self.root,
            conditions: &self.conditions,
            variables: self.request.variables,
            keeping: self.keeping.as_deref_mut(),
        };
        let outgoing = writer.write(id);
        if let Some(keeping) = &mut self.keeping {
            outgoing.iter().for_each(|one| keeping.asks(id, one));
        }
        let sending = |one: request::Outgoing| Sending {
            request: self.send(id, one.targets, one.filling),
            fetch: id,
            body: one.body.into(),
        };
        outgoing.into_iter().map(sending).collect()
    }

    /// Takes in a request's reply, or why there is none. Returns its fetch if that has no other request.
    pub fn absorb(&mut self, id: RequestId, outcome: Result<Bytes, FetchFailure>) -> Option<FetchId> {
        if let Err(failure) = outcome.and_then(|reply| self.read(id, reply)) {
            self.report(id, |report| report.failure(failure));
        }
        let fetch = self.sent[id.0].fetch;
        self.unanswered[fetch.index()] -= 1;
        (self.unanswered[fetch.index()] == 0).then_some(fetch)
    }

    /// Keeps these parts of a request's reply, which has no errors, if they may be kept.
    pub fn keep(&mut self, id: RequestId, reply: &Bytes, parts: &[(usize, usize, Range<usize>)]) {
        if let (Some(filling), Some(keeping)) = (self.sent[id.0].filling.take(), &self.keeping) {
            keeping.keep(*filling, reply, parts);
        }
    }

    /// For how long the answer may be kept.
    pub fn freshness(&self) -> Option<Freshness> {
        self.keeping.as_deref().map(Keeping::freshness)
    }

    /// The reply of the only fetch, as it was kept.
    pub fn finish_relayed(mut self) -> ExecutionResult {
        match self.keeping.as_deref_mut().and_then(Keeping::take_relayed) {
            Some((reply, data)) => ExecutionResult::relayed(reply, data).with_freshness(self.freshness()),
            None => self.finish().0,
        }
    }

    /// A fetch has ended, well or not; the fetches that waited for nothing else.
    pub fn ended(&mut self, id: FetchId) -> Vec<FetchId> {
        let stage = stage_of(self.fetch(id).deferred);
        self.stages[stage].fetches -= 1;
        let mut ready = Vec::new();
        for (at, fetch) in self.plan.fetches.iter().enumerate().skip(id.index() + 1).rev() {
            if fetch.deps.contains(&id) {
                self.waiting[at] -= 1;
                ready.extend((self.waiting[at] == 0).then_some(FetchId(at as u32)));
            }
        }
        ready
    }

    /// Whether everything has been fetched that the first part of the answer needs, or a deferred fragment.
    pub fn is_there(&self, deferred: Option<DeferredId>) -> bool {
        self.stages[stage_of(deferred)].fetches == 0
    }

    /// Writes the answer, or its first part.
    pub fn finish(&mut self) -> (ExecutionResult, Vec<Open<'p>>) {
        let taken = self.keeping.as_deref().map_or(0, Keeping::taken);
        let (guess, root) = (self.received + taken, self.root);
        let written = self.projection(None, |projection| projection.write(root, guess));
        let result = ExecutionResult::written(written.body, self.take_errors(None));
        (result.with_freshness(self.freshness()), written.open)
    }

    /// Writes a deferred fragment on one object. Its errors are those of all its objects: see [`Self::errors_of`].
    pub fn finish_deferred(&mut self, open: &Open<'p>) -> (ExecutionResult, Vec<Open<'p>>) {
        let written = self.projection(Some(open.deferred), |projection| projection.write_deferred(open));
        (ExecutionResult::written(written.body, Vec::new()), written.open)
    }

    /// What went wrong in a deferred fragment since the last time, on whichever objects.
    pub fn errors_of(&mut self, deferred: DeferredId) -> Vec<ExecutionError> {
        self.take_errors(Some(deferred))
    }

    fn take_errors(&mut self, deferred: Option<DeferredId>) -> Vec<ExecutionError> {
        let mut errors = self.stages[stage_of(deferred)].errors.take();
        unasked::leave_out(self.plan, &self.arena, &self.conditions, self.root, &mut errors);
        errors
    }

    fn projection(
        &mut self,
        deferred: Option<DeferredId>,
        write: impl FnOnce(Projection<'p, '_>) -> Written<'p>,
    ) -> Written<'p> {
        let errors = &mut self.stages[stage_of(deferred)].errors;
        let (introspection, limit) = (self.request.introspection, self.request.limits.answer_bytes);
        let limit = limit.saturating_sub(self.written);
        let (arena, conditions, room) = (&self.arena, &self.conditions, &mut self.room);
        let written =
            write(Projection::new(self.plan, arena, conditions, introspection, errors, limit, room));
        self.written += written.body.len() + written.told;
        written
    }

    /// Reads a reply: all of it or nothing.
    fn read(&mut self, id: RequestId, reply: Bytes) -> Result<(), FetchFailure> {
        let text = std::str::from_utf8(&reply).map_err(|_| bad_reply("the reply isn't UTF-8"))?;
        if u32::try_from(text.len()).is_err() {
            return Err(bad_reply("the reply is larger than 4 GiB"));
        }
        self.received += text.len();
        let buffer = self.arena.add_buffer(reply.clone());
        self.arena.begin();
        let sent = &self.sent[id.0];
        let source = &self.fetch(sent.fetch).source;
        let reader = ReplyReader::new(self.plan, &mut self.arena, buffer, text);
        match reader.keeping(sent.filling.is_some()).reply(source, &sent.targets) {
            Ok(outcome) => {
                self.arena.commit();
                self.keep_parts(id, &reply, &outcome);
                self.report(id, |mut report| {
                    if outcome.uneven {
                        report.uneven();
                    }
                    report.subgraph_errors(&outcome);
                });
                Ok(())
            }
            Err(error) => {
                self.arena.roll_back();
                Err(match error {
                    ReadError::TooManyValues => FetchFailure {
                        code: "LIMIT_EXCEEDED".into(),
                        message:
                            "The answer has more values than fit its limit; --max-answer-bytes changes it"
                                .into(),
                        setting: Some("--max-answer-bytes"),
                    },
                    error => bad_reply(error),
                })
            }
        }
    }

    fn keep_parts(&mut self, id: RequestId, reply: &Bytes, outcome: &Outcome<'_>) {
        let Some(keeping) = &mut self.keeping else { return };
        if outcome.errors.is_some() || outcome.hollow {
            return;
        }
        if !outcome.null_entities.is_empty() {
            // What isn't there may be any moment: nothing that a hint is about says for how long it isn't.
            keeping.refuse();
        }
        self.keep(id, reply, &outcome.parts);
    }

    fn report(&mut self, id: RequestId, tell: impl FnOnce(Report<'_, 'p>)) {
        let Sent { fetch, targets, .. } = &self.sent[id.0];
        let fetch = &self.plan.fetches[fetch.index()];
        tell(Report {
            plan: self.plan,
            arena: &mut self.arena,
            errors: &mut self.stages[stage_of(fetch.deferred)].errors,
            root: self.root,
            fetch,
            targets,
            service: self.fetcher.service(fetch.subgraph),
        });
    }

    fn fetch(&self, id: FetchId) -> &'p Fetch {
        &self.plan.fetches[id.index()]
    }
}

/// The first part of the answer comes first, then the deferred fragments in their order.
fn stage_of(deferred: Option<DeferredId>) -> usize {
    deferred.map_or(0, |deferred| deferred.index() + 1)
}

fn stages(plan: &Plan, errors: usize) -> Vec<Stage> {
    let mut stages: Vec<Stage> =
        (0..=plan.deferred.len()).map(|_| Stage { errors: Errors::new(errors), fetches: 0 }).collect();
    plan.fetches.iter().for_each(|fetch| stages[stage_of(fetch.deferred)].fetches += 1);
    stages
}

fn bad_reply(why: impl std::fmt::Display) -> FetchFailure {
    FetchFailure {
        code: "BAD_REPLY".into(),
        message: format!("The subgraph's reply can't be used: {why}").into(),
        setting: None,
    }
}

/// The root's type. Composition calls it by its usual name; a plan that knows better says so in its first read.
fn root_type(plan: &Plan) -> Option<tributary_federation::TypeId> {
    let from_read = plan.fetches.iter().find_map(|fetch| match &fetch.source {
        FetchSource::Root { path, read } if path.is_empty() => match plan.reads[read.index()].typename {
            ReadTypename::Static(id) => Some(id),
            ReadTypename::Keep | ReadTypename::Dynamic => None,
        },
        _ => None,
    });
    from_read.or_else(|| {
        plan.type_names.id(match plan.kind {
            OperationKind::Query => "Query",
            OperationKind::Mutation => "Mutation",
            OperationKind::Subscription => "Subscription",
        })
    })
}
