//! The cache as one request may use it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use smallvec::SmallVec;
use tributary_federation::{
    SubgraphId,
    json::{Kind, Reader},
    plan::{Cacheable, Dependencies},
};
use tributary_protocol::event::encode_token;

use super::{EntityCache, Kept, Key, Mark, Scope, marks::Thing};

/// On whose behalf subgraphs are asked, as far as their answers may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// What is told to subgraphs besides who asks: entries for everybody are shared by those who tell the same.
    pub everybody: [u8; 32],
    /// All that is told to subgraphs.
    pub alone: [u8; 32],
}

/// One request's view of the cache.
#[derive(Debug)]
pub struct View<'c> {
    cache: Option<&'c EntityCache>,
    generation: u64,
    asker: Asker,
}

/// An answer that is expected, and will be kept.
#[derive(Debug)]
pub struct Expected {
    key: Key,
    /// `None`: nobody can tell which events concern it, and it isn't kept.
    own: Option<SmallVec<[Arc<Mark>; 2]>>,
}

/// What all answers to one question depend on.
#[derive(Debug, Clone)]
pub struct Question {
    scope: Scope,
    asked: Instant,
    max_age: Duration,
    /// Taken before the question is sent.
    shared: Arc<[Arc<Mark>]>,
}

impl<'c> View<'c> {
    /// Without a cache nothing is found or kept; for how long it could be is still known.
    pub fn new(cache: Option<&'c EntityCache>, generation: u64, asker: Asker) -> Self {
        Self { cache, generation, asker }
    }

    /// See [`EntityCache::changes`].
    pub fn changes(&self) -> u64 {
        self.cache.map_or(0, EntityCache::changes)
    }

    /// A question that is about to be asked. `asked` tells it from all others to the subgraph. `None`: nothing is read
    /// or kept now.
    pub fn question(
        &self,
        (subgraph, name): (SubgraphId, &str),
        cacheable: &Cacheable,
        asked: &[u8],
    ) -> Option<Question> {
        let cache = self.cache?;
        let era = cache.era.load_full()?;
        let asker = if cacheable.private { &self.asker.alone } else { &self.asker.everybody };
        let scope = Scope::of(self.generation, subgraph, asker, [cacheable.selection.as_bytes(), asked]);
        let Dependencies { types, own_types, subgraph, .. } = &cacheable.dependencies;
        let things = types.iter().map(|ty| Thing::Type(ty));
        let things = things.chain(own_types.iter().map(|ty| Thing::OwnType { subgraph: name, ty }));
        let things = things.chain(subgraph.then_some(Thing::Subgraph(name)));
        let shared = things.map(|thing| cache.marks.of(thing)).chain([era]).collect();
        let max_age = Duration::from_secs(cacheable.max_age.into());
        Some(Question { scope, asked: Instant::now(), max_age, shared })
    }

    /// What is kept of a root selection.
    ///
    /// # Errors
    /// Nothing is; then this is how its reply will be kept.
    pub fn find(&self, question: &Question) -> Result<Kept, Expected> {
        self.find_by(question.scope.key(&[]), || Some(SmallVec::new()))
    }

    /// What is kept of the entity of a representation.
    ///
    /// # Errors
    /// Nothing is; then this is how it will be kept.
    pub fn find_entity(
        &self,
        question: &Question,
        dependencies: &Dependencies,
        representation: &[u8],
    ) -> Result<Kept, Expected> {
        let own = || self.marks_of(dependencies, representation);
        self.find_by(question.scope.key(representation), own)
    }

    fn find_by(
        &self,
        key: Key,
        own: impl FnOnce() -> Option<SmallVec<[Arc<Mark>; 2]>>,
    ) -> Result<Kept, Expected> {
        let found = self.cache.and_then(|cache| cache.store.find(&key));
        if let Some(cache) = self.cache {
            let count = if found.is_some() { &cache.counts.hits } else { &cache.counts.misses };
            count.fetch_add(1, Ordering::Relaxed);
        }
        found.ok_or_else(|| Expected { key, own: own() })
    }

    /// Keeps what was expected.
    pub fn keep(&self, question: &Question, expected: Expected, text: Bytes) {
        let (Some(cache), Some(own)) = (self.cache, expected.own) else { return };
        let Question { asked, max_age, shared, .. } = question.clone();
        let kept = Kept { text, asked, max_age, shared, own };
        // What was dropped while it was under way needn't take anybody's place.
        if kept.counts() {
            cache.store.keep(expected.key, kept);
        }
    }

    /// The marks of the entity that a representation means, or of all of its type where that isn't told by its key.
    fn marks_of(
        &self,
        dependencies: &Dependencies,
        representation: &[u8],
    ) -> Option<SmallVec<[Arc<Mark>; 2]>> {
        let marks = &self.cache?.marks;
        let typename = leaf(representation, "__typename")?;
        let entity = dependencies.entities.iter().find(|entity| *entity.typename == *typename)?;
        let id = entity.key.as_deref().and_then(|key| encode_token(&leaf(representation, key)?));
        let mark = |ty: &str| match &id {
            Some(id) => marks.of(Thing::Entity { ty, id }),
            None => marks.of(Thing::Type(ty)),
        };
        Some(entity.names.iter().map(|name| mark(name)).collect())
    }
}

/// A field's value as text: what is in the quotes of a string, or a number as it is written.
fn leaf(object: &[u8], field: &str) -> Option<String> {
    let mut json = Reader::new(object);
    json.begin_object().ok()?;
    while let Some(key) = json.next_key().ok()? {
        if !key.is(field) {
            json.skip().ok()?;
            continue;
        }
        return match json.kind().ok()? {
            Kind::String => Some(json.text().ok()?.decode()?.into_owned()),
            Kind::Number => Some(std::str::from_utf8(json.skip_raw().ok()?).ok()?.to_owned()),
            _ => None,
        };
    }
    None
}
