//! Who is there, as far as answers and announcements tell. Pure: what happened goes in, what is known comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tributary_protocol::{Features, Registration, SdlHash, Token};

/// Rounds of questions that an instance may leave unanswered before it counts as gone.
const MISSES: u8 = 3;

/// The instances of every subgraph.
#[derive(Debug, Default)]
pub(super) struct Directory {
    subgraphs: BTreeMap<Arc<str>, BTreeMap<Token, Instance>>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    /// Where it listens.
    pub(super) subject: Arc<str>,
    /// Which SDL it serves, where it says so.
    pub(super) hash: Option<SdlHash>,
    pub(super) features: Features,
    misses: u8,
}

/// What an answer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// An instance that wasn't known.
    New,
    /// A known one, that serves something else than before.
    Changed,
    /// Nothing.
    Same,
}

impl Instance {
    fn serves_as(&self, other: &Self) -> bool {
        (&self.subject, self.hash, self.features) == (&other.subject, other.hash, other.features)
    }
}

impl Directory {
    /// An instance answered.
    pub(super) fn heard(&mut self, name: &Arc<str>, registration: &Registration) -> Heard {
        let instance = Instance {
            subject: registration.subject.to_string().into(),
            hash: registration.sdl,
            features: registration.features,
            misses: 0,
        };
        let instances = self.subgraphs.entry(name.clone()).or_default();
        match instances.insert(registration.instance.clone(), instance.clone()) {
            None => Heard::New,
            Some(before) if before.serves_as(&instance) => Heard::Same,
            Some(_) => Heard::Changed,
        }
    }

    /// An instance said that it is leaving, or turned out to be unusable.
    pub(super) fn gone(&mut self, name: &str, instance: &Token) -> bool {
        self.remove_where(name, |id, _| id == instance) > 0
    }

    /// A round of questions has ended: who of the known ones didn't answer missed it.
    pub(super) fn round_ended(&mut self, name: &str, answered: &BTreeSet<Token>) -> usize {
        for (id, instance) in self.subgraphs.get_mut(name).into_iter().flatten() {
            if !answered.contains(id) {
                instance.misses += 1;
            }
        }
        self.remove_where(name, |_, instance| instance.misses >= MISSES)
    }

    /// The server says that nobody of that name listens: that is no silence, it is an answer.
    pub(super) fn nobody(&mut self, name: &str) -> usize {
        self.remove_where(name, |_, _| true)
    }

    /// The server says that nobody listens on a subject: the next question left unanswered is the last.
    pub(super) fn suspect(&mut self, name: &str, subject: &str) {
        for instance in self.subgraphs.get_mut(name).into_iter().flat_map(BTreeMap::values_mut) {
            if &*instance.subject == subject {
                instance.misses = MISSES - 1;
            }
        }
    }

    /// Every name with an instance.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.subgraphs.keys()
    }

    /// The instances of a name.
    pub(super) fn instances(&self, name: &str) -> impl Iterator<Item = (&Token, &Instance)> + Clone {
        self.subgraphs.get(name).into_iter().flatten()
    }

    fn remove_where(&mut self, name: &str, mut condition: impl FnMut(&Token, &Instance) -> bool) -> usize {
        let Some(instances) = self.subgraphs.get_mut(name) else { return 0 };
        let before = instances.len();
        instances.retain(|id, instance| !condition(id, instance));
        let removed = before - instances.len();
        if instances.is_empty() {
            self.subgraphs.remove(name);
        }
        removed
    }
}

/// The most frequent of some values; among equally frequent ones the `current`, else the smallest.
pub(super) fn most_frequent<T: Ord + Clone>(
    values: impl IntoIterator<Item = T>,
    current: Option<&T>,
) -> Option<T> {
    let mut counts = BTreeMap::<T, usize>::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let most = *counts.values().max()?;
    match current {
        Some(current) if counts.get(current) == Some(&most) => Some(current.clone()),
        _ => counts.into_iter().find(|(_, count)| *count == most).map(|(value, _)| value),
    }
}

#[cfg(test)]
mod tests {
    use tributary_protocol::QuerySubject;

    use super::*;

    fn registration(instance: &str, sdl: &str) -> Registration {
        let hash = SdlHash::of(sdl);
        Registration {
            name: "a".parse().unwrap(),
            instance: instance.parse().unwrap(),
            version: "1.0.0".to_owned(),
            description: String::new(),
            subject: QuerySubject::pinned("a".parse().unwrap(), &hash),
            sdl: Some(hash),
            features: Features::default(),
            graph: None,
        }
    }

    fn ids(directory: &Directory) -> Vec<&str> {
        directory.instances("a").map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn instances_come_change_and_go() {
        let (mut directory, name) = (Directory::default(), Arc::from("a"));
        assert_eq!(directory.heard(&name, &registration("i1", "x")), Heard::New);
        assert_eq!(directory.heard(&name, &registration("i1", "x")), Heard::Same);
        assert_eq!(directory.heard(&name, &registration("i1", "y")), Heard::Changed);
        assert!(!directory.gone("a", &"i2".parse().unwrap()));
        assert!(directory.gone("a", &"i1".parse().unwrap()));
        assert_eq!(directory.names().count(), 0);
    }

    #[test]
    fn three_misses_in_a_row_are_the_end() {
        let (mut directory, name) = (Directory::default(), Arc::from("a"));
        directory.heard(&name, &registration("i1", "x"));
        directory.heard(&name, &registration("i2", "x"));
        let first = BTreeSet::from(["i1".parse().unwrap()]);
        assert_eq!((directory.round_ended("a", &first), directory.round_ended("a", &first)), (0, 0));
        directory.heard(&name, &registration("i2", "x"));
        assert_eq!((directory.round_ended("a", &first), directory.round_ended("a", &first)), (0, 0));
        assert_eq!(directory.round_ended("a", &first), 1);
        assert_eq!(ids(&directory), ["i1"]);
    }

    #[test]
    fn a_suspect_has_one_chance() {
        let (mut directory, name) = (Directory::default(), Arc::from("a"));
        directory.heard(&name, &registration("i1", "x"));
        directory.heard(&name, &registration("i2", "y"));
        directory.suspect("a", &registration("i1", "x").subject.to_string());
        directory.round_ended("a", &BTreeSet::new());
        assert_eq!(ids(&directory), ["i2"]);
        assert_eq!(directory.nobody("a"), 1);
    }

    #[test]
    fn a_tie_keeps_the_current() {
        assert_eq!(most_frequent(["b", "a", "b"], Some(&"a")), Some("b"));
        assert_eq!(most_frequent(["b", "a"], Some(&"b")), Some("b"));
        assert_eq!(most_frequent(["b", "a"], Some(&"c")), Some("a"));
        assert_eq!(most_frequent(["b", "a"], None), Some("a"));
        assert_eq!(most_frequent::<u8>([], None), None);
    }
}
