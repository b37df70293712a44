//! Payloads over `max_payload`, in both directions.

use async_nats::HeaderMap;
use bytes::Bytes;
use serde_json::json;
use tributary_protocol::parts::{Limits, Part, split};
use tributary_protocol::{ControlSubject, FailureCode, QuerySubject, RequestHead, Token, header};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Running, Schema, SmallServer, schema};

const SMALL: usize = 4096;

struct Scene {
    gateway: Gateway,
    subject: QuerySubject,
    _running: Running,
}

async fn scene(
    gateway: &str,
    subgraph: &str,
    set: impl FnOnce(Subgraph<Schema>) -> Subgraph<Schema>,
) -> Scene {
    let mut gateway = Gateway::connect(gateway).await;
    let running =
        Running::start("alpha", subgraph, set(Subgraph::new("alpha", schema().0)), &mut gateway).await;
    let subject = gateway.find("alpha").await.subject;
    Scene { gateway, subject, _running: running }
}

async fn small_scene(server: &SmallServer) -> Scene {
    scene(&server.url(), &server.url(), |subgraph| subgraph).await
}

fn accepting() -> RequestHead {
    RequestHead { accepts_parts: true, ..RequestHead::default() }
}

/// A request whose text makes it as long as wanted, in parts.
fn request(text: usize, max_payload: usize) -> Vec<Part> {
    let body = json!({ "query": "query($text: String!) { length(text: $text) }", "variables": { "text": "y".repeat(text) } });
    let mut headers = HeaderMap::new();
    accepting().write(&mut headers);
    split(headers, body.to_string().into(), Limits::new(max_payload)).unwrap()
}

impl Scene {
    /// Sends the first part, and returns the request with the subject for the others.
    async fn begin(&self, parts: &[Part]) -> (crate::support::Request, ControlSubject) {
        let mut request =
            self.gateway.send(&self.subject, parts[0].headers.clone(), parts[0].payload.clone()).await;
        let invitation = request.next().await;
        assert!(invitation.payload.is_empty());
        let headers = invitation.headers.unwrap();
        let token = |name| Token::new(header::get(&headers, name).unwrap()).unwrap();
        let control = ControlSubject {
            name: self.subject.name.clone(),
            instance: token(header::INSTANCE),
            token: token(header::CONTROL),
        };
        (request, control)
    }

    async fn send(&self, control: &ControlSubject, part: &Part) {
        let sent = self.gateway.client.publish_with_headers(
            control.to_string(),
            part.headers.clone(),
            part.payload.clone(),
        );
        sent.await.unwrap();
    }
}

#[tokio::test]
async fn a_large_reply_comes_in_parts() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let answer = scene.gateway.ask(&scene.subject, accepting(), "{ large(bytes: 100000) }").await.unwrap();
    assert_eq!(answer["large"].as_str().unwrap().len(), 100_000);
}

#[tokio::test]
async fn a_reply_that_just_fits_is_not_cut() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    for bytes in SMALL - 120..SMALL {
        let query = format!("{{ large(bytes: {bytes}) }}");
        let answer = scene.gateway.ask(&scene.subject, accepting(), &query).await.unwrap();
        assert_eq!(answer["large"].as_str().unwrap().len(), bytes);
    }
}

#[tokio::test]
async fn who_takes_no_parts_gets_413_naming_the_limit() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let failure = scene
        .gateway
        .ask(&scene.subject, RequestHead::default(), "{ large(bytes: 100000) }")
        .await
        .unwrap_err();
    assert_eq!(failure.code, FailureCode::TooLarge);
    assert!(failure.message.contains("4096"), "{failure}");
    assert!(!failure.not_executed(), "the operation did run");
}

#[tokio::test]
async fn parts_stay_small_on_a_server_that_takes_more() {
    let nats = Nats::start();
    let scene = scene(&nats.url_for("gateway"), &nats.url_for("alpha"), |subgraph| subgraph).await;
    let mut request = scene.gateway.start(&scene.subject, accepting(), "{ large(bytes: 3000000) }").await;
    let first = request.next().await;
    assert!(first.length <= 512 * 1024 + 200, "{}", first.length);
    assert_eq!(header::get(first.headers.as_ref().unwrap(), header::PART), Some("1/6"));
}

#[tokio::test]
async fn a_reply_over_the_total_limit_is_refused_by_its_setting() {
    let server = SmallServer::start(SMALL);
    let scene = scene(&server.url(), &server.url(), |subgraph| subgraph.max_parts_total(50_000)).await;
    let failure =
        scene.gateway.ask(&scene.subject, accepting(), "{ large(bytes: 100000) }").await.unwrap_err();
    assert_eq!(failure.code, FailureCode::TooLarge);
    assert!(failure.message.contains("max_parts_total"), "{failure}");
}

#[tokio::test]
async fn a_large_request_comes_in_parts() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let parts = request(50_000, SMALL);
    let (request, control) = scene.begin(&parts).await;
    for part in &parts[1..] {
        scene.send(&control, part).await;
    }
    assert_eq!(request.result().await, Ok(json!({ "length": 50_000 })));
}

#[tokio::test]
async fn a_large_request_under_rights() {
    let nats = Nats::start();
    let scene = scene(&nats.url_for("gateway"), &nats.url_for("alpha"), |subgraph| subgraph).await;
    let parts = request(2_000_000, 1024 * 1024);
    let (request, control) = scene.begin(&parts).await;
    for part in &parts[1..] {
        scene.send(&control, part).await;
    }
    assert_eq!(request.result().await, Ok(json!({ "length": 2_000_000 })));
}

#[tokio::test]
async fn a_missing_or_repeated_part_is_an_error_at_once() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let parts = request(50_000, SMALL);
    for wrong in [0, 2] {
        let (request, control) = scene.begin(&parts).await;
        scene.send(&control, &parts[wrong]).await;
        let failure = request.result().await.unwrap_err();
        assert_eq!(failure.code, FailureCode::Malformed);
        assert!(failure.not_executed());
        assert!(failure.message.contains("instead of part 2/"), "{failure}");
    }
}

#[tokio::test]
async fn a_control_message_without_number_is_an_error() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let (request, control) = scene.begin(&request(50_000, SMALL)).await;
    scene.gateway.client.publish(control.to_string(), Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(request.result().await.unwrap_err().code, FailureCode::Malformed);
}

#[tokio::test]
async fn a_request_over_the_total_limit_is_not_executed() {
    let server = SmallServer::start(SMALL);
    let scene = scene(&server.url(), &server.url(), |subgraph| subgraph.max_parts_total(10_000)).await;
    let parts = request(50_000, SMALL);
    let (request, control) = scene.begin(&parts).await;
    for part in &parts[1..4] {
        scene.send(&control, part).await;
    }
    let failure = request.result().await.unwrap_err();
    assert_eq!(failure.code, FailureCode::TooLarge);
    assert!(failure.not_executed());
}

#[tokio::test]
async fn requests_in_parts_do_not_mix() {
    let server = SmallServer::start(SMALL);
    let scene = small_scene(&server).await;
    let (one, other) = (request(30_000, SMALL), request(40_000, SMALL));
    let (first, first_control) = scene.begin(&one).await;
    let (second, second_control) = scene.begin(&other).await;
    for n in 1..one.len().max(other.len()) {
        for (parts, control) in [(&one, &first_control), (&other, &second_control)] {
            if let Some(part) = parts.get(n) {
                scene.send(control, part).await;
            }
        }
    }
    assert_eq!(first.result().await, Ok(json!({ "length": 30_000 })));
    assert_eq!(second.result().await, Ok(json!({ "length": 40_000 })));
}
