use std::{io::Write, time::Duration};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::*;
use crate::config::KeySource;

/// Ed25519 keys, made for these tests alone.
const ONE: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
const TWO: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEyjpVN9gVDMAHuTOy3HYHMPrZjcGBOZ2lFM4yPVV1zs\n-----END PRIVATE KEY-----\n";

struct Bench {
    file: NamedTempFile,
    authenticator: Authenticator,
}

fn jwk(pem: &[u8], id: &str) -> Value {
    let key = EncodingKey::from_ed_pem(pem).unwrap();
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn token(pem: &[u8], id: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = id.map(str::to_owned);
    encode(&header, claims, &EncodingKey::from_ed_pem(pem).unwrap()).unwrap()
}

fn claims(lifetime: i64) -> Value {
    json!({ "sub": "u1", "role": "customer", "aud": "tributary", "iss": "shop", "exp": now() as i64 + lifetime })
}

impl Bench {
    fn new(keys: &[Value]) -> Self {
        let file = NamedTempFile::new().unwrap();
        let config = AuthConfig {
            keys: KeySource::File(file.path().into()),
            algorithms: vec![Algorithm::EdDSA],
            issuer: Some("shop".into()),
            audience: "tributary".into(),
            leeway: Duration::from_secs(5),
            scope_claim: "scope".into(),
            policy_claim: "policies".into(),
            refuse_unauthorised: false,
            refresh: Duration::from_secs(300),
            revocation: None,
        };
        let authenticator = Authenticator::new(config, Source::File(file.path().into()));
        let bench = Self { file, authenticator };
        bench.publish(keys);
        bench
    }

    fn publish(&self, keys: &[Value]) {
        let mut file = std::fs::File::create(self.file.path()).unwrap();
        write!(file, "{}", json!({ "keys": keys })).unwrap();
    }

    async fn identify(&self, authorization: &str) -> Result<Option<Arc<Identity>>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        self.authenticator.identify(&headers).await.map_err(|error| error.code())
    }

    async fn bearer(&self, token: &str) -> Result<Option<Arc<Identity>>, Code> {
        self.identify(&format!("Bearer {token}")).await
    }
}

#[tokio::test]
async fn a_good_token_gives_its_claims() {
    let bench = Bench::new(&[jwk(ONE, "one")]);
    let token = token(ONE, Some("one"), &claims(60));
    for _from_cache in [false, true] {
        let identity = bench.bearer(&token).await.unwrap().unwrap();
        let json = URL_SAFE_NO_PAD.decode(&identity.header).unwrap();
        let claims: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&claims["sub"], &claims["role"]), (&json!("u1"), &json!("customer")));
    }
}

#[tokio::test]
async fn no_header_is_anonymous() {
    let bench = Bench::new(&[]);
    assert_eq!(bench.authenticator.identify(&HeaderMap::new()).await.unwrap(), None);
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let bench = Bench::new(&[jwk(ONE, "one")]);
    let with = |change: fn(&mut Value)| {
        let mut claims = claims(60);
        change(&mut claims);
        token(ONE, Some("one"), &claims)
    };
    let good = with(|_| ());
    let cases = [
        ("expired", with(|c| c["exp"] = json!(now() - 60)), Code::TokenExpired),
        ("another audience", with(|c| c["aud"] = json!("other")), Code::TokenInvalid),
        (
            "no audience",
            with(|c| {
                c.as_object_mut().unwrap().remove("aud");
            }),
            Code::TokenInvalid,
        ),
        ("another issuer", with(|c| c["iss"] = json!("other")), Code::TokenInvalid),
        (
            "no issuer",
            with(|c| {
                c.as_object_mut().unwrap().remove("iss");
            }),
            Code::TokenInvalid,
        ),
        (
            "no expiry",
            with(|c| {
                c.as_object_mut().unwrap().remove("exp");
            }),
            Code::TokenInvalid,
        ),
        ("not yet good", with(|c| c["nbf"] = json!(now() + 600)), Code::TokenInvalid),
        ("another's signature", token(TWO, Some("one"), &claims(60)), Code::TokenInvalid),
        ("cut", good[..good.len() - 4].to_owned(), Code::TokenInvalid),
        ("rubbish", "rubbish".to_owned(), Code::TokenInvalid),
        ("unsigned", unsigned(&claims(60)), Code::TokenInvalid),
    ];
    for (name, token, code) in cases {
        assert_eq!(bench.bearer(&token).await, Err(code), "{name}");
    }
    assert_eq!(bench.identify("Basic dTpw").await, Err(Code::TokenInvalid));
    assert_eq!(bench.identify("Bearer ").await, Err(Code::TokenInvalid));
}

fn unsigned(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

/// Signed with the public key as if it were a shared secret: the classic confusion of algorithms.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    let bench = Bench::new(&[jwk(ONE, "one")]);
    let public = jwk(ONE, "one")["x"].as_str().unwrap().to_owned();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("one".into());
    let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public).unwrap());
    let forged = encode(&header, &claims(60), &secret).unwrap();
    assert_eq!(bench.bearer(&forged).await, Err(Code::TokenInvalid));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_looked_up_but_not_too_often() {
    let bench = Bench::new(&[jwk(ONE, "one")]);
    bench.bearer(&token(ONE, Some("one"), &claims(60))).await.unwrap();

    bench.publish(&[jwk(ONE, "one"), jwk(TWO, "two")]);
    let second = token(TWO, Some("two"), &claims(60));
    assert_eq!(bench.bearer(&second).await, Err(Code::TokenInvalid), "asked a moment ago");
    tokio::time::advance(Duration::from_secs(6)).await;
    bench.bearer(&second).await.unwrap();
}

#[tokio::test]
async fn a_withdrawn_key_ends_its_tokens() {
    let bench = Bench::new(&[jwk(ONE, "one"), jwk(TWO, "two")]);
    let token = token(ONE, Some("one"), &claims(60));
    bench.bearer(&token).await.unwrap();
    bench.publish(&[jwk(TWO, "two")]);
    bench.authenticator.keys().refresh().await.unwrap();
    assert_eq!(bench.bearer(&token).await, Err(Code::TokenInvalid));
}

#[tokio::test]
async fn without_keys_it_is_the_gateways_fault() {
    let bench = Bench::new(&[]);
    std::fs::write(bench.file.path(), "no keys").unwrap();
    assert_eq!(bench.bearer(&token(ONE, Some("one"), &claims(60))).await, Err(Code::AuthUnavailable));
}

/// A gateway that was started before its source of keys serves the first token that comes afterwards.
#[tokio::test]
async fn without_any_keys_a_token_waits_for_the_next_try() {
    let bench = Bench::new(&[]);
    std::fs::write(bench.file.path(), "not yet").unwrap();
    let token = token(ONE, Some("one"), &claims(60));
    assert_eq!(bench.bearer(&token).await.unwrap_err(), Code::AuthUnavailable);
    bench.publish(&[jwk(ONE, "one")]);
    assert!(bench.bearer(&token).await.unwrap().is_some());
}

/// Those who come together share one try, so that the last of them waits no longer than the first.
#[tokio::test]
async fn without_any_keys_waiting_tokens_share_a_try() {
    let bench = Bench::new(&[]);
    std::fs::write(bench.file.path(), "never").unwrap();
    let token = token(ONE, Some("one"), &claims(60));
    bench.bearer(&token).await.unwrap_err();
    let begun = std::time::Instant::now();
    let answers = futures_util::future::join_all((0..50).map(|_| bench.bearer(&token))).await;
    assert!(answers.iter().all(|answer| *answer == Err(Code::AuthUnavailable)));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
