//! Access tokens: what they say, and the keys that sign them.

use std::sync::{Arc, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use shop::Role;
use uuid::Uuid;

use crate::error::Result;
use crate::store::{Keys, Session, StoredKey};

/// Who issues the tokens.
pub const ISSUER: &str = "tributary-shop";
/// For whom they are.
pub const AUDIENCE: &str = "tributary";
/// The longest that an access token may live: how long one is good at most where a gateway isn't told that its session
/// ended, and how long a gateway that is must remember it.
pub const MAX_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How long a new key is published before it signs, so that every verifier has read it by then.
const NOTICE: TimeDelta = TimeDelta::minutes(10);

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: Uuid,
    /// What they may do.
    pub role: Role,
    /// What the role permits, for the gateway: [`Role::scopes`].
    pub scope: Vec<String>,
    /// The session that it belongs to.
    pub sid: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
}

/// Signs access tokens and publishes the keys to verify them with.
///
/// The keys live in the database and are read again from time to time ([`Tokens::reload`]): a key
/// that another instance added is known here well before it signs.
#[derive(Clone)]
pub struct Tokens {
    keys: Keys,
    lifetime: TimeDelta,
    /// Swapped whole, and held only to clone what is inside.
    ring: Arc<RwLock<Arc<Ring>>>,
}

/// The keys as of one reading, oldest first, never none.
struct Ring(Vec<Key>);

struct Key {
    stored: StoredKey,
    signing: EncodingKey,
    public: Jwk,
}

impl Tokens {
    /// Reads the keys, creating the first. Tokens live for `lifetime`, at most [`MAX_LIFETIME`].
    pub async fn open(keys: Keys, lifetime: TimeDelta) -> Result<Self> {
        let ring = Ring::load(&keys).await?;
        Ok(Self { keys, lifetime: lifetime.min(MAX_LIFETIME), ring: Arc::new(RwLock::new(Arc::new(ring))) })
    }

    /// Reads the keys again.
    pub async fn reload(&self) -> Result<()> {
        let ring = Arc::new(Ring::load(&self.keys).await?);
        *self.ring.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = ring;
        Ok(())
    }

    /// Adds a key that signs once every verifier has had time to read it, and deletes those whose
    /// last token has expired.
    pub async fn rotate(&self, now: DateTime<Utc>) -> Result<()> {
        self.reload().await?;
        let expired = self.ring().first_needed(now);
        self.keys.add(now + NOTICE).await?;
        self.keys.delete_before(expired).await?;
        self.reload().await
    }

    /// A signed token for `session`, and when it expires.
    pub fn sign(&self, session: Session, role: Role, now: DateTime<Utc>) -> Result<(String, DateTime<Utc>)> {
        let ring = self.ring();
        let key = ring.signing_at(now);
        let expires = now + self.lifetime;
        let claims = Claims {
            sub: session.user,
            role,
            scope: role.scopes().iter().map(|&scope| scope.to_owned()).collect(),
            sid: session.id,
            iat: now.timestamp(),
            exp: expires.timestamp(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
        };
        let header = Header { kid: Some(key.stored.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok((jsonwebtoken::encode(&header, &claims, &key.signing)?, expires))
    }

    /// The public keys of every token that may be valid now or soon.
    pub fn jwks(&self, now: DateTime<Utc>) -> JwkSet {
        let ring = self.ring();
        let needed = ring.first_needed(now);
        let keys = ring.0.iter().filter(|key| key.stored.generation >= needed).map(|key| key.public.clone());
        JwkSet { keys: keys.collect() }
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl Ring {
    async fn load(keys: &Keys) -> Result<Self> {
        let stored = keys.load_or_create(Utc::now()).await?;
        stored.into_iter().map(Key::new).collect::<Result<_>>().map(Self)
    }

    /// The newest key that is active. The very first signs even if clocks disagree.
    fn signing_at(&self, now: DateTime<Utc>) -> &Key {
        self.0.iter().rev().find(|key| key.stored.active_from <= now).unwrap_or(&self.0[0])
    }

    /// The oldest generation that may have signed a token that hasn't expired.
    fn first_needed(&self, now: DateTime<Utc>) -> i64 {
        // Twice the lifetime, since the verifiers' and the instances' clocks differ a little.
        self.signing_at(now - MAX_LIFETIME * 2).stored.generation
    }
}

impl Key {
    fn new(stored: StoredKey) -> Result<Self> {
        let signing = EncodingKey::from_ed_der(&pkcs8(&stored.seed));
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        public.common.key_id = Some(stored.kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { stored, signing, public })
    }
}

/// An Ed25519 seed as PKCS #8 (RFC 8410): a fixed header for a key of this kind, then the seed.
fn pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    const HEADER: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    [&HEADER[..], seed].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(active_from: &[i64]) -> Ring {
        let key = |(index, minutes): (usize, &i64)| {
            let active_from = DateTime::from_timestamp(60 * minutes, 0).unwrap();
            let generation = index as i64 + 1;
            Key::new(StoredKey {
                generation,
                kid: format!("k{generation}"),
                seed: [generation as u8; 32],
                active_from,
            })
        };
        Ring(active_from.iter().enumerate().map(key).collect::<Result<_>>().unwrap())
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(60 * minutes, 0).unwrap()
    }

    #[test]
    fn the_newest_active_key_signs() {
        let ring = ring(&[0, 100, 200]);
        for (now, generation) in [(-5, 1), (0, 1), (99, 1), (100, 2), (199, 2), (1000, 3)] {
            assert_eq!(ring.signing_at(at(now)).stored.generation, generation, "at {now}");
        }
    }

    #[test]
    fn a_key_is_published_until_its_last_token_has_expired() {
        let ring = ring(&[0, 100]);
        assert_eq!(ring.first_needed(at(119)), 1);
        assert_eq!(ring.first_needed(at(120)), 2);
    }

    #[test]
    fn the_public_key_is_the_seeds() {
        // RFC 8032, section 7.1, test 1.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
            0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = Key::new(StoredKey { generation: 1, kid: "k".into(), seed, active_from: at(0) }).unwrap();
        let json = serde_json::to_value(&key.public).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "use": "sig", "alg": "EdDSA", "kid": "k", "kty": "OKP", "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            })
        );
    }
}
