//! What one request gets: a result, or the right failure.

use std::time::Duration;

use async_nats::HeaderMap;
use serde_json::json;
use tributary_protocol::{FailureCode, QuerySubject, RequestHead, header};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Probe, Running, Schema, schema};

struct Scene {
    gateway: Gateway,
    subject: QuerySubject,
    probe: Probe,
    running: Running,
    _nats: Nats,
}

async fn scene(set: impl FnOnce(Subgraph<Schema>) -> Subgraph<Schema>) -> Scene {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (schema, probe) = schema();
    let running =
        Running::start("alpha", &nats.url_for("alpha"), set(Subgraph::new("alpha", schema)), &mut gateway)
            .await;
    let subject = gateway.find("alpha").await.subject;
    Scene { gateway, subject, probe, running, _nats: nats }
}

fn head(timeout: Duration) -> RequestHead {
    RequestHead { timeout: Some(timeout), ..RequestHead::default() }
}

impl Scene {
    async fn ask(&self, query: &str) -> Result<serde_json::Value, tributary_protocol::Failure> {
        self.gateway.ask(&self.subject, RequestHead::default(), query).await
    }
}

#[tokio::test]
async fn a_result_says_which_instance_answered() {
    let scene = scene(|subgraph| subgraph).await;
    let mut request =
        scene.gateway.start(&scene.subject, RequestHead::default(), "{ echo(text: \"ü\") }").await;
    let (message, payload) = request.reply().await.unwrap();
    assert_eq!(&payload[..], "{\"data\":{\"echo\":\"ü\"}}".as_bytes());
    let instance = header::get(message.headers.as_ref().unwrap(), header::INSTANCE);
    assert_eq!(instance, Some(scene.gateway.find("alpha").await.instance.as_str()));
    scene.running.stop().await;
}

#[tokio::test]
async fn a_resolvers_error_is_a_result() {
    let scene = scene(|subgraph| subgraph).await;
    let mut request = scene.gateway.start(&scene.subject, RequestHead::default(), "{ refuse }").await;
    let (_, payload) = request.reply().await.unwrap();
    let result: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(result["errors"][0]["message"], "not today");
}

#[tokio::test]
async fn one_more_than_may_run_is_busy_at_once() {
    let scene = scene(|subgraph| subgraph.concurrency(1)).await;
    let first = scene.gateway.start(&scene.subject, RequestHead::default(), "{ wait }").await;
    scene.probe.started.acquire().await.unwrap().forget();
    let failure = scene.ask("{ echo(text: \"a\") }").await.unwrap_err();
    assert_eq!(failure.code, FailureCode::Busy);
    assert!(failure.not_executed());
    scene.probe.release.add_permits(1);
    assert_eq!(first.result().await, Ok(json!({ "wait": true })));
    assert_eq!(scene.ask("{ echo(text: \"a\") }").await, Ok(json!({ "echo": "a" })));
}

#[tokio::test]
async fn a_request_that_comes_too_late_is_not_executed() {
    let scene = scene(|subgraph| subgraph).await;
    let asked = scene.gateway.ask(&scene.subject, head(Duration::ZERO), "mutation { count }").await;
    let failure = asked.unwrap_err();
    assert_eq!(failure.code, FailureCode::DeadlinePassed);
    assert!(failure.not_executed());
    assert_eq!(scene.probe.counted.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn running_resolvers_are_cancelled_when_the_deadline_passes() {
    let scene = scene(|subgraph| subgraph.concurrency(1)).await;
    let asked = scene.gateway.ask(&scene.subject, head(Duration::from_millis(50)), "{ wait }").await;
    let failure = asked.unwrap_err();
    assert_eq!(failure.code, FailureCode::Failed, "it had started, so 408 would promise too much");
    assert!(!failure.not_executed());
    scene.probe.cancelled.acquire().await.unwrap().forget();
    assert_eq!(
        scene.ask("{ echo(text: \"a\") }").await,
        Ok(json!({ "echo": "a" })),
        "its place is free again"
    );
}

#[tokio::test]
async fn a_request_without_a_deadline_gets_the_default_one() {
    let scene = scene(|subgraph| subgraph.default_timeout(Duration::from_millis(50))).await;
    assert_eq!(scene.ask("{ wait }").await.unwrap_err().code, FailureCode::Failed);
}

#[tokio::test]
async fn a_huge_deadline_is_no_overflow() {
    let scene = scene(|subgraph| subgraph).await;
    let asked = scene
        .gateway
        .ask(&scene.subject, head(Duration::from_millis(u64::MAX)), "{ echo(text: \"a\") }")
        .await;
    assert_eq!(asked, Ok(json!({ "echo": "a" })));
}

#[tokio::test]
async fn a_panic_is_a_failure_and_not_the_end() {
    let scene = scene(|subgraph| subgraph).await;
    let failure = scene.ask("{ boom }").await.unwrap_err();
    assert_eq!(failure.code, FailureCode::Failed);
    assert!(failure.message.contains("out of cheese"), "{failure}");
    assert_eq!(scene.ask("{ echo(text: \"a\") }").await, Ok(json!({ "echo": "a" })));
}

#[tokio::test]
async fn a_panic_before_the_operation_is_a_failure_too() {
    let scene = scene(|subgraph| subgraph.prepare(|_| panic!("out of cheese"))).await;
    assert_eq!(scene.ask("{ echo(text: \"a\") }").await.unwrap_err().code, FailureCode::Failed);
}

#[tokio::test]
async fn what_is_prepared_is_there() {
    let identity = tributary_protocol::Identity::new(
        json!({ "sub": "u1", "role": "test" }).as_object().cloned().unwrap(),
    );
    let scene = scene(move |subgraph| subgraph.prepare(move |request| request.data(identity.clone()))).await;
    assert_eq!(scene.ask("{ identity }").await, Ok(json!({ "identity": "u1 is test" })));
}

#[tokio::test]
async fn what_cannot_be_read_is_malformed() {
    let scene = scene(|subgraph| subgraph).await;
    for body in ["", "{", "null", "[]", "{}", "{\"query\": 7}", "\u{0}"] {
        let request = scene.gateway.send(&scene.subject, HeaderMap::new(), body.into()).await;
        let failure = request.result().await.expect_err(body);
        assert_eq!(failure.code, FailureCode::Malformed, "{body:?}");
        assert!(failure.not_executed());
    }
    for (name, value) in [
        (header::TIMEOUT_MS, "soon"),
        (header::IDENTITY, "bnVsbA"),
        (header::PART, "0/3"),
        (header::PART, "2/3"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name, value);
        let body = "{\"query\": \"{ echo(text: \\\"a\\\") }\"}";
        let failure =
            scene.gateway.send(&scene.subject, headers, body.into()).await.result().await.expect_err(value);
        assert_eq!(failure.code, FailureCode::Malformed, "{name}: {value}");
    }
}

#[tokio::test]
async fn subscriptions_are_not_run_as_queries() {
    let scene = scene(|subgraph| subgraph).await;
    let mut request = scene.gateway.start(&scene.subject, RequestHead::default(), "subscription { a }").await;
    let (_, payload) = request.reply().await.unwrap();
    let result: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert!(result["errors"][0]["message"].is_string(), "{result}");
}
