//! Subscriptions over HTTP: server-sent events, and Apollo's multipart protocol.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::world::{World, place, until};
use crate::auth::{Keys, ONE, auth_service, jwk, token};
use crate::support::{PATIENCE, TestGateway, refusal};

const QUERY: &str = "subscription { orderUpdated { id status } }";
const EVENTS: &str = "text/event-stream";
const PARTS: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";

/// What comes in an answer, cut at a text.
pub struct Pieces {
    chunks: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
}

impl Pieces {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self { chunks: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The text up to the next cut; `None`: the answer has ended.
    pub async fn next(&mut self, cut: &str) -> Option<String> {
        loop {
            if let Some((piece, rest)) = self.text.split_once(cut) {
                let piece = piece.to_owned();
                self.text = rest.to_owned();
                return Some(piece);
            }
            let chunk = timeout(PATIENCE, self.chunks.next()).await.expect("something in time");
            self.text += std::str::from_utf8(&chunk?.unwrap()).unwrap();
        }
    }

    /// The name, id and data of the next event that has any of them.
    pub async fn event(&mut self) -> (String, String, String) {
        loop {
            let block = self.next("\n\n").await.expect("an event");
            let field = |name: &str| {
                let value = block.lines().find_map(|line| line.strip_prefix(name));
                value.map(|value| value.trim().to_owned()).unwrap_or_default()
            };
            if block != ":" {
                return (field("event:"), field("id:"), field("data:"));
            }
        }
    }

    /// The id of the next event, and the result that it brings.
    pub async fn result(&mut self) -> (String, Value) {
        let (event, id, data) = self.event().await;
        assert_eq!(event, "next", "{data}");
        (id, serde_json::from_str(&data).unwrap())
    }

    /// The next part.
    pub async fn part(&mut self) -> Value {
        let part = self.next("\r\n--graphql").await.expect("a part");
        let json = part.strip_prefix("\r\ncontent-type: application/json\r\n\r\n");
        serde_json::from_str(json.unwrap_or_else(|| panic!("{part:?}"))).unwrap()
    }
}

async fn open(gateway: &TestGateway, accept: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = gateway.post(&json!({"query": QUERY})).header(header::ACCEPT, accept);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn events_come_as_events_and_the_last_id_is_gone_on_from() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let response = open(&gateway, EVENTS, &[]).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let mut events = Pieces::of(response);
    assert_eq!(events.next("\n\n").await.unwrap(), ":", "the answer begins at once");
    let (name, begun, data) = events.event().await;
    assert_eq!((&*name, &*data), ("", ""), "only a place");
    for id in ["1", "2"] {
        world.orders.order(id, "new").await;
        let (last, result) = events.result().await;
        assert_eq!(result["data"], json!({"orderUpdated": {"id": id, "status": "new"}}));
        assert_eq!(last, place(&result));
    }
    drop(events);
    until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    let mut again = Pieces::of(open(&gateway, EVENTS, &[("last-event-id", &begun)]).await);
    for id in ["1", "2"] {
        assert_eq!(again.result().await.1["data"]["orderUpdated"]["id"], id);
    }
    let (name, _, data) = again.event().await;
    assert_eq!((&*name, &*data), ("", ""), "only a place: it has what it missed");
    world.orders.order("3", "new").await;
    assert_eq!(again.result().await.1["data"]["orderUpdated"]["id"], "3");
}

#[tokio::test]
async fn a_get_can_subscribe_and_query_but_change_nothing() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let get = async |query: &str| gateway.get(query).header(header::ACCEPT, EVENTS).send().await.unwrap();
    let mut events = Pieces::of(get(QUERY).await);
    events.event().await;
    world.orders.order("1", "new").await;
    assert_eq!(events.result().await.1["data"]["orderUpdated"]["id"], "1");
    let mut once = Pieces::of(get("{ me { id } }").await);
    assert_eq!(once.result().await.1, json!({"data": {"me": {"id": "u"}}}));
    assert_eq!(once.event().await.0, "complete");
    assert_eq!(once.next("\n\n").await, None);
    let (status, code, _) = refusal(get("mutation { touch(id: 1) { id } }").await).await;
    assert_eq!((status, &*code), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
}

/// As Apollo's router does: its client reads parts where the answer goes on, and JSON otherwise.
#[tokio::test]
async fn what_needs_no_stream_is_answered_in_one_piece_where_that_is_taken() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let kind = async |accept: &str, query: &str| {
        let request = gateway.post(&json!({ "query": query })).header(header::ACCEPT, accept);
        let response = request.send().await.unwrap();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (kind, response.text().await.unwrap())
    };
    let urqls = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
    // The text alone doesn't tell: what is meant is known when it is prepared.
    let mentions = "query A { me { id } } # subscription";
    for (accept, media) in [(PARTS, "application/json"), (urqls, "application/graphql-response+json")] {
        for query in ["{ me { id } }", mentions] {
            let (kind, body) = kind(accept, query).await;
            assert_eq!(kind, format!("{media}; charset=utf-8"), "{query}");
            assert_eq!(body, r#"{"data":{"me":{"id":"u"}}}"#);
        }
        let mutation = "mutation { touch(id: 1) { id } } # subscription";
        assert_eq!(kind(accept, mutation).await.1, r#"{"data":{"touch":{"id":"1"}}}"#);
    }
    let deferred = "{ me { id ... @defer { name } } } # subscription";
    assert!(kind(urqls, deferred).await.0.starts_with("multipart/mixed"));
    // Who takes nothing else gets the form that it asks for.
    assert_eq!(kind(EVENTS, "{ me { id } }").await.0, "text/event-stream; charset=utf-8");
    let only_parts = "multipart/mixed;subscriptionSpec=1.0";
    assert!(kind(only_parts, "{ me { id } }").await.0.starts_with("multipart/mixed"));
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_told_before_anything_begins() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let nothing = json!({"query": "subscription { nothing }"});
    let request = gateway.post(&nothing).header(header::ACCEPT, PARTS);
    let (status, code, _) = refusal(request.send().await.unwrap()).await;
    assert_eq!((status, &*code), (StatusCode::OK, "GRAPHQL_VALIDATION_FAILED"));
    // A client of events that is told 200 reads events.
    let request = gateway.post(&nothing).header(header::ACCEPT, EVENTS);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    let mut events = Pieces::of(response);
    let (_, result) = events.result().await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{result}");
    assert_eq!(events.event().await.0, "complete");
    assert_eq!(events.next("\n\n").await, None);
    let gone = "AQAAAAAAAAAAAAAAAAAAAAA";
    let (status, code, _) = refusal(open(&gateway, EVENTS, &[("last-event-id", gone)]).await).await;
    assert_eq!((status, &*code), (StatusCode::GONE, "RESUME_GAP"));
    let (status, code, body) = refusal(gateway.post(&json!({"query": QUERY})).send().await.unwrap()).await;
    assert_eq!((status, &*code), (StatusCode::OK, "SUBSCRIPTION_UNSUPPORTED"), "{body}");
}

#[tokio::test]
async fn quiet_answers_say_that_they_are_there() {
    let world = World::start().await;
    let gateway = world.gateway("--keep-alive 50ms").await;
    let mut events = Pieces::of(open(&gateway, EVENTS, &[]).await);
    events.event().await;
    for _ in 0..3 {
        assert_eq!(events.next("\n\n").await.unwrap(), ":");
    }
    let mut parts = Pieces::of(open(&gateway, PARTS, &[]).await);
    assert_eq!(parts.next("\r\n--graphql").await.unwrap(), "");
    let place = parts.part().await;
    assert!(place["extensions"]["place"].is_string(), "{place}");
    for _ in 0..3 {
        assert_eq!(parts.part().await, json!({}));
    }
}

#[tokio::test]
async fn parts_come_as_apollos_clients_read_them() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let response = open(&gateway, PARTS, &[]).await;
    let content_type = r#"multipart/mixed; boundary="graphql"; subscriptionSpec=1.0"#;
    assert_eq!(response.headers()[header::CONTENT_TYPE], content_type);
    let mut parts = Pieces::of(response);
    assert_eq!(parts.next("\r\n--graphql").await.unwrap(), "");
    parts.part().await;
    world.orders.order("1", "new").await;
    let part = parts.part().await;
    assert_eq!(part["payload"]["data"], json!({"orderUpdated": {"id": "1", "status": "new"}}));
    place(&part["payload"]);
}

#[tokio::test]
async fn a_gateway_that_stops_ends_answers_that_would_go_on() {
    let world = World::start().await;
    let mut gateway = world.gateway("--drain-timeout 20s").await;
    let mut events = Pieces::of(open(&gateway, EVENTS, &[]).await);
    events.event().await;
    gateway.running.begin_stop();
    assert_eq!(events.next("\n\n").await, None, "without an end, so that clients come back");
    let stopped = timeout(Duration::from_secs(10), gateway.running.stop());
    stopped.await.expect("sooner than --drain-timeout");
}

#[tokio::test]
async fn an_expired_token_ends_the_stream() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let gateway = TestGateway::with(&world.nats, "--jwt-leeway 1ms", &["orders", "users", "auth"]).await;
    let request = gateway.post(&json!({"query": "subscription { mine { id } }"}));
    let request = request.header(header::ACCEPT, EVENTS).bearer_auth(token(ONE, "one", 3));
    let mut events = Pieces::of(request.send().await.unwrap());
    events.event().await;
    let (_, result) = events.result().await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "TOKEN_EXPIRED", "{result}");
    assert!(result["errors"][0]["extensions"]["place"].is_string(), "{result}");
    assert_eq!(events.event().await.0, "complete");
}
