//! Who is logged in: sessions, and the refresh tokens that continue them.

mod ended;

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use mongodb::bson::{self, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{expiring, loaded, stored};
use crate::error::{Error, Result};

pub use ended::Ended;

/// How long a refresh token waits to be used.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long a session lasts, however often it is refreshed.
const SESSION_LIFETIME: TimeDelta = TimeDelta::days(90);

/// A refresh token: 256 random bits, known to the client alone.
///
/// The database has its SHA-256 only: a slow hash protects secrets that can be guessed, which this
/// one can't.
pub struct RefreshToken([u8; 32]);

impl RefreshToken {
    fn random() -> Self {
        Self(rand::random())
    }

    /// Reads what a client sent.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::InvalidRefreshToken)?;
        bytes.try_into().map(Self).map_err(|_| Error::InvalidRefreshToken)
    }

    /// The text for the client.
    pub fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    fn hash(&self) -> String {
        format!("{:x}", Sha256::digest(self.0))
    }
}

/// A session: everything that follows from one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its access tokens.
    pub id: Uuid,
    /// Whose it is.
    pub user: Uuid,
}

/// What became of a refresh token that was used.
pub enum Redeemed {
    /// It was valid, and is replaced by this one.
    Rotated(Session, RefreshToken),
    /// It had been used before: somebody has a copy, so the whole session ended.
    Reused(Session),
    /// It is unknown or expired, or its session has ended.
    Invalid,
}

/// The collections `sessions` and `refresh_tokens`.
///
/// Used tokens are kept as long as their session, so that a copy is recognised however late it
/// appears.
#[derive(Clone)]
pub struct Sessions {
    sessions: Collection<SessionRecord>,
    tokens: Collection<TokenRecord>,
    /// Rung when a session ended, for whoever tells the gateways.
    bell: Arc<Notify>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionRecord {
    #[serde(rename = "_id")]
    id: String,
    user: String,
    address: Option<String>,
    agent: Option<String>,
    created_at: bson::DateTime,
    used_at: bson::DateTime,
    ended_at: Option<bson::DateTime>,
    /// It ended, and gateways weren't told yet. Absent otherwise, so that the index has nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    untold: Option<bool>,
    expires_at: bson::DateTime,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRecord {
    /// The hash.
    #[serde(rename = "_id")]
    hash: String,
    session: String,
    user: String,
    valid_until: bson::DateTime,
    used_at: Option<bson::DateTime>,
    /// The session's.
    expires_at: bson::DateTime,
}

impl Sessions {
    pub(super) async fn open(database: &Database) -> Result<Self> {
        let sessions = database.collection("sessions");
        let tokens = database.collection("refresh_tokens");
        expiring(&sessions, "expiresAt").await?;
        expiring(&tokens, "expiresAt").await?;
        ended::open(&sessions).await?;
        Ok(Self { sessions, tokens, bell: Arc::default() })
    }

    /// Begins a session, with its first refresh token.
    pub async fn begin(
        &self,
        user: Uuid,
        address: Option<String>,
        agent: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(Session, RefreshToken)> {
        let session = Session { id: Uuid::new_v4(), user };
        let expires_at = stored(now + SESSION_LIFETIME);
        let record = SessionRecord {
            id: session.id.to_string(),
            user: user.to_string(),
            address,
            agent,
            created_at: stored(now),
            used_at: stored(now),
            ended_at: None,
            untold: None,
            expires_at,
        };
        self.sessions.insert_one(record).await?;
        let token = self.issue(session, expires_at, now).await?;
        Ok((session, token))
    }

    /// Uses a refresh token up and gives out the next one.
    ///
    /// The successor is stored first: a crash in between leaves a token that nobody knows, instead
    /// of a session that can't go on. Of two requests with the same token only one finds it unused.
    pub async fn redeem(&self, token: &RefreshToken, now: DateTime<Utc>) -> Result<Redeemed> {
        let Some(record) = self.tokens.find_one(doc! { "_id": token.hash() }).await? else {
            return Ok(Redeemed::Invalid);
        };
        let session = record.session()?;
        if record.used_at.is_none() && loaded(record.valid_until) <= now {
            return Ok(Redeemed::Invalid);
        }
        let successor = self.issue(session, record.expires_at, now).await?;
        let unused = doc! { "_id": &record.hash, "usedAt": null };
        let used = self.tokens.update_one(unused, doc! { "$set": { "usedAt": stored(now) } }).await?;
        if used.matched_count == 0 {
            self.end(session.id, now).await?;
            return Ok(Redeemed::Reused(session));
        }
        // Last, since a copy of the token may have ended the session meanwhile.
        let alive = doc! { "_id": &record.session, "endedAt": null, "expiresAt": { "$gt": stored(now) } };
        let touched = self.sessions.update_one(alive, doc! { "$set": { "usedAt": stored(now) } }).await?;
        Ok(if touched.matched_count == 1 { Redeemed::Rotated(session, successor) } else { Redeemed::Invalid })
    }

    /// The session that a refresh token belongs to, whether or not it still lives.
    pub async fn of_token(&self, token: &RefreshToken) -> Result<Option<Session>> {
        self.tokens.find_one(doc! { "_id": token.hash() }).await?.map(|record| record.session()).transpose()
    }

    /// Ends a session: none of its refresh tokens works any more, and gateways will be told.
    pub async fn end(&self, session: Uuid, now: DateTime<Utc>) -> Result<()> {
        let filter = doc! { "_id": session.to_string(), "endedAt": null };
        self.sessions.update_one(filter, ended::ending(now)).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Ends every session of a user.
    pub async fn end_all(&self, user: Uuid, now: DateTime<Utc>) -> Result<()> {
        let filter = doc! { "user": user.to_string(), "endedAt": null };
        self.sessions.update_many(filter, ended::ending(now)).await?;
        self.bell.notify_one();
        Ok(())
    }

    async fn issue(
        &self,
        session: Session,
        expires_at: bson::DateTime,
        now: DateTime<Utc>,
    ) -> Result<RefreshToken> {
        let token = RefreshToken::random();
        let record = TokenRecord {
            hash: token.hash(),
            session: session.id.to_string(),
            user: session.user.to_string(),
            valid_until: stored(now + TOKEN_LIFETIME),
            used_at: None,
            expires_at,
        };
        self.tokens.insert_one(record).await?;
        Ok(token)
    }
}

impl TokenRecord {
    fn session(&self) -> Result<Session> {
        let parse = |id: &str| id.parse().map_err(|_| Error::Corrupt("a refresh token"));
        Ok(Session { id: parse(&self.session)?, user: parse(&self.user)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_survives_the_client_and_is_stored_hashed() {
        let token = RefreshToken::random();
        let text = token.reveal();
        assert_eq!(RefreshToken::parse(&text).unwrap().0, token.0);
        assert!(!token.hash().contains(&text));
        for wrong in ["", "x", &text[1..], &format!("{text}A"), "%%%"] {
            assert!(RefreshToken::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
