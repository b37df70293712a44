//! What a run takes from the cache, and what it leaves there.
//!
//! A root selection is taken as a whole; of a lookup each entity that is kept is read into its objects at once, and only
//! the others are asked for. What is taken is never older or younger than the reply would say: it is the reply's text.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use tributary_federation::plan::{Cacheable, Caching, Fetch, FetchCaching, FetchId, Lookup, Plan, ReadId};

use super::Fetcher;
use super::arena::Arena;
use super::read::ReplyReader;
use super::representation::{Targets, Written};
use super::request::Outgoing;
use super::result::PREFIX;
use crate::cache::{Expected, Freshness, Kept, Question, View};

/// One run's part in the cache.
pub(super) struct Keeping<'p> {
    caching: &'p Caching,
    view: &'p View<'p>,
    names: Vec<&'p str>,
    freshness: Freshness,
    /// Bytes of all that was taken.
    taken: usize,
    /// The answer is the only fetch's reply.
    relays: bool,
    relayed: Option<Kept>,
}

/// What of a request's reply is kept: for each lookup, or for the root selection alone.
pub(super) struct Filling(Vec<Option<Part>>);

struct Part {
    question: Question,
    is_root: bool,
    /// By representation, as they are sent.
    expected: Vec<Option<Expected>>,
}

/// A list of representations, at the end of a body.
pub(super) struct List<'b> {
    pub body: &'b mut Vec<u8>,
    pub start: usize,
    pub written: Written,
}

impl<'p> Keeping<'p> {
    /// `None`: nothing that the plan asks for may be kept, or the request may not use what is.
    pub fn of<F: Fetcher>(plan: &'p Plan, fetcher: &'p F) -> Option<Self> {
        let (Some(caching), Some(view)) = (&plan.caching, fetcher.cache()) else { return None };
        let names = plan.fetches.iter().map(|fetch| fetcher.service(fetch.subgraph)).collect();
        let freshness = Freshness::default();
        Some(Self { caching, view, names, freshness, taken: 0, relays: false, relayed: None })
    }

    /// See [`super::execute`].
    pub fn relays(&mut self) {
        self.relays = true;
    }

    /// What was found for the answer.
    pub fn take_relayed(&mut self) -> Option<(Bytes, Range<usize>)> {
        let kept = self.relayed.take()?;
        let data = data_of(&kept.text);
        Some((kept.text, data))
    }

    /// For how long the answer may be kept.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Bytes of all that was taken: the answer will have about as many.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// The answer may not be kept.
    pub fn refuse(&mut self) {
        self.freshness.refuse();
    }

    fn of_fetch(&self, id: FetchId) -> &'p FetchCaching {
        &self.caching.fetches[id.index()]
    }

    fn of_lookup(&self, id: FetchId, at: usize) -> Option<&'p Cacheable> {
        match self.of_fetch(id) {
            FetchCaching::Root(root) => root.as_ref().filter(|_| at == 0),
            FetchCaching::Entities(lookups) => lookups[at].as_ref(),
        }
    }

    fn lookups(&self, id: FetchId) -> usize {
        match self.of_fetch(id) {
            FetchCaching::Root(_) => 1,
            FetchCaching::Entities(lookups) => lookups.len(),
        }
    }

    /// Whether anything of a fetch's replies may be kept.
    pub fn may_keep(&self, id: FetchId) -> bool {
        (0..self.lookups(id)).any(|at| self.of_lookup(id, at).is_some())
    }

    /// What a request asks; `asked` are its variables without the representations. Before it is sent, so that nothing
    /// is kept that an event said otherwise of meanwhile.
    pub fn questions(&self, id: FetchId, fetch: &Fetch, asked: &[u8]) -> Option<Box<Filling>> {
        let (name, is_root) = (self.names[id.index()], matches!(self.of_fetch(id), FetchCaching::Root(_)));
        let text = if is_root { fetch.query.as_bytes() } else { b"" };
        let asked = [text, b"\n", asked].concat();
        let part = |at| {
            let cacheable = self.of_lookup(id, at)?;
            let question = self.view.question((fetch.subgraph, name), cacheable, &asked)?;
            Some(Part { question, is_root, expected: Vec::new() })
        };
        let parts: Vec<_> = (0..self.lookups(id)).map(part).collect();
        parts.iter().any(Option::is_some).then(|| Box::new(Filling(parts)))
    }

    /// A request is sent, for these lookups.
    pub fn asks(&mut self, id: FetchId, request: &Outgoing) {
        let asked = (0..request.targets.len()).filter(|&at| request.targets[at].count() > 0);
        for at in asked {
            match self.of_lookup(id, at) {
                Some(cacheable) => {
                    let max_age = Duration::from_secs(cacheable.max_age.into());
                    self.freshness.fresh(max_age, cacheable.private);
                }
                None => self.freshness.refuse(),
            }
        }
    }

    fn took(&mut self, kept: &Kept, cacheable: &Cacheable) {
        self.freshness.kept(kept.remaining(), kept.age(), cacheable.private);
        self.taken += kept.text.len();
    }

    /// Whether the root selection of a fetch was kept; it is in its objects then.
    pub fn take_root(
        &mut self,
        id: FetchId,
        (read, targets): (ReadId, &Targets),
        (plan, arena): (&Plan, &mut Arena),
        filling: Option<&mut Filling>,
    ) -> bool {
        let (Some(part), Some(cacheable)) = (filling.and_then(|it| it.0[0].as_mut()), self.of_lookup(id, 0))
        else {
            return false;
        };
        match self.view.find(&part.question) {
            Ok(kept) => {
                let text = kept.text.slice(data_of(&kept.text));
                if !self.relays && !take(text, (plan, arena), read, targets, 0) {
                    return false;
                }
                self.took(&kept, cacheable);
                self.relayed = self.relays.then_some(kept);
                true
            }
            Err(expected) => {
                part.expected.push(Some(expected));
                false
            }
        }
    }

    /// Takes what is kept of a lookup's entities, and takes its representations out of the list. Returns who waits for
    /// the others.
    pub fn take_entities(
        &mut self,
        (id, at, lookup): (FetchId, usize, &Lookup),
        list: List<'_>,
        (plan, arena): (&Plan, &mut Arena),
        filling: Option<&mut Filling>,
    ) -> Targets {
        let List { body, start, written } = list;
        let (Some(part), Some(cacheable)) =
            (filling.and_then(|it| it.0[at].as_mut()), self.of_lookup(id, at))
        else {
            return written.targets;
        };
        let mut asked = Vec::with_capacity(body.len() - start);
        let mut left = Vec::with_capacity(written.targets.count());
        asked.push(b'[');
        for (number, range) in written.ranges().enumerate() {
            let representation = &body[range];
            let found = self.view.find_entity(&part.question, &cacheable.dependencies, representation);
            let expected = match found {
                Ok(kept) if take(kept.text.clone(), (plan, arena), lookup.read, &written.targets, number) => {
                    self.took(&kept, cacheable);
                    continue;
                }
                Ok(_) => None,
                Err(expected) => Some(expected),
            };
            part.expected.push(expected);
            if !left.is_empty() {
                asked.push(b',');
            }
            asked.extend_from_slice(representation);
            left.push(number);
        }
        if left.len() == written.targets.count() {
            return written.targets;
        }
        asked.push(b']');
        body.truncate(start);
        body.extend_from_slice(&asked);
        written.targets.only(left.into_iter())
    }

    /// Keeps these parts of a reply.
    pub fn keep(&self, filling: Filling, reply: &Bytes, parts: &[(usize, usize, Range<usize>)]) {
        let Filling(mut filling) = filling;
        for (lookup, representation, range) in parts {
            let Some(part) = filling.get_mut(*lookup).and_then(Option::as_mut) else { continue };
            let Some(expected) = part.expected.get_mut(*representation).and_then(Option::take) else {
                continue;
            };
            // A copy, since a part of the reply would keep all of it.
            let text = &reply[range.clone()];
            let text = match part.is_root {
                true => Bytes::from([PREFIX, text, b"}"].concat()),
                false => Bytes::copy_from_slice(text),
            };
            self.view.keep(&part.question, expected, text);
        }
    }
}

/// Reads what was kept into the objects that wait for it. Where it doesn't fit, it leaves no trace, and the subgraph is
/// asked: what is wrong is told as of any reply then.
fn take(
    text: Bytes,
    (plan, arena): (&Plan, &mut Arena),
    read: ReadId,
    targets: &Targets,
    representation: usize,
) -> bool {
    let buffer = arena.add_buffer(text.clone());
    arena.begin();
    let reader = ReplyReader::of_kept(plan, arena, buffer, &text);
    let fits = reader.kept(read, targets, representation).unwrap_or(false);
    match fits {
        true => arena.commit(),
        false => arena.roll_back(),
    }
    fits
}

/// Where the data of a kept root selection is.
fn data_of(text: &Bytes) -> Range<usize> {
    PREFIX.len()..text.len() - 1
}
