//! Failed attempts of the last minutes, counted for all instances together.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mongodb::bson::{self, doc};
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{expiring, is_duplicate, loaded, stored};
use crate::error::Result;

/// Something that is counted: for what, for whom, and how often it may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// What is counted, such as `login:email`.
    pub scope: &'static str,
    /// Whose attempts; stored as a hash, since it may be an address of somebody who never registered.
    pub subject: String,
    /// How many are allowed within one window.
    pub limit: i64,
}

/// The collection `attempts`: a counter for each bucket, whose window begins with the first attempt.
#[derive(Clone)]
pub struct Attempts(Collection<Record>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(rename = "_id")]
    id: String,
    count: i64,
    expires_at: bson::DateTime,
}

impl Attempts {
    pub(super) async fn open(database: &Database) -> Result<Self> {
        let attempts = database.collection("attempts");
        expiring(&attempts, "expiresAt").await?;
        Ok(Self(attempts))
    }

    /// Counts an attempt before it is made, so that guesses sent at the same time count too.
    /// Over the limit it answers how long the window still lasts.
    pub async fn begin(
        &self,
        bucket: &Bucket,
        window: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>> {
        let record = self.count(&id(bucket), window, now).await?;
        let left = loaded(record.expires_at) - now;
        Ok((record.count > bucket.limit).then(|| left.to_std().unwrap_or_default()))
    }

    /// Takes an attempt back that was no wrong guess.
    pub async fn forgive(&self, bucket: &Bucket, now: DateTime<Utc>) -> Result<()> {
        let counted = doc! { "_id": id(bucket), "expiresAt": { "$gt": stored(now) }, "count": { "$gt": 0 } };
        self.0.update_one(counted, doc! { "$inc": { "count": -1 } }).await?;
        Ok(())
    }

    /// One more in the window that runs, else the first of a new one.
    async fn count(&self, id: &str, window: TimeDelta, now: DateTime<Utc>) -> Result<Record> {
        loop {
            let running = doc! { "_id": id, "expiresAt": { "$gt": stored(now) } };
            let more = self.0.find_one_and_update(running, doc! { "$inc": { "count": 1_i64 } });
            if let Some(record) = more.return_document(ReturnDocument::After).await? {
                return Ok(record);
            }
            let over = doc! { "_id": id, "expiresAt": { "$lte": stored(now) } };
            let first = doc! { "$set": { "count": 1_i64, "expiresAt": stored(now + window) } };
            let begin = self.0.find_one_and_update(over, first).upsert(true);
            match begin.return_document(ReturnDocument::After).await {
                Ok(Some(record)) => return Ok(record),
                // Somebody else began the window at the same time, so the upsert met their document: count in that.
                Ok(None) => {}
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn id(bucket: &Bucket) -> String {
    format!("{}:{:x}", bucket.scope, Sha256::digest(bucket.subject.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_has_its_subject_and_scope_but_no_address() {
        let of = |scope, subject: &str| id(&Bucket { scope, subject: subject.into(), limit: 3 });
        assert_ne!(of("login", "ada"), of("login", "bob"));
        assert_ne!(of("login", "ada"), of("register", "ada"));
        assert!(!of("login", "ada").contains("ada"));
    }
}
