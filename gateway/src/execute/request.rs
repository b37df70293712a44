//! Writes a request's body.

use tributary_federation::plan::{Fetch, FetchSource, FetchVariableValue, Lookup, Plan};
use tributary_federation::variables::Variables;

use super::arena::{Arena, ObjectRef};
use super::representation::{self, Targets};
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

impl Writer<'_> {
    /// The request of one fetch; `None` when no object waits for it.
    pub fn write(&mut self, fetch: &Fetch) -> Option<Outgoing> {
        let (objects, mut targets) = match &fetch.source {
            FetchSource::Root { path, .. } => {
                let targets = Targets::same(&locate::objects(self.arena, self.root, path));
                (Vec::new(), vec![targets])
            }
            FetchSource::Entities(lookups) => {
                let objects: Vec<_> = lookups.iter().map(|lookup| self.objects(lookup)).collect();
                (objects, lookups.iter().map(|_| Targets::default()).collect())
            }
        };
        let mut body = Vec::with_capacity(self.size(fetch, &objects));
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
                (FetchVariableValue::Representations(at), FetchSource::Entities(lookups)) => {
                    targets[at] = self.representations(&lookups[at], &objects[at], &mut body);
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

    fn objects(&mut self, lookup: &Lookup) -> Vec<ObjectRef> {
        if lookup.condition.is_none_or(|condition| self.conditions[condition.index()]) {
            locate::objects(self.arena, self.root, &lookup.path)
        } else {
            Vec::new()
        }
    }

    fn representations(&mut self, lookup: &Lookup, objects: &[ObjectRef], body: &mut Vec<u8>) -> Targets {
        let (targets, explained) = representation::write(self.plan, self.arena, lookup, objects, body);
        for object in explained {
            merge::explain(self.plan, self.arena, lookup.read, object);
        }
        targets
    }

    /// About how long the body will be; too little costs a copy, too much some memory for a moment.
    fn size(&self, fetch: &Fetch, objects: &[Vec<ObjectRef>]) -> usize {
        let variables: usize = fetch
            .variables
            .iter()
            .map(|variable| match variable.value {
                FetchVariableValue::Client(id) => {
                    self.variables.get(id).map_or(0, str::len) + variable.key.len() + 1
                }
                FetchVariableValue::Representations(_) => variable.key.len() + 3,
            })
            .sum();
        let representations: usize = objects.iter().map(|objects| objects.len() * 80).sum();
        fetch.head.len() + variables + representations + 16
    }
}
