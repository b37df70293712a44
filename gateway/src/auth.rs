//! Who sends a request: verifies the bearer token and hands its claims on to subgraphs.
//!
//! No token is anonymous; a bad one is refused, since a client that believes to be logged in must learn
//! that it isn't. The gateway knows no roles: subgraphs judge the claims. Where it is told which sessions were revoked,
//! their tokens are bad before they expire.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Validation, decode, decode_header, errors::ErrorKind};
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

mod keys;
mod lasting;
mod revocation;
mod source;

pub use keys::{KeySet, Keys};
pub use revocation::{RevocationState, RevocationStatus, Revocations, Session, watch_bucket};
pub use source::{Source, SourceError};

use crate::{
    config::AuthConfig,
    error::{Code, GraphqlError},
    transport::Link,
};

/// The verified claims of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The claims as the `Graphql-Identity` header carries them: base64url of JSON.
    pub header: String,
    /// Unix seconds after which the token is no longer good.
    pub expires: u64,
    /// What it permits (`@requiresScopes`), by the claim that the configuration names.
    pub scopes: Vec<Box<str>>,
    /// The policies that were found to hold for it (`@policy`), by the claim that the configuration names.
    pub policies: Vec<Box<str>>,
    /// The session that it belongs to, where sessions can be revoked and it names one.
    pub session: Option<Arc<Session>>,
}

/// Verifies bearer tokens.
#[derive(Debug)]
pub struct Authenticator {
    keys: Keys,
    config: AuthConfig,
    revocations: Option<Arc<Revocations>>,
    verified: Cache<Box<str>, Verified>,
}

/// A token that was verified before. The key set's number is part of it, so that no token outlives its key.
#[derive(Debug, Clone)]
struct Verified {
    identity: Arc<Identity>,
    key_set: u64,
}

/// A signature costs tens of microseconds to verify, a look-up less than one.
const REMEMBERED_TOKENS: usize = 10_000;
/// Longer tokens are no tokens: the claims travel in a header of each request to a subgraph.
const LONGEST_TOKEN: usize = 8 * 1024;

impl Authenticator {
    /// An authenticator that gets its keys from that source.
    pub fn new(config: AuthConfig, source: Source) -> Self {
        let revocations = config.revocation.clone().map(|config| Arc::new(Revocations::new(config)));
        Self { keys: Keys::new(source), config, revocations, verified: Cache::new(REMEMBERED_TOKENS) }
    }

    /// The keys, for keeping them fresh in the background.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The sessions that were revoked, for keeping them current in the background; `None`: sessions can't be.
    pub fn revocations(&self) -> Option<&Arc<Revocations>> {
        self.revocations.as_ref()
    }

    /// Who sends a request with these headers; `None` is anonymous.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Option<Arc<Identity>>, GraphqlError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(invalid("more than one Authorization header"));
        }
        let text = value.to_str().map_err(|_| invalid("the Authorization header isn't ASCII"))?;
        self.identify_by(text).await.map(Some)
    }

    /// Who sends a request with that `Authorization`, wherever it stands.
    pub async fn identify_by(&self, text: &str) -> Result<Arc<Identity>, GraphqlError> {
        let token = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(invalid("the authorization isn't of the form `Bearer <token>`")),
        };
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return Err(invalid("the token is empty or too long"));
        }
        let identity = self.verify(token).await?;
        self.check_session(&identity)?;
        Ok(identity)
    }

    fn check_session(&self, identity: &Identity) -> Result<(), GraphqlError> {
        match &self.revocations {
            Some(revocations) => revocations.check(identity.session.as_deref()),
            None => Ok(()),
        }
    }

    async fn verify(&self, token: &str) -> Result<Arc<Identity>, GraphqlError> {
        if let Some(known) = self.verified.get(token) {
            let current = self.keys.current().is_some_and(|keys| keys.number == known.key_set);
            if current && now() < known.identity.expires.saturating_add(self.config.leeway.as_secs()) {
                return Ok(known.identity);
            }
        }
        let header = decode_header(token).map_err(|_| invalid("the token isn't a JSON Web Token"))?;
        if !self.config.algorithms.contains(&header.alg) {
            return Err(invalid(format!("tokens signed with {:?} aren't taken here", header.alg)));
        }
        let keys = self.keys.for_token(header.kid.as_deref(), header.alg).await?;
        let validation = self.validation(header.alg);
        let mut failure = invalid("no key fits the token");
        for key in keys.fitting(header.kid.as_deref(), header.alg) {
            match decode::<Map<String, Value>>(token, key, &validation) {
                Ok(data) => return Ok(self.remember(token, &data.claims, keys.number)),
                Err(error) => failure = refusal(error.kind()),
            }
        }
        Err(failure)
    }

    fn validation(&self, algorithm: jsonwebtoken::Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.config.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_audience(&[&self.config.audience]);
        // Without being required, an absent claim would pass its check.
        let mut required = vec!["exp", "aud"];
        if let Some(issuer) = &self.config.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        validation
    }

    fn remember(&self, token: &str, claims: &Map<String, Value>, key_set: u64) -> Arc<Identity> {
        let json = serde_json::to_vec(claims).expect("claims came from JSON");
        let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or_default() as u64;
        let identity = Arc::new(Identity {
            header: URL_SAFE_NO_PAD.encode(json),
            expires,
            scopes: names(claims.get(&self.config.scope_claim)),
            policies: names(claims.get(&self.config.policy_claim)),
            session: self.session(claims),
        });
        self.verified.insert(token.into(), Verified { identity: identity.clone(), key_set });
        identity
    }

    fn session(&self, claims: &Map<String, Value>) -> Option<Arc<Session>> {
        let revocations = self.revocations.as_ref()?;
        revocations.session(claims.get(&revocations.config().claim)?.as_str()?)
    }
}

/// A list of names, or names separated by spaces as OAuth writes scopes (RFC 6749, section 3.3).
fn names(claim: Option<&Value>) -> Vec<Box<str>> {
    match claim {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(Box::from).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|name| name.as_str().map(Box::from)).collect(),
        _ => Vec::new(),
    }
}

/// Keeps the keys fresh for as long as it is polled.
pub async fn keep_fresh(authenticator: Arc<Authenticator>, link: Link, every: Duration) {
    loop {
        // Before the first connection there is nobody to ask, and a question would only wait.
        if link.state().wait_for(|state| state.connects > 0).await.is_err() {
            return;
        }
        let pause = match authenticator.keys.refresh().await {
            Ok(()) => every,
            // Retried soon: until the first success no token can be verified.
            Err(error) => {
                tracing::debug!(%error, "can't fetch the keys for tokens");
                every.min(Duration::from_secs(5))
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn invalid(why: impl std::fmt::Display) -> GraphqlError {
    GraphqlError::new(Code::TokenInvalid, format!("Invalid token: {why}"))
}

fn refusal(kind: &ErrorKind) -> GraphqlError {
    match kind {
        ErrorKind::ExpiredSignature => GraphqlError::new(Code::TokenExpired, "The token has expired"),
        ErrorKind::InvalidAudience => invalid("it is for another audience"),
        ErrorKind::InvalidIssuer => invalid("it is from another issuer"),
        ErrorKind::ImmatureSignature => invalid("it isn't good yet"),
        ErrorKind::MissingRequiredClaim(claim) => invalid(format!("it has no claim {claim:?}")),
        _ => invalid("its signature can't be verified"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
