//! Versions of entities: whether what an event tells is known already, from a snapshot that was taken before it came.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use smallvec::SmallVec;

/// An entity in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// By each of its keys. The same entity may be known by another one of them elsewhere.
    entity: SmallVec<[u64; 1]>,
    version: Version,
}

/// A value that only grows for an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    Number(i64),
    /// Times as in RFC 3339, for example.
    Text(Box<str>),
}

/// What a client knows from its snapshot.
#[derive(Debug, Default)]
pub struct KnownVersions(HashMap<u64, Version>);

impl Versioned {
    /// Of an object: its type, what it has by the schema's names, the fields of its keys, and the field that has the
    /// version. `None`: it doesn't say.
    pub fn of<'a>(
        typename: &str,
        field: impl Fn(&str) -> Option<&'a Value>,
        keys: &[Vec<&str>],
        version: &str,
    ) -> Option<Self> {
        let version = Version::read(field(version)?)?;
        let entity = keys.iter().filter_map(|key| identity(typename, key, &field)).collect();
        Some(Self { entity, version })
    }
}

/// An entity by one of its keys.
fn identity<'a>(typename: &str, key: &[&str], field: impl Fn(&str) -> Option<&'a Value>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    typename.hash(&mut hasher);
    for name in key {
        name.hash(&mut hasher);
        match field(name)? {
            Value::String(text) => text.hash(&mut hasher),
            // An ID may be written as a number.
            Value::Number(number) => number.to_string().hash(&mut hasher),
            Value::Bool(is) => is.hash(&mut hasher),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        }
    }
    Some(hasher.finish())
}

impl Version {
    /// Numbers that don't fit into 64 bits may be written as text.
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Number),
            Value::String(text) => {
                Some(text.parse().map_or_else(|_| Self::Text(text.as_str().into()), Self::Number))
            }
            _ => None,
        }
    }

    /// `None`: they can't be compared.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

impl KnownVersions {
    /// What a snapshot has.
    pub fn of(entities: Vec<Versioned>) -> Self {
        let mut known = HashMap::new();
        for Versioned { entity, version } in entities {
            for entity in entity {
                // Where it has an entity twice, in different versions, only the older is certain to be complete.
                let kept = known.entry(entity).or_insert_with(|| version.clone());
                if kept.compare(&version) == Some(Ordering::Greater) {
                    *kept = version.clone();
                }
            }
        }
        Self(known)
    }

    /// Whether nothing is known any more.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the snapshot has what an event tells. Once it doesn't it never will, since versions only grow: that
    /// entity is forgotten.
    pub fn have(&mut self, told: &Versioned) -> bool {
        let compared = |entity: &u64| self.0.get(entity)?.compare(&told.version);
        let known = told.entity.iter().find_map(compared);
        if known.is_some_and(|known| known != Ordering::Greater) {
            told.entity.iter().for_each(|entity| drop(self.0.remove(entity)));
        }
        known.is_some_and(|known| known != Ordering::Less)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn product(json: Value) -> Option<Versioned> {
        Versioned::of(
            "Product",
            |name| json.get(name).map(|value| leak(value.clone())),
            &[vec!["id"], vec!["shop", "sku"]],
            "version",
        )
    }

    /// Values of tests may live for ever.
    fn leak(value: Value) -> &'static Value {
        Box::leak(Box::new(value))
    }

    #[test]
    fn what_a_snapshot_has_is_known_until_something_newer_comes() {
        let mut known = KnownVersions::of(vec![product(json!({ "id": "1", "version": 5 })).unwrap()]);
        let mut has = |json: Value| known.have(&product(json).unwrap());
        assert!(has(json!({ "id": "1", "version": 3 })), "older");
        assert!(has(json!({ "id": 1, "version": "4" })), "the same id, and a number, written otherwise");
        assert!(!has(json!({ "id": "2", "version": 1 })), "another one");
        assert!(has(json!({ "id": "1", "version": 5 })), "the very same");
        assert!(known.is_empty(), "what comes now is newer");
    }

    #[test]
    fn any_of_its_keys_says_which_entity_it_is() {
        let both = json!({ "id": "1", "shop": "s", "sku": "x", "version": 5 });
        let mut known = KnownVersions::of(vec![product(both).unwrap()]);
        assert!(known.have(&product(json!({ "shop": "s", "sku": "x", "version": 4 })).unwrap()));
        assert!(!known.have(&product(json!({ "shop": "s", "sku": "y", "version": 4 })).unwrap()));
        assert!(!known.have(&product(json!({ "id": "1", "version": 6 })).unwrap()));
    }

    #[test]
    fn times_are_versions_and_what_cannot_be_compared_is_news() {
        let at = |time: &str| product(json!({ "id": "1", "version": time })).unwrap();
        let mut known = KnownVersions::of(vec![at("2026-01-02T00:00:00Z")]);
        assert!(known.have(&at("2026-01-01T00:00:00Z")));
        assert!(!known.have(&product(json!({ "id": "1", "version": 7 })).unwrap()));
        assert!(!known.have(&at("2026-01-03T00:00:00Z")));
        assert_eq!(product(json!({ "id": "1" })), None);
        assert_eq!(product(json!({ "id": "1", "version": 1.5 })), None);
        assert_eq!(product(json!({ "id": "1", "version": null })), None);
    }

    #[test]
    fn of_an_entity_that_is_there_twice_the_older_counts() {
        let versions = [5, 3, 4].map(|version| product(json!({ "id": "1", "version": version })).unwrap());
        let mut known = KnownVersions::of(versions.to_vec());
        assert!(!known.have(&product(json!({ "id": "1", "version": 4 })).unwrap()));
    }
}
