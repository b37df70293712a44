//! Writes a request's body.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use smallvec::SmallVec;
use tributary_federation::plan::{Fetch, FetchId, FetchSource, FetchVariableValue, Lookup, Plan};
use tributary_federation::variables::Variables;

use super::arena::{Arena, ObjectRef};
use super::keeping::{Filling, Keeping, List};
use super::representation::{self, Targets, Waiting, Written};
use super::{locate, merge};

/// A request that is worth sending.
pub(super) struct Outgoing {
    pub body: Vec<u8>,
    /// Who waits for the reply: for each lookup, or for the root selection alone.
    pub targets: Vec<Targets>,
    /// What of the reply is kept.
    pub filling: Option<Box<Filling>>,
}

/// What requests are made of.
pub(super) struct Writer<'a, 'p> {
    pub plan: &'p Plan,
    pub arena: &'a mut Arena,
    pub root: ObjectRef,
    pub conditions: &'a [bool],
    pub variables: &'a Variables,
    /// What the request has to do with the cache, if anything.
    pub keeping: Option<&'a mut Keeping<'p>>,
}

/// Objects that are told the same by those above them, and what: the JSON of each value.
#[derive(Default)]
struct Told {
    values: Vec<Vec<u8>>,
    waiting: Waiting,
}

impl Writer<'_, '_> {
    /// The requests of one fetch: one for each set of values that its objects are told by those above them,
    /// without such values one alone; none where no object waits for it.
    pub fn write(&mut self, id: FetchId) -> SmallVec<[Outgoing; 1]> {
        let fetch = &self.plan.fetches[id.index()];
        match &fetch.source {
            FetchSource::Root { path, .. } => {
                let targets = Targets::same(&locate::objects(self.arena, self.root, path));
                self.request(id, &[], &[], vec![targets]).into_iter().collect()
            }
            FetchSource::Entities(lookups) => match &lookups[..] {
                [lookup] if !lookup.contexts.is_empty() => {
                    let told = self.told(lookup);
                    let request = |one: Told| {
                        let targets = vec![Targets::default()];
                        self.request(id, std::slice::from_ref(&one.waiting), &one.values, targets)
                    };
                    told.into_iter().filter_map(request).collect()
                }
                lookups => {
                    let waiting: Vec<_> = lookups.iter().map(|lookup| self.waiting(lookup)).collect();
                    let targets = lookups.iter().map(|_| Targets::default()).collect();
                    self.request(id, &waiting, &[], targets).into_iter().collect()
                }
            },
        }
    }

    fn request(
        &mut self,
        id: FetchId,
        waiting: &[Waiting],
        told: &[Vec<u8>],
        mut targets: Vec<Targets>,
    ) -> Option<Outgoing> {
        let fetch = &self.plan.fetches[id.index()];
        let mut filling = self.filling(id, fetch, told);
        let mut body = Vec::with_capacity(self.size(fetch, waiting));
        body.extend_from_slice(&fetch.head);
        let mut separator: &[u8] = b",\"variables\":{";
        for variable in &fetch.variables {
            let length = body.len();
            body.extend_from_slice(separator);
            body.extend_from_slice(&variable.key);
            match (variable.value, &fetch.source) {
                (FetchVariableValue::Client(id), _) => match self.variables.get(id) {
                    Some(value) => body.extend_from_slice(value.as_bytes()),
                    None => {
                        body.truncate(length);
                        continue;
                    }
                },
                (FetchVariableValue::Context(at), _) => body.extend_from_slice(&told[at]),
                (FetchVariableValue::Representations(at), FetchSource::Entities(lookups)) => {
                    let written = self.representations(&lookups[at], &waiting[at], &mut body);
                    targets[at] = match &mut self.keeping {
                        Some(keeping) => keeping.take_entities(
                            (id, at, &lookups[at]),
                            List { start: body.len() - written.len(), body: &mut body, written },
                            (self.plan, self.arena),
                            filling.as_deref_mut(),
                        ),
                        None => written.targets,
                    };
                }
                (FetchVariableValue::Representations(_), FetchSource::Root { .. }) => {
                    body.extend_from_slice(b"[]")
                }
            }
            separator = b",";
        }
        body.extend_from_slice(if separator == b"," { b"}}" } else { b"}" });
        if !targets.iter().any(|targets| targets.count() > 0) {
            return None;
        }
        if let (Some(keeping), FetchSource::Root { read, .. }) = (&mut self.keeping, &fetch.source)
            && keeping.take_root(id, (*read, &targets[0]), (self.plan, self.arena), filling.as_deref_mut())
        {
            return None;
        }
        Some(Outgoing { body, targets, filling })
    }

    /// What the request asks, in so far as its answer may be kept.
    fn filling(&self, id: FetchId, fetch: &Fetch, told: &[Vec<u8>]) -> Option<Box<Filling>> {
        let keeping = self.keeping.as_ref().filter(|keeping| keeping.may_keep(id))?;
        // The variables of a request tell it from others with the same text, but for the representations, which
        // are kept one by one.
        let mut asked = Vec::new();
        for variable in &fetch.variables {
            let value = match variable.value {
                FetchVariableValue::Client(id) => self.variables.get(id).map(str::as_bytes),
                FetchVariableValue::Context(at) => Some(&told[at][..]),
                FetchVariableValue::Representations(_) => None,
            };
            if let Some(value) = value {
                asked.extend([&*variable.key, value, b","].concat());
            }
        }
        keeping.questions(id, fetch, &asked)
    }

    fn waiting(&mut self, lookup: &Lookup) -> Waiting {
        if !self.is_wanted(lookup) {
            return Waiting::default();
        }
        let Some(apart) = lookup.apart else {
            let objects = locate::objects(self.arena, self.root, &lookup.path);
            return Waiting { objects, apart: Vec::new() };
        };
        let (objects, above) = locate::objects_with_those_above(self.arena, self.root, &lookup.path);
        let apart = above.chunks_exact(lookup.path.len()).map(|above| above[apart]).collect();
        Waiting { objects, apart }
    }

    /// The objects of a lookup by what those above tell them, in the answer's order.
    fn told(&mut self, lookup: &Lookup) -> Vec<Told> {
        let mut all: Vec<Told> = Vec::new();
        if !self.is_wanted(lookup) {
            return all;
        }
        let mut known: HashMap<Vec<Vec<u8>>, usize> = HashMap::new();
        let (objects, above) = locate::objects_with_those_above(self.arena, self.root, &lookup.path);
        for (object, above) in objects.into_iter().zip(above.chunks_exact(lookup.path.len())) {
            let Some(values) = self.values(lookup, object, above) else { continue };
            let at = match known.entry(values) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    all.push(Told { values: new.key().clone(), waiting: Waiting::default() });
                    *new.insert(all.len() - 1)
                }
            };
            all[at].waiting.objects.push(object);
            all[at].waiting.apart.extend(lookup.apart.map(|apart| above[apart]));
        }
        all
    }

    /// What an object is told; `None`: it can't be asked about.
    fn values(&mut self, lookup: &Lookup, object: ObjectRef, above: &[ObjectRef]) -> Option<Vec<Vec<u8>>> {
        let mut values = Vec::with_capacity(lookup.contexts.len());
        for argument in &lookup.contexts {
            let mut value = Vec::new();
            if let Err(why) = representation::context(self.plan, self.arena, argument, above, &mut value) {
                if why.explained {
                    merge::explain(self.plan, self.arena, lookup.read, object);
                }
                return None;
            }
            values.push(value);
        }
        Some(values)
    }

    fn is_wanted(&self, lookup: &Lookup) -> bool {
        lookup.condition.is_none_or(|condition| self.conditions[condition.index()])
    }

    fn representations(&mut self, lookup: &Lookup, waiting: &Waiting, body: &mut Vec<u8>) -> Written {
        let written = representation::write(self.plan, self.arena, lookup, waiting, body);
        for &object in &written.explained {
            merge::explain(self.plan, self.arena, lookup.read, object);
        }
        written
    }

    /// About how long the body will be; too little costs a copy, too much some memory for a moment.
    fn size(&self, fetch: &Fetch, waiting: &[Waiting]) -> usize {
        let variables: usize = fetch
            .variables
            .iter()
            .map(|variable| match variable.value {
                FetchVariableValue::Client(id) => {
                    self.variables.get(id).map_or(0, str::len) + variable.key.len() + 1
                }
                FetchVariableValue::Context(_) => variable.key.len() + 16,
                FetchVariableValue::Representations(_) => variable.key.len() + 3,
            })
            .sum();
        let representations: usize = waiting.iter().map(|waiting| waiting.objects.len() * 80).sum();
        fetch.head.len() + variables + representations + 16
    }
}
