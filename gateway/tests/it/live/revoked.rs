//! Sessions that are revoked: what their tokens, and whatever was begun with these, come to.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use auth::RevokedSettings;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use tributary::auth::RevocationState;

use super::streams::Pieces;
use super::wire::Wire;
use super::world::{Socket, World, until};
use crate::auth::{Keys, ONE, auth_service, jwk, token_with};
use crate::support::{Running, TestGateway, refusal};

const MINE: &str = "subscription { mine { id } }";
const BUCKET: &str = "--revoked-bucket AUTH_REVOKED";

/// A world in which sessions can be revoked.
struct Revoking {
    world: World,
    jetstream: jetstream::Context,
    _auth: Running,
}

fn definition() -> stream::Config {
    let keep = Duration::from_secs(900);
    RevokedSettings { bucket: "AUTH_REVOKED".into(), keep, replicas: 1 }.definition()
}

impl Revoking {
    /// Without the bucket.
    async fn start() -> Self {
        let world = World::start().await;
        let keys = Keys::default();
        keys.lock().unwrap().push(jwk(ONE, "one"));
        let auth = auth_service(&world.nats, &keys).await;
        let jetstream = jetstream::new(world.client.clone());
        Self { world, jetstream, _auth: auth }
    }

    async fn make_bucket(&self) {
        self.jetstream.create_stream(definition()).await.unwrap();
    }

    /// With the bucket, and a gateway that has read it.
    async fn with_gateway(flags: &str) -> (Self, TestGateway) {
        let revoking = Self::start().await;
        revoking.make_bucket().await;
        let gateway = revoking.gateway(&format!("{BUCKET} {flags}")).await;
        gateway.takes_tokens().await;
        (revoking, gateway)
    }

    async fn gateway(&self, flags: &str) -> TestGateway {
        TestGateway::with(&self.world.nats, flags, &["orders", "users", "auth"]).await
    }

    /// Returns when the bucket has it; gateways hear it afterwards.
    async fn revoke(&self, sid: &str) {
        let sent = self.jetstream.publish(format!("$KV.AUTH_REVOKED.{sid}"), "".into()).await.unwrap();
        sent.await.unwrap();
    }

    /// Tells an event of somebody's order.
    async fn tell(&self, id: &str) {
        let order = json!({ "__typename": "Order", "id": id, "customerId": "user-1" });
        self.world.orders.tell(id, "placed", order).await;
    }
}

/// A token of that session.
fn token(sid: &str) -> String {
    token_with(ONE, "one", 600, json!({ "sid": sid }))
}

async fn ask(gateway: &TestGateway, token: &str) -> Response {
    gateway.post(&json!({ "query": "{ me { id } }" })).bearer_auth(token).send().await.unwrap()
}

/// The status and code of what a session's token gets.
async fn outcome(gateway: &TestGateway, sid: &str) -> (u16, String) {
    let (status, code, _) = refusal(ask(gateway, &token(sid)).await).await;
    (status.as_u16(), code)
}

async fn is_revoked(gateway: &TestGateway, sid: &str) -> bool {
    outcome(gateway, sid).await == (401, "SESSION_REVOKED".to_owned())
}

fn good() -> (u16, String) {
    (200, String::new())
}

async fn socket(gateway: &TestGateway, sid: &str) -> Socket {
    let mut socket = Socket::open(gateway).await;
    let payload = json!({ "Authorization": format!("Bearer {}", token(sid)) });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket
}

async fn stream(gateway: &TestGateway, sid: &str, accept: &str) -> Pieces {
    let request = gateway.post(&json!({ "query": MINE })).header(header::ACCEPT, accept);
    Pieces::of(request.bearer_auth(token(sid)).send().await.unwrap())
}

fn revoked(errors: &Value) {
    let extensions = &errors[0]["extensions"];
    assert_eq!(extensions["code"], "SESSION_REVOKED", "{errors}");
    assert!(extensions["place"].is_string(), "{errors}");
}

#[tokio::test]
async fn what_a_session_has_ends_with_it_and_other_sessions_go_on() {
    let (revoking, gateway) = Revoking::with_gateway("").await;
    let (mut gone, mut other) = (socket(&gateway, "a").await, socket(&gateway, "b").await);
    for socket in [&mut gone, &mut other] {
        socket.subscribed("s", MINE).await;
        socket.subscribed("t", "subscription { newest { id } }").await;
    }
    let mut events = stream(&gateway, "a", "text/event-stream").await;
    events.event().await;
    let mut parts = stream(&gateway, "a", "multipart/mixed;subscriptionSpec=1.0").await;
    assert_eq!(parts.next("\r\n--graphql").await.unwrap(), "");
    parts.part().await;

    revoking.revoke("a").await;
    let mut ended = [gone.next().await, gone.next().await];
    ended.sort_by_key(|message| message["id"].to_string());
    for (message, id) in ended.iter().zip(["s", "t"]) {
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        revoked(&message["payload"]);
    }
    revoked(&events.result().await.1["errors"]);
    assert_eq!(events.event().await.0, "complete");
    revoked(&parts.part().await["errors"]);

    let refused = ask(&gateway, &token("a")).await;
    assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
    let (status, code, body) = refusal(refused).await;
    assert_eq!((status, &*code, body.get("data")), (StatusCode::UNAUTHORIZED, "SESSION_REVOKED", None));
    for (id, query) in [("u", MINE), ("v", "{ me { id } }")] {
        gone.subscribe(id, query).await;
        assert_eq!(gone.error(id).await[0]["extensions"]["code"], "SESSION_REVOKED");
    }

    assert_eq!(outcome(&gateway, "b").await, good());
    revoking.tell("1").await;
    let mut heard = [other.next().await, other.next().await];
    heard.sort_by_key(|message| message["id"].to_string());
    assert_eq!(heard[0]["payload"]["data"], json!({ "mine": { "id": "1" } }), "{heard:?}");

    // Whoever logs in again goes on with the socket that is open, and that is watched as the first was.
    let fresh = json!({ "Authorization": format!("Bearer {}", token("c")) });
    gone.send(json!({ "type": "ping", "payload": fresh })).await;
    assert_eq!(gone.next().await["payload"]["authorized"], true);
    gone.subscribed("w", MINE).await;
    revoking.revoke("c").await;
    revoked(&gone.error("w").await);
}

/// Its subscription ends when the session does, not when the client reads on.
#[tokio::test]
async fn a_client_that_reads_nothing_hears_no_more_either() {
    let (revoking, gateway) = Revoking::with_gateway("--max-waiting-bytes 4MiB").await;
    let mut quick = Socket::ready(&gateway).await;
    quick.subscribed("s", "subscription { newest { total } }").await;
    let query = json!({ "query": "subscription { newest { total status } }" });
    let request = gateway.post(&query).header(header::ACCEPT, "text/event-stream");
    let mut events = Pieces::of(request.bearer_auth(token("a")).send().await.unwrap());
    events.event().await;
    for number in 0..400 {
        let payload =
            json!({ "__typename": "Order", "id": "1", "status": "x".repeat(100_000), "total": number });
        revoking.world.orders.tell("1", "status", payload).await;
        assert_eq!(quick.result("s").await["data"]["newest"]["total"], number);
    }
    assert_eq!(gateway.gateway.hub().counts().0, 2);
    revoking.revoke("a").await;
    until(async || gateway.gateway.hub().counts().0 == 1).await;
    let errors = loop {
        let (_, result) = events.result().await;
        if let Some(errors) = result.get("errors") {
            break errors.clone();
        }
    };
    revoked(&errors);
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let (revoking, gateway) = Revoking::with_gateway("").await;
    revoking.revoke("a").await;
    until(async || is_revoked(&gateway, "a").await).await;
    let mut socket = Socket::open(&gateway).await;
    let payload = json!({ "Authorization": format!("Bearer {}", token("a")) });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.closed().await, (4403, "Forbidden: The session has ended; log in again".to_owned()));
    let request = gateway.post(&json!({ "query": MINE })).header(header::ACCEPT, "text/event-stream");
    let (status, code, _) = refusal(request.bearer_auth(token("a")).send().await.unwrap()).await;
    assert_eq!((status, &*code), (StatusCode::UNAUTHORIZED, "SESSION_REVOKED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_holds_while_nats_is_away_and_says_how_old_it_is() {
    let (mut revoking, gateway) = Revoking::with_gateway("").await;
    revoking.revoke("a").await;
    until(async || is_revoked(&gateway, "a").await).await;
    revoking.world.nats.kill();
    until(async || !gateway.gateway.readiness().status.connected).await;
    assert!(is_revoked(&gateway, "a").await);
    until(async || gateway.metric("tributary_revocations_age_seconds").await > 1.5).await;
    assert_eq!(gateway.metric("tributary_revoked_sessions").await, 1.0);
    assert_eq!(
        gateway.metric("tributary_revocations_usable").await,
        1.0,
        "it is taken for as long as need be"
    );
    let ready: Value =
        gateway.http.get(gateway.url("/health/ready")).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&ready["revocations"]["state"], &ready["revocations"]["sessions"]),
        (&json!("read"), &json!(1))
    );
    assert!(ready["revocations"]["ageSeconds"].as_f64().unwrap() > 1.5, "{ready}");
    assert!(is_revoked(&gateway, "a").await);
    assert_eq!(outcome(&gateway, "b").await.1, "NATS_UNAVAILABLE", "its token is good");
}

#[tokio::test]
async fn what_is_revoked_while_a_gateway_is_away_is_known_when_it_is_back() {
    let revoking = Revoking::start().await;
    revoking.make_bucket().await;
    let wire = Wire::to(&revoking.world.nats).await;
    let gateway = TestGateway::start(&wire.url(&revoking.world.nats, "gateway"), BUCKET).await;
    gateway.serves(&["orders", "users", "auth"]).await;
    gateway.takes_tokens().await;
    let mut gone = socket(&gateway, "a").await;
    gone.subscribed("s", MINE).await;
    wire.cut();
    until(async || !gateway.gateway.readiness().status.connected).await;
    revoking.revoke("a").await;
    assert!(gone.is_quiet().await);
    wire.mend();
    revoked(&gone.error("s").await);
    assert!(is_revoked(&gateway, "a").await);
}

#[tokio::test]
async fn before_the_bucket_was_read_tokens_have_to_wait_and_anonymous_is_served() {
    let revoking = Revoking::start().await;
    let gateway = revoking.gateway(BUCKET).await;
    let refused = ask(&gateway, &token("a")).await;
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    let (status, code, body) = refusal(refused).await;
    assert_eq!((status, &*code), (StatusCode::SERVICE_UNAVAILABLE, "AUTH_UNAVAILABLE"), "{body}");
    assert_eq!(gateway.data("{ me { id } }").await, json!({ "me": { "id": "u" } }));
    let ready = async || gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
    let unready = ready().await;
    assert_eq!(unready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let unready: Value = unready.json().await.unwrap();
    assert_eq!(unready["revocations"], json!({ "state": "unread", "sessions": 0 }));
    assert_eq!(gateway.metric("tributary_revocations_usable").await, 0.0);

    revoking.make_bucket().await;
    revoking.revoke("b").await;
    gateway.takes_tokens().await;
    assert_eq!(outcome(&gateway, "a").await, good());
    until(async || is_revoked(&gateway, "b").await).await;
    assert_eq!(ready().await.status(), StatusCode::OK);
    assert_eq!(gateway.metric("tributary_revocations_usable").await, 1.0);
}

#[tokio::test]
async fn a_gateway_that_starts_later_knows_what_was_revoked_before() {
    let (revoking, first) = Revoking::with_gateway("").await;
    for number in 0..500 {
        revoking.revoke(&format!("s{number}")).await;
    }
    first.running.stop().await;
    let gateway = revoking.gateway(BUCKET).await;
    gateway.takes_tokens().await;
    assert_eq!(gateway.gateway.readiness().revocations.unwrap().sessions, 500);
    assert!(is_revoked(&gateway, "s0").await && is_revoked(&gateway, "s499").await);
    assert_eq!(outcome(&gateway, "s500").await, good());
}

#[tokio::test]
async fn a_bucket_that_was_made_anew_is_read_again_and_nothing_is_taken_back() {
    let (revoking, gateway) = Revoking::with_gateway("").await;
    revoking.revoke("a").await;
    until(async || is_revoked(&gateway, "a").await).await;
    let bucket = revoking.jetstream.get_key_value("AUTH_REVOKED").await.unwrap();
    bucket.delete("a").await.unwrap();
    revoking.jetstream.delete_stream("KV_AUTH_REVOKED").await.unwrap();
    revoking.make_bucket().await;
    revoking.revoke("b").await;
    until(async || is_revoked(&gateway, "b").await).await;
    assert!(is_revoked(&gateway, "a").await);
    assert_eq!(outcome(&gateway, "c").await, good());
}

#[tokio::test]
async fn what_is_too_old_is_not_believed_where_that_is_set() {
    let (revoking, gateway) = Revoking::with_gateway("--revoked-max-age 3s").await;
    let mut open = socket(&gateway, "a").await;
    open.subscribed("s", MINE).await;
    revoking.jetstream.delete_stream("KV_AUTH_REVOKED").await.unwrap();
    let error = open.error("s").await;
    assert_eq!(error[0]["extensions"]["code"], "AUTH_UNAVAILABLE", "{error}");
    assert_eq!(error[0]["extensions"]["setting"], "--revoked-max-age", "{error}");
    assert!(error[0]["extensions"]["place"].is_string(), "{error}");
    assert_eq!(outcome(&gateway, "a").await, (503, "AUTH_UNAVAILABLE".to_owned()));
    assert_eq!(gateway.data("{ me { id } }").await, json!({ "me": { "id": "u" } }), "anonymous is served");
    let readiness = gateway.gateway.readiness();
    assert_eq!(readiness.revocations.unwrap().state, RevocationState::TooOld);
    assert!(!readiness.status.ready);

    revoking.make_bucket().await;
    gateway.takes_tokens().await;
    assert_eq!(outcome(&gateway, "a").await, good());
    // The socket is watched again, though nobody brought a token.
    open.subscribed("t", MINE).await;
    revoking.revoke("a").await;
    revoked(&open.error("t").await);
}

#[tokio::test]
async fn tokens_without_a_session_are_refused_unless_that_is_allowed() {
    let (revoking, gateway) = Revoking::with_gateway("").await;
    let without = token_with(ONE, "one", 600, json!({}));
    let (status, code, body) = refusal(ask(&gateway, &without).await).await;
    assert_eq!((status, &*code), (StatusCode::UNAUTHORIZED, "TOKEN_INVALID"), "{body}");
    gateway.running.stop().await;

    let flags = format!("{BUCKET} --accept-tokens-without-session --session-claim session_state");
    let gateway = revoking.gateway(&flags).await;
    gateway.takes_tokens().await;
    assert_eq!(ask(&gateway, &without).await.status(), StatusCode::OK);
    revoking.revoke("a").await;
    let named = token_with(ONE, "one", 600, json!({ "session_state": "a" }));
    until(async || ask(&gateway, &named).await.status() == StatusCode::UNAUTHORIZED).await;
    assert_eq!(outcome(&gateway, "a").await, good(), "its `sid` says nothing there");
}

#[tokio::test]
async fn more_than_a_gateway_may_remember_is_told_and_not_forgotten() {
    let revoking = Revoking::start().await;
    let few = stream::Config { max_age: Duration::from_secs(2), ..definition() };
    revoking.jetstream.create_stream(few).await.unwrap();
    let gateway = revoking.gateway(&format!("{BUCKET} --max-revoked-sessions 1")).await;
    gateway.takes_tokens().await;
    for sid in ["a", "b"] {
        revoking.revoke(sid).await;
    }
    gateway.turns(RevocationState::TooMany).await;
    let (status, code, body) = refusal(ask(&gateway, &token("c")).await).await;
    assert_eq!((status, &*code), (StatusCode::SERVICE_UNAVAILABLE, "AUTH_UNAVAILABLE"));
    assert_eq!(body["errors"][0]["extensions"]["setting"], "--max-revoked-sessions");
    // They go with their tokens.
    gateway.takes_tokens().await;
    assert_eq!(outcome(&gateway, "c").await, good());
}

#[tokio::test]
async fn without_a_bucket_nothing_is_said_of_it() {
    let revoking = Revoking::start().await;
    let gateway = revoking.gateway("").await;
    assert_eq!(outcome(&gateway, "a").await, good());
    assert!(gateway.gateway.readiness().revocations.is_none());
    assert!(!gateway.metrics().await.contains("revo"));
}
