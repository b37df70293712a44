//! The public keys that tokens are verified with, and when they are fetched.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse},
};
use tokio::{sync::Mutex, time::Instant};

use super::{Source, SourceError};
use crate::error::{Code, GraphqlError};

/// A token with an unknown key may mean that keys were rotated; it may also be a client's invention,
/// so the source is asked no more often than this.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(5);
/// With no keys at all nobody can log in: then the source is asked more eagerly.
const BETWEEN_FIRST_TRIES: Duration = Duration::from_millis(500);

/// One fetched key set.
#[derive(Debug)]
pub struct KeySet {
    /// Counts the different sets that were seen.
    pub number: u64,
    source: JwkSet,
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// Keys that can verify signatures; the others (of encryption, shared secrets, unknown kinds) are left out.
    pub fn new(number: u64, source: JwkSet) -> Self {
        let keys = source.keys.iter().filter_map(Key::new).collect();
        Self { number, source, keys }
    }

    /// The keys to try for a token with that header.
    pub fn fitting<'a>(
        &'a self,
        id: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a DecodingKey> {
        self.keys
            .iter()
            .filter(move |key| id.is_none() || key.id.as_deref() == id)
            .filter(move |key| match key.algorithm {
                Some(own) => own == algorithm,
                None => key.key.family() == algorithm.family(),
            })
            .map(|key| &key.key)
    }
}

impl Key {
    fn new(jwk: &Jwk) -> Option<Self> {
        let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let secret = matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
        if !for_signatures || secret {
            return None;
        }
        let algorithm = match jwk.common.key_algorithm {
            Some(named) => Some(Algorithm::try_from(named).ok()?),
            None => None,
        };
        Some(Self { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// The current key set and how it is renewed.
#[derive(Debug)]
pub struct Keys {
    source: Source,
    current: ArcSwapOption<KeySet>,
    /// When the source was last asked. The lock makes concurrent misses share one question.
    asked: Mutex<Option<Instant>>,
}

impl Keys {
    /// No keys yet, and where they will come from.
    pub fn new(source: Source) -> Self {
        Self { source, current: ArcSwapOption::empty(), asked: Mutex::new(None) }
    }

    /// The newest key set, if there is one.
    pub fn current(&self) -> Option<Arc<KeySet>> {
        self.current.load_full()
    }

    /// Fetches the keys now.
    pub async fn refresh(&self) -> Result<(), SourceError> {
        let mut asked = self.asked.lock().await;
        self.fetch(&mut asked).await
    }

    /// A key set for a token with that header: the current one if it has a key that fits, else a fresh one
    /// if the source may be asked again already.
    pub async fn for_token(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<KeySet>, GraphqlError> {
        if let Some(keys) = self.with_key(id, algorithm) {
            return Ok(keys);
        }
        let arrived = Instant::now();
        let mut asked = self.asked.lock().await;
        // Someone else may have fetched while this one waited for the lock.
        if let Some(keys) = self.with_key(id, algorithm) {
            return Ok(keys);
        }
        if self.turn_to_ask(*asked, arrived).await
            && let Err(error) = self.fetch(&mut asked).await
        {
            tracing::warn!(%error, "can't fetch the keys for tokens");
        }
        self.current().ok_or_else(|| {
            GraphqlError::new(
                Code::AuthUnavailable,
                "Tokens can't be verified right now: no keys have been fetched yet",
            )
        })
    }

    /// Whether the one who came at `arrived` asks the source, last asked at `asked`; may wait for the turn.
    async fn turn_to_ask(&self, asked: Option<Instant>, arrived: Instant) -> bool {
        let Some(asked) = asked else { return true };
        if self.current.load().is_some() {
            return asked.elapsed() >= BETWEEN_REFRESHES;
        }
        // Asked while this one waited for the lock: that answer is for both, so that no queue builds up.
        if asked >= arrived {
            return false;
        }
        // Without keys the token would be refused, although the source may have come up since.
        tokio::time::sleep_until(asked + BETWEEN_FIRST_TRIES).await;
        true
    }

    fn with_key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Arc<KeySet>> {
        self.current().filter(|keys| keys.fitting(id, algorithm).next().is_some())
    }

    async fn fetch(&self, asked: &mut Option<Instant>) -> Result<(), SourceError> {
        *asked = Some(Instant::now());
        let fetched = self.source.fetch().await?;
        let current = self.current.load();
        if current.as_ref().is_some_and(|keys| keys.source == fetched) {
            return Ok(());
        }
        let number = current.as_ref().map_or(1, |keys| keys.number + 1);
        let set = KeySet::new(number, fetched);
        tracing::info!(keys = set.keys.len(), "fetched the keys for tokens");
        self.current.store(Some(Arc::new(set)));
        Ok(())
    }
}
