//! Sessions that ended, and whether gateways were told so.
//!
//! A session that ends is marked in the same write: what ended is never known without what is still to be told.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{self, Document, doc};
use serde::Deserialize;

use super::{SessionRecord, Sessions};
use crate::error::Result;
use crate::store::{indexed, loaded, stored};

/// A session that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The `sid` of its access tokens.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(rename = "_id")]
    id: String,
    ended_at: bson::DateTime,
}

/// The indexes that the questions below need: one over the few that are still to be told, one over when sessions ended.
pub(super) async fn open(sessions: &Collection<SessionRecord>) -> Result<()> {
    indexed(sessions, doc! { "untold": 1 }, true).await?;
    indexed(sessions, doc! { "endedAt": 1 }, false).await
}

/// What ending a session changes.
pub(super) fn ending(now: DateTime<Utc>) -> Document {
    doc! { "$set": { "endedAt": stored(now), "untold": true } }
}

impl Sessions {
    /// Resolves when this process ended a session, since the last time or from now on.
    pub async fn some_ended(&self) {
        self.bell.notified().await;
    }

    /// Sessions that ended after `horizon`.
    pub async fn ended_after(&self, horizon: DateTime<Utc>) -> Result<Vec<Ended>> {
        self.ended(doc! { "endedAt": { "$gt": stored(horizon) } }, 0).await
    }

    /// Some of those that ended after `horizon` and that gateways weren't told of.
    pub async fn untold(&self, horizon: DateTime<Utc>, most: i64) -> Result<Vec<Ended>> {
        self.ended(doc! { "untold": true, "endedAt": { "$gt": stored(horizon) } }, most).await
    }

    /// Gateways were told of these.
    pub async fn told(&self, ids: Vec<&str>) -> Result<()> {
        self.unmark(doc! { "_id": { "$in": ids } }).await
    }

    /// Whatever ended before `horizon` need not be told any more.
    pub async fn need_not_be_told(&self, horizon: DateTime<Utc>) -> Result<()> {
        self.unmark(doc! { "untold": true, "endedAt": { "$lte": stored(horizon) } }).await
    }

    async fn ended(&self, filter: Document, most: i64) -> Result<Vec<Ended>> {
        let sessions = self.sessions.clone_with_type::<Record>();
        let found = sessions.find(filter).projection(doc! { "endedAt": 1 }).limit(most).await?;
        let ended = found.map_ok(|record| Ended { id: record.id, at: loaded(record.ended_at) });
        Ok(ended.try_collect().await?)
    }

    async fn unmark(&self, filter: Document) -> Result<()> {
        self.sessions.update_many(filter, doc! { "$unset": { "untold": "" } }).await?;
        Ok(())
    }
}
