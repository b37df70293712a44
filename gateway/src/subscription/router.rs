//! Who means an event, by its subject.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::wanted::{Tokens, Wanted};

/// What subscriptions mean, by the tokens of subjects: an event is looked up in as many steps as its subject has
/// tokens, however many subscriptions there are.
///
/// Where several places of a subject are lists, only the longest is spread over the tree; the others are looked at
/// when an event comes that far. So a subscription takes as many entries as its longest list is long.
#[derive(Debug)]
pub struct Router<K> {
    root: Node<K>,
    known: HashMap<K, Arc<[Tokens]>>,
}

#[derive(Debug)]
struct Node<K> {
    below: Children<K>,
    any: Option<Box<Node<K>>>,
    /// Who means what ends here.
    here: Vec<K>,
    /// Who means what goes on from here.
    rest: Vec<K>,
}

/// Nodes by the token that leads to them. Below most there is one, and there are many nodes.
#[derive(Debug)]
enum Children<K> {
    Few(Vec<(Box<str>, Node<K>)>),
    Many(HashMap<Box<str>, Node<K>>),
}

/// More are looked up by their hash.
const FEW: usize = 8;

impl<K> Default for Node<K> {
    fn default() -> Self {
        Self { below: Children::Few(Vec::new()), any: None, here: Vec::new(), rest: Vec::new() }
    }
}

impl<K> Default for Router<K> {
    fn default() -> Self {
        Self { root: Node::default(), known: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> Router<K> {
    /// From now on events that are `wanted` are for `key`, and no others that were before.
    pub fn insert(&mut self, key: K, wanted: &Wanted) {
        self.remove(&key);
        let subject = wanted.subject.clone();
        let spread = spread(&subject);
        self.root.insert(&subject, 0, spread, &key);
        self.known.insert(key, subject);
    }

    /// No event is for `key` any more.
    pub fn remove(&mut self, key: &K) {
        if let Some(subject) = self.known.remove(key) {
            self.root.remove(&subject, 0, spread(&subject), key);
        }
    }

    /// Everyone who means an event with that subject, each once, in no order.
    pub fn find(&self, subject: &str, mut found: impl FnMut(&K)) {
        let tokens: Vec<&str> = subject.split('.').collect();
        self.root.find(&tokens, 0, &mut |key| {
            if self.known.get(key).is_some_and(|subject| Tokens::all_fit(subject, &tokens)) {
                found(key);
            }
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nobody means anything.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// Which place's list is spread over the tree.
fn spread(subject: &[Tokens]) -> Option<usize> {
    let length = |tokens: &Tokens| match tokens {
        Tokens::OneOf(list) => list.len(),
        Tokens::Any | Tokens::Rest => 0,
    };
    (0..subject.len()).filter(|&at| length(&subject[at]) > 1).max_by_key(|&at| length(&subject[at]))
}

impl<K: Clone + Eq> Node<K> {
    fn insert(&mut self, subject: &[Tokens], at: usize, spread: Option<usize>, key: &K) {
        match subject.get(at) {
            None => self.here.push(key.clone()),
            Some(Tokens::Rest) => self.rest.push(key.clone()),
            Some(Tokens::OneOf(list)) if list.len() < 2 || spread == Some(at) => {
                for token in list {
                    self.below.get_or_insert(token).insert(subject, at + 1, spread, key);
                }
            }
            Some(_) => self.any.get_or_insert_default().insert(subject, at + 1, spread, key),
        }
    }

    fn remove(&mut self, subject: &[Tokens], at: usize, spread: Option<usize>, key: &K) {
        match subject.get(at) {
            None => self.here.retain(|known| known != key),
            Some(Tokens::Rest) => self.rest.retain(|known| known != key),
            Some(Tokens::OneOf(list)) if list.len() < 2 || spread == Some(at) => {
                for token in list {
                    let Some(below) = self.below.get_mut(token) else { continue };
                    below.remove(subject, at + 1, spread, key);
                    if below.is_empty() {
                        self.below.remove(token);
                    }
                }
            }
            Some(_) => {
                if let Some(any) = &mut self.any {
                    any.remove(subject, at + 1, spread, key);
                    if any.is_empty() {
                        self.any = None;
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.below.is_empty() && self.any.is_none() && self.here.is_empty() && self.rest.is_empty()
    }

    fn find(&self, tokens: &[&str], at: usize, found: &mut dyn FnMut(&K)) {
        let Some(token) = tokens.get(at) else { return self.here.iter().for_each(found) };
        self.rest.iter().for_each(&mut *found);
        if let Some(below) = self.below.get(token) {
            below.find(tokens, at + 1, found);
        }
        if let Some(any) = &self.any {
            any.find(tokens, at + 1, found);
        }
    }
}

impl<K> Children<K> {
    fn get(&self, token: &str) -> Option<&Node<K>> {
        match self {
            Self::Few(few) => few.iter().find(|(known, _)| **known == *token).map(|(_, node)| node),
            Self::Many(many) => many.get(token),
        }
    }

    fn get_mut(&mut self, token: &str) -> Option<&mut Node<K>> {
        match self {
            Self::Few(few) => few.iter_mut().find(|(known, _)| **known == *token).map(|(_, node)| node),
            Self::Many(many) => many.get_mut(token),
        }
    }

    fn get_or_insert(&mut self, token: &str) -> &mut Node<K> {
        if let Self::Few(few) = self
            && few.len() == FEW
            && self.get(token).is_none()
        {
            let few = std::mem::replace(self, Self::Many(HashMap::new()));
            if let (Self::Few(few), Self::Many(many)) = (few, &mut *self) {
                many.extend(few);
            }
        }
        match self {
            Self::Many(many) => many.entry(token.into()).or_default(),
            Self::Few(few) => {
                let at = few.iter().position(|(known, _)| **known == *token).unwrap_or_else(|| {
                    few.reserve_exact(1);
                    few.push((token.into(), Node::default()));
                    few.len() - 1
                });
                &mut few[at].1
            }
        }
    }

    fn remove(&mut self, token: &str) {
        match self {
            Self::Few(few) => few.retain(|(known, _)| **known != *token),
            Self::Many(many) => drop(many.remove(token)),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens() -> impl Strategy<Value = Tokens> {
        let list = proptest::collection::btree_set("[abc]", 0..4);
        prop_oneof![
            Just(Tokens::Any),
            list.prop_map(|list| Tokens::OneOf(list.into_iter().map(Into::into).collect())),
        ]
    }

    fn wanted() -> impl Strategy<Value = Wanted> {
        (proptest::collection::vec(tokens(), 1..4), any::<bool>()).prop_map(|(mut subject, rest)| {
            subject.extend(rest.then_some(Tokens::Rest));
            Wanted { subject: subject.into(), conditions: None }
        })
    }

    proptest! {
        #[test]
        fn finds_all_who_mean_it_and_nobody_else(
            all in proptest::collection::vec((0u8..8, wanted()), 0..12),
            gone in proptest::collection::vec(0u8..8, 0..4),
            subject in "[abcd](\\.[abcd]){0,4}",
        ) {
            let mut router = Router::default();
            let mut known: HashMap<u8, Wanted> = HashMap::new();
            for (key, wanted) in all {
                router.insert(key, &wanted);
                known.insert(key, wanted);
            }
            for key in gone {
                router.remove(&key);
                known.remove(&key);
            }
            let mut found = Vec::new();
            router.find(&subject, |key| found.push(*key));
            found.sort_unstable();
            let mut expected: Vec<u8> = known
                .iter()
                .filter(|(_, wanted)| wanted.has_subject(&subject.split('.').collect::<Vec<_>>()))
                .map(|(key, _)| *key)
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
            for key in known.keys() {
                router.remove(key);
            }
            prop_assert!(router.is_empty() && router.root.is_empty(), "nothing is left of those who have gone");
        }
    }
}
