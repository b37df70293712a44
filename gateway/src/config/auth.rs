//! How tokens are verified, and which are taken back.

use std::{path::PathBuf, time::Duration};

use jsonwebtoken::Algorithm;
use tributary_protocol::Token;

use super::{AuthFlags, read::Reader};

/// The shortest `--revoked-max-age`.
const SHORTEST_AGE: Duration = Duration::from_secs(3);

/// How tokens are verified.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Where the public keys come from.
    pub keys: KeySource,
    /// What signatures are taken.
    pub algorithms: Vec<Algorithm>,
    /// The `iss` that tokens must have, when set.
    pub issuer: Option<String>,
    /// The `aud` that tokens must have.
    pub audience: String,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// How often keys are fetched anew, so that a withdrawn one stops working.
    pub refresh: Duration,
    /// The claim that has the scopes of `@requiresScopes`.
    pub scope_claim: String,
    /// The claim that has the policies of `@policy`.
    pub policy_claim: String,
    /// Whether a request for a field that may not be seen is refused as a whole, instead of that field being
    /// null with an error.
    pub refuse_unauthorised: bool,
    /// Where it reads which sessions were revoked; `None`: a token is good until it expires.
    pub revocation: Option<RevocationConfig>,
}

/// Where it reads which sessions were revoked, and what it makes of what it doesn't know.
#[derive(Debug, Clone)]
pub struct RevocationConfig {
    /// `--revoked-bucket`: the bucket, whose keys are sessions.
    pub bucket: String,
    /// `--session-claim`: the claim that names a token's session.
    pub claim: String,
    /// `--accept-tokens-without-session`: whether tokens are taken that can't be revoked.
    pub accept_without: bool,
    /// `--revoked-max-age`: how old what is known may be before tokens are refused; `None`: as old as it gets.
    pub max_age: Option<Duration>,
    /// `--max-revoked-sessions`: how many it remembers. Beyond that it knows that it doesn't know all, and takes no tokens.
    pub most: usize,
}

/// Where the public keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JSON Web Key Set in a file.
    File(PathBuf),
    /// The service of that name, asked on `internal.<name>.jwks`.
    Service(String),
}

/// Checks the settings.
pub(super) fn read(read: &mut Reader, flags: &AuthFlags) -> AuthConfig {
    let keys = match &flags.jwks {
        Some(file) => KeySource::File(read.file("--jwks", file)),
        None => KeySource::Service(read.name("--jwks-service", &flags.jwks_service)),
    };
    AuthConfig {
        keys,
        algorithms: flags.jwt_algorithm.iter().filter_map(|name| algorithm(read, name)).collect(),
        issuer: flags.jwt_issuer.clone(),
        audience: flags.jwt_audience.clone(),
        leeway: read.duration("--jwt-leeway", &flags.jwt_leeway),
        refresh: read.duration("--jwks-refresh", &flags.jwks_refresh),
        scope_claim: flags.scope_claim.clone(),
        policy_claim: flags.policy_claim.clone(),
        refuse_unauthorised: unauthorised(read, &flags.unauthorized_fields),
        revocation: revocation(read, flags),
    }
}

fn revocation(read: &mut Reader, flags: &AuthFlags) -> Option<RevocationConfig> {
    let max_age = flags.revoked_max_age.as_ref().map(|text| read.duration("--revoked-max-age", text));
    let most = read.count("--max-revoked-sessions", &flags.max_revoked_sessions) as usize;
    let Some(bucket) = &flags.revoked_bucket else {
        if max_age.is_some() {
            read.mistake(
                "--revoked-max-age: without --revoked-bucket there is nothing that could be too old".into(),
            );
        }
        return None;
    };
    if let Err(error) = Token::new(bucket.as_str()) {
        read.mistake(format!("--revoked-bucket: {error}"));
    }
    // What is known is confirmed once a second, so it is never much younger than that.
    if max_age.is_some_and(|age| age < SHORTEST_AGE) {
        read.mistake(format!("--revoked-max-age: less than {SHORTEST_AGE:?} would refuse good tokens"));
    }
    Some(RevocationConfig {
        bucket: bucket.clone(),
        claim: flags.session_claim.clone(),
        accept_without: flags.accept_tokens_without_session,
        max_age,
        most,
    })
}

fn unauthorised(read: &mut Reader, text: &str) -> bool {
    if text != "null" && text != "refuse" {
        read.mistake(format!("--unauthorized-fields: {text:?} is neither null nor refuse"));
    }
    text == "refuse"
}

/// A shared secret would let everyone who verifies tokens make them too, so those algorithms are refused.
fn algorithm(read: &mut Reader, name: &str) -> Option<Algorithm> {
    match name.parse() {
        Ok(Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) => {
            read.mistake(format!("--jwt-algorithm: {name} needs a shared secret; use EdDSA, ES256 or RS256"));
            None
        }
        Ok(algorithm) => Some(algorithm),
        Err(_) => {
            read.mistake(format!("--jwt-algorithm: {name:?} isn't known; EdDSA, ES256 and RS256 are"));
            None
        }
    }
}
