//! The private keys that sign tokens, shared by all instances.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{self, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};

use super::{is_duplicate, loaded, stored};
use crate::error::{Error, Result};

/// A private key, one of a sequence of generations.
#[derive(Clone)]
pub struct StoredKey {
    /// Its place in the sequence; the newest that is active signs.
    pub generation: i64,
    /// Its public name, the `kid` of tokens.
    pub kid: String,
    /// The Ed25519 seed.
    pub seed: [u8; 32],
    /// From when on it signs. Until then it is only published, so that every verifier knows it in time.
    pub active_from: DateTime<Utc>,
}

/// The collection `signing_keys`.
#[derive(Clone)]
pub struct Keys(Collection<Record>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    /// The generation: that there is one key of each is what `_id`'s uniqueness guarantees, which
    /// makes creating one safe between instances.
    #[serde(rename = "_id")]
    generation: i64,
    kid: String,
    seed: bson::Binary,
    active_from: bson::DateTime,
}

impl Keys {
    pub(super) async fn open(database: &Database) -> Result<Self> {
        Ok(Self(database.collection("signing_keys")))
    }

    /// All keys, oldest first; the very first is created if there is none.
    pub async fn load_or_create(&self, now: DateTime<Utc>) -> Result<Vec<StoredKey>> {
        loop {
            let keys = self.load().await?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            self.insert(StoredKey::random(1, now)).await?;
        }
    }

    /// Adds the next generation, which signs from `active_from` on. Whoever of two callers is
    /// later finds that the other has done it.
    pub async fn add(&self, active_from: DateTime<Utc>) -> Result<()> {
        let newest = self.load().await?.last().map_or(0, |key| key.generation);
        self.insert(StoredKey::random(newest + 1, active_from)).await
    }

    /// Deletes the generations before `generation`.
    pub async fn delete_before(&self, generation: i64) -> Result<()> {
        self.0.delete_many(doc! { "_id": { "$lt": generation } }).await?;
        Ok(())
    }

    async fn load(&self) -> Result<Vec<StoredKey>> {
        let records: Vec<Record> = self.0.find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await?;
        records.into_iter().map(Record::into_key).collect()
    }

    async fn insert(&self, key: StoredKey) -> Result<()> {
        let record = Record {
            generation: key.generation,
            kid: key.kid,
            seed: bson::Binary { subtype: BinarySubtype::Generic, bytes: key.seed.to_vec() },
            active_from: stored(key.active_from),
        };
        match self.0.insert_one(record).await {
            Err(error) if !is_duplicate(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl StoredKey {
    fn random(generation: i64, active_from: DateTime<Utc>) -> Self {
        Self { generation, kid: uuid::Uuid::new_v4().simple().to_string(), seed: rand::random(), active_from }
    }
}

impl Record {
    fn into_key(self) -> Result<StoredKey> {
        let seed = self.seed.bytes.try_into().map_err(|_| Error::Corrupt("a signing key"))?;
        Ok(StoredKey {
            generation: self.generation,
            kid: self.kid,
            seed,
            active_from: loaded(self.active_from),
        })
    }
}
