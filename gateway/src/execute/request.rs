//! Writes a request's body.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use smallvec::SmallVec;
use tributary_federation::plan::{Fetch, FetchSource, FetchVariableValue, Lookup, Plan};
use tributary_federation::variables::Variables;

use super::arena::{Arena, ObjectRef};
use super::representation::{self, Targets, Waiting};
use super::{locate, merge};

/// A request that is worth sending.
pub(super) struct Outgoing {
    pub body: Vec<u8>,
    /// Who waits for the reply: for each lookup, or for the root selection alone.
    pub targets: Vec<Targets>,
}

/// What requests are made of.
pub(super) struct Writer<'a> {
    pub plan: &'a Plan,
    pub arena: &'a mut Arena,
    pub root: ObjectRef,
    pub conditions: &'a [bool],
    pub variables: &'a Variables,
}

/// Objects that are told the same by those above them, and what: the JSON of each value.
#[derive(Default)]
struct Told {
    values: Vec<Vec<u8>>,
    waiting: Waiting,
}

impl Writer<'_> {
    /// The requests of one fetch: one for each set of values that its objects are told by those above them,
    /// without such values one alone; none where no object waits for it.
    pub fn write(&mut self, fetch: &Fetch) -> SmallVec<[Outgoing; 1]> {
        match &fetch.source {
            FetchSource::Root { path, .. } => {
                let targets = Targets::same(&locate::objects(self.arena, self.root, path));
                self.request(fetch, &[], &[], vec![targets]).into_iter().collect()
            }
            FetchSource::Entities(lookups) => match &lookups[..] {
                [lookup] if !lookup.contexts.is_empty() => {
                    let told = self.told(lookup);
                    let request = |one: Told| {
                        let targets = vec![Targets::default()];
                        self.request(fetch, std::slice::from_ref(&one.waiting), &one.values, targets)
                    };
                    told.into_iter().filter_map(request).collect()
                }
                lookups => {
                    let waiting: Vec<_> = lookups.iter().map(|lookup| self.waiting(lookup)).collect();
                    let targets = lookups.iter().map(|_| Targets::default()).collect();
                    self.request(fetch, &waiting, &[], targets).into_iter().collect()
                }
            },
        }
    }

    fn request(
        &mut self,
        fetch: &Fetch,
        waiting: &[Waiting],
        told: &[Vec<u8>],
        mut targets: Vec<Targets>,
    ) -> Option<Outgoing> {
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
                    targets[at] = self.representations(&lookups[at], &waiting[at], &mut body);
                }
                (FetchVariableValue::Representations(_), FetchSource::Root { .. }) => {
                    body.extend_from_slice(b"[]")
                }
            }
            separator = b",";
        }
        body.extend_from_slice(if separator == b"," { b"}}" } else { b"}" });
        targets.iter().any(|targets| targets.count() > 0).then_some(Outgoing { body, targets })
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

    fn representations(&mut self, lookup: &Lookup, waiting: &Waiting, body: &mut Vec<u8>) -> Targets {
        let (targets, explained) = representation::write(self.plan, self.arena, lookup, waiting, body);
        for object in explained {
            merge::explain(self.plan, self.arena, lookup.read, object);
        }
        targets
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
