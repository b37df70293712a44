//! Tokens, verified with keys that come over NATS.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use bytes::Bytes;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_subgraph::{InternalError, Subgraph, connect};
use xtask::servers::Nats;

use crate::support::{Running, TestGateway, nats, refusal, subgraphs};

/// Ed25519 keys, made for these tests alone.
pub const ONE: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
pub const TWO: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEyjpVN9gVDMAHuTOy3HYHMPrZjcGBOZ2lFM4yPVV1zs\n-----END PRIVATE KEY-----\n";

/// The keys that the service gives out.
pub type Keys = Arc<Mutex<Vec<Value>>>;

struct Auth;

#[Object(name = "Query")]
impl Auth {
    async fn auth(&self) -> bool {
        true
    }
}

pub async fn auth_service(nats: &Nats, keys: &Keys) -> Running {
    let schema = Schema::build(Auth, EmptyMutation, EmptySubscription).enable_federation().finish();
    let client = connect("auth", &nats.url_for("auth")).await.unwrap();
    let keys = keys.clone();
    let subgraph = Subgraph::new("auth", schema).internal("jwks", move |_: Bytes, _: String| {
        let set = json!({ "keys": *keys.lock().unwrap() }).to_string();
        async move { Ok::<Bytes, InternalError>(set.into()) }
    });
    Running::start(|stopped| async move {
        subgraph.serve(client, async { drop(stopped.await) }).await.unwrap();
    })
}

pub fn jwk(pem: &[u8], id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_pem(pem).unwrap(), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).unwrap()
}

pub fn token(pem: &[u8], id: &str, lifetime: i64) -> String {
    token_with(pem, id, lifetime, json!({}))
}

pub fn token_with(pem: &[u8], id: &str, lifetime: i64, more: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let mut claims = json!({ "sub": "user-1", "role": "staff", "aud": "tributary", "exp": now + lifetime });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(id.to_owned());
    encode(&header, &claims, &EncodingKey::from_ed_pem(pem).unwrap()).unwrap()
}

async fn ask(gateway: &TestGateway, token: &str) -> reqwest::Response {
    gateway.post(&json!({ "query": "{ caller }" })).bearer_auth(token).send().await.unwrap()
}

async fn claims(gateway: &TestGateway, token: &str) -> Value {
    let body: Value = ask(gateway, token).await.json().await.unwrap();
    body["data"]["caller"]["claims"].clone()
}

#[tokio::test]
async fn claims_reach_subgraphs_and_bad_tokens_are_401() {
    let nats = nats().await;
    let keys = Keys::new(Mutex::new(vec![jwk(ONE, "one")]));
    let _auth = auth_service(&nats, &keys).await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "auth"]).await;

    let seen = claims(&gateway, &token(ONE, "one", 60)).await;
    assert_eq!((&seen["sub"], &seen["role"]), (&json!("user-1"), &json!("staff")));
    assert_eq!(gateway.data("{ caller }").await["caller"]["claims"], Value::Null, "no token is anonymous");

    let cases = [
        (token(ONE, "one", -60), "TOKEN_EXPIRED"),
        (token(TWO, "one", 60), "TOKEN_INVALID"),
        (token(TWO, "two", 60), "TOKEN_INVALID"),
        ("nonsense".to_owned(), "TOKEN_INVALID"),
    ];
    for (bad, expected) in cases {
        let response = ask(&gateway, &bad).await;
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
        let (status, code, body) = refusal(response).await;
        assert_eq!((status, code.as_str()), (StatusCode::UNAUTHORIZED, expected));
        assert!(body.get("data").is_none());
    }
}

/// The service gets a new key: the first token signed with it makes the gateway ask again, and no sooner than
/// it may.
#[tokio::test]
async fn keys_are_rotated() {
    let nats = nats().await;
    let keys = Keys::new(Mutex::new(vec![jwk(ONE, "one")]));
    let _auth = auth_service(&nats, &keys).await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "auth"]).await;
    assert_eq!(claims(&gateway, &token(ONE, "one", 60)).await["sub"], "user-1");
    keys.lock().unwrap().push(jwk(TWO, "two"));
    let second = token(TWO, "two", 60);
    let rotated = async {
        while claims(&gateway, &second).await["sub"] != "user-1" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), rotated).await.expect("the new key is found");
    assert_eq!(claims(&gateway, &token(ONE, "one", 60)).await["sub"], "user-1", "the old one still counts");
}

#[tokio::test]
async fn without_the_service_a_token_is_503_and_anonymous_is_served() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let good = token(ONE, "one", 60);
    let (status, code, _) = refusal(ask(&gateway, &good).await).await;
    assert_eq!((status, code.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "AUTH_UNAVAILABLE"));
    gateway.data("{ hello }").await;

    // The keys are found as soon as somebody gives them.
    let keys = Keys::new(Mutex::new(vec![jwk(ONE, "one")]));
    let _auth = auth_service(&nats, &keys).await;
    gateway.serves(&["auth"]).await;
    let recovered = async {
        while claims(&gateway, &good).await["sub"] != "user-1" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), recovered).await.expect("the keys are found");
}

#[tokio::test]
async fn keys_can_be_in_a_file() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({ "keys": [jwk(ONE, "one")] }).to_string()).unwrap();
    let gateway = TestGateway::with(&nats, &format!("--jwks {}", file.path().display()), &["alpha"]).await;
    assert_eq!(claims(&gateway, &token(ONE, "one", 60)).await["sub"], "user-1");
}

/// `alpha` as it would be if it guarded its fields.
const GUARDED: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@authenticated", "@requiresScopes", "@policy"])
scalar JSON
type Query {
  hello(name: String): String!
  caller: JSON @authenticated
  secret: Int @policy(policies: [["insider"]])
  items(ids: [ID!]!): [Item!]!
}
type Item @key(fields: "id") { id: ID! name: String! @requiresScopes(scopes: [["items:read"], ["all"]]) }
"#;

/// A gateway that serves the guarded graph, and the folder that its supergraph lies in.
async fn guarded(nats: &Nats, flags: &str) -> (TestGateway, tempfile::TempDir) {
    let sdl = SubgraphSdl { name: "alpha", url: None, sdl: GUARDED };
    let composition = compose(&[sdl]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    std::fs::write(&file, composition.supergraph.unwrap()).unwrap();
    let flags = format!("--supergraph {} {flags}", file.display());
    let gateway = TestGateway::start(&nats.url_for("gateway"), &flags).await;
    gateway.until(|status| status.ready).await;
    (gateway, folder)
}

async fn as_someone(gateway: &TestGateway, token: Option<&str>, query: &str) -> Value {
    let mut request = gateway.post(&json!({ "query": query }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_schemas_requirements_are_decided_before_anything_is_fetched() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let keys = Keys::new(Mutex::new(vec![jwk(ONE, "one")]));
    let _auth = auth_service(&nats, &keys).await;
    let (gateway, _folder) = guarded(&nats, "").await;
    let query = r#"{ hello me: caller secret items(ids: ["a"]) { id name } }"#;

    let answer = as_someone(&gateway, None, query).await;
    assert_eq!(answer["data"], Value::Null, "Item.name can't be null, and nothing around it can: {answer}");
    let codes: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|it| &it["extensions"]["code"]).collect();
    assert_eq!(codes, ["UNAUTHORIZED_FIELD_OR_TYPE"; 3]);
    assert_eq!(answer["errors"][2]["path"], json!(["items", 0, "name"]));

    let answer = as_someone(&gateway, None, "{ hello me: caller secret }").await;
    assert_eq!(answer["data"], json!({"hello": "hello world", "me": null, "secret": null}));
    // The subgraph's own error never came, since it wasn't asked.
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|it| &it["path"]).collect();
    assert_eq!(paths, [&json!(["me"]), &json!(["secret"])]);

    for scope in [json!({"scope": "other items:read"}), json!({"scope": ["all"]})] {
        let token = token_with(ONE, "one", 60, scope);
        let answer = as_someone(&gateway, Some(&token), query).await;
        assert_eq!(answer["data"]["items"], json!([{"id": "a", "name": "item a"}]), "{answer}");
        assert_eq!(answer["data"]["me"]["claims"]["sub"], "user-1");
        assert_eq!(answer["errors"][0]["path"], json!(["secret"]));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    }
    let insider = token_with(ONE, "one", 60, json!({"policies": ["insider"]}));
    let answer = as_someone(&gateway, Some(&insider), "{ secret }").await;
    assert_eq!(answer["errors"][0]["extensions"]["service"], "alpha", "now it is asked, and fails: {answer}");
    // Once more as at first: a plan for one isn't taken for another.
    assert_eq!(
        as_someone(&gateway, None, "{ secret }").await["errors"][0]["extensions"].get("service"),
        None
    );
}

#[tokio::test]
async fn a_request_for_what_may_not_be_seen_can_be_refused_as_a_whole() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let (gateway, _folder) = guarded(&nats, "--unauthorized-fields refuse").await;
    let (status, code, body) =
        refusal(gateway.post(&json!({ "query": "{ hello me: caller }" })).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "UNAUTHORIZED_FIELD_OR_TYPE"), "{body}");
    assert_eq!(body.get("data"), None);
    let skipped = "{ hello me: caller @skip(if: true) }";
    assert_eq!(gateway.data(skipped).await, json!({"hello": "hello world"}));
    let below = r#"query($no: Boolean!) { hello items(ids: ["a"]) @include(if: $no) { name } }"#;
    let answer = gateway.run_with(below, json!({"no": false})).await;
    assert_eq!(answer, json!({"data": {"hello": "hello world"}}));
    let variable = "query($no: Boolean!) { hello me: caller @include(if: $no) }";
    let answer = gateway.run_with(variable, json!({"no": false})).await;
    assert_eq!(answer, json!({"data": {"hello": "hello world"}}));
}
