//! Where the subgraphs of a supergraph take requests at the moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::Subject;
use tributary_federation::Supergraph;
use tributary_protocol::Features;

use super::book::Book;
use super::directory::{Directory, Instance, most_frequent};
use super::live::Live;
use super::select::SdlSet;
use crate::transport::{SubgraphStats, Target};

/// What targets are chosen by.
pub(super) struct Chooser<'a> {
    pub(super) directory: &'a Directory,
    pub(super) book: &'a Book,
    /// What the supergraph was composed of; `None` for a fixed one, for which any instance serves.
    pub(super) set: Option<&'a SdlSet>,
    pub(super) stats: &'a StatsByName,
    /// The targets before.
    pub(super) current: Option<&'a Live>,
}

impl Chooser<'_> {
    /// The targets by subgraph id. One that has no instances left stays while its successor is being
    /// prepared (`is_pending`): a request to it is told that nobody listens, and finds the successor.
    pub(super) fn choose(
        &self,
        supergraph: &Supergraph,
        is_pending: impl Fn(&str) -> bool,
    ) -> Box<[Option<Arc<Target>>]> {
        let targets = supergraph.subgraphs().iter().map(|subgraph| {
            let current = self.current.and_then(|live| live.target_of(&subgraph.name));
            match self.target(&subgraph.name, current) {
                None if is_pending(&subgraph.name) => current.cloned(),
                target => target,
            }
        });
        targets.collect()
    }

    fn target(&self, name: &str, current: Option<&Arc<Target>>) -> Option<Arc<Target>> {
        let name: Arc<str> = name.into();
        let serving = self.serving(&name);
        let subjects = serving.iter().map(|instance| &*instance.subject);
        let subject = most_frequent(subjects, current.map(|target| target.subject.as_str()).as_ref())?;
        let there = serving.iter().filter(|instance| *instance.subject == *subject);
        let features = there.map(|instance| instance.features).reduce(both)?;
        if let Some(current) = current.filter(|at| at.subject.as_str() == subject && at.features == features)
        {
            return Some(current.clone());
        }
        Some(Arc::new(Target {
            subgraph: name.parse().ok()?,
            subject: Subject::from(subject.to_owned()),
            features,
            stats: self.stats.of(&name),
            name,
        }))
    }

    /// The instances that serve what the supergraph was composed of. Where there are none, those on the
    /// plain subject: it isn't bound to an SDL, so whoever is behind it, there is no other one to ask.
    fn serving(&self, name: &Arc<str>) -> Vec<&Instance> {
        let instances = || self.directory.instances(name).map(|(_, instance)| instance);
        let Some(set) = self.set else { return instances().collect() };
        let hash = set.get(name).map(|sdl| sdl.hash);
        let same = |instance: &&Instance| self.book.sdl(name, instance).map(|sdl| sdl.hash) == hash;
        let exact: Vec<&Instance> = instances().filter(same).collect();
        if !exact.is_empty() {
            return exact;
        }
        let plain = format!("graphql.{name}");
        instances().filter(|instance| *instance.subject == *plain).collect()
    }
}

fn both(a: Features, b: Features) -> Features {
    Features { parts: a.parts && b.parts, streams: a.streams && b.streams }
}

/// Counters that stay when targets are replaced.
#[derive(Default)]
pub(super) struct StatsByName {
    by_name: Mutex<BTreeMap<Arc<str>, Arc<SubgraphStats>>>,
}

impl StatsByName {
    pub(super) fn of(&self, name: &Arc<str>) -> Arc<SubgraphStats> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.entry(name.clone()).or_default().clone()
    }

    pub(super) fn all(&self) -> Vec<(Arc<str>, Arc<SubgraphStats>)> {
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.iter().map(|(name, stats)| (name.clone(), stats.clone())).collect()
    }
}
