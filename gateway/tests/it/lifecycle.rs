//! Beginnings and ends: NATS that is down, clients that leave, signals to stop, what is required.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    net::raw,
    support::{PATIENCE, TestGateway, nats, process::GatewayProcess, refusal, subgraphs},
};

async fn status_and_code(gateway: &TestGateway) -> (StatusCode, String) {
    let response = gateway.post(&json!({ "query": "{ hello }" })).send().await.unwrap();
    let (status, code, _) = refusal(response).await;
    (status, code)
}

/// NATS isn't there at first, comes, goes and comes again; the gateway is never restarted.
#[tokio::test]
async fn a_gateway_outlives_its_nats() {
    let mut nats = nats().await;
    let url = nats.url_for("gateway");
    nats.kill();

    let gateway = TestGateway::start(&url, "").await;
    let live = gateway.http.get(gateway.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status_and_code(&gateway).await, (StatusCode::SERVICE_UNAVAILABLE, "NATS_UNAVAILABLE".into()));

    nats.restart();
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    gateway.serves(&["alpha"]).await;
    gateway.data("{ hello }").await;

    nats.kill();
    gateway.until(|status| !status.connected).await;
    let down = async {
        while status_and_code(&gateway).await.0 != StatusCode::SERVICE_UNAVAILABLE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, down).await.expect("a longer loss is told");
    assert_eq!(status_and_code(&gateway).await.1, "NATS_UNAVAILABLE");

    nats.restart();
    gateway.until(|status| status.connected && status.subgraphs["alpha"].subject.is_some()).await;
    let recovered = async {
        while status_and_code(&gateway).await != (StatusCode::OK, String::new()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, recovered).await.expect("it recovers by itself");
}

#[tokio::test]
async fn without_subgraphs_there_is_no_graph() {
    let nats = nats().await;
    let gateway = TestGateway::start(&nats.url_for("gateway"), "").await;
    gateway.until(|status| status.connected).await;
    assert_eq!(
        status_and_code(&gateway).await,
        (StatusCode::SERVICE_UNAVAILABLE, "GRAPH_UNAVAILABLE".into())
    );
}

#[tokio::test]
async fn readiness_waits_for_what_is_required() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::start(&nats.url_for("gateway"), "--require alpha,beta").await;
    gateway.until(|status| status.subgraphs.contains_key("alpha") && status.generation > 0).await;
    let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json::<Value>().await.unwrap()["missing"], json!(["beta"]));

    let _beta = subgraphs::beta(&nats).await;
    gateway.until(|status| status.ready).await;
    let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
}

/// Operations in use are planned on a new supergraph before it is served, so that nobody waits for that.
#[tokio::test]
async fn hot_operations_are_planned_before_the_swap() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    gateway.data("{ hello }").await;
    let _beta = subgraphs::beta(&nats).await;
    gateway.serves(&["alpha", "beta"]).await;
    let misses = gateway.metric("tributary_plan_cache_misses_total").await;
    assert_eq!(misses, 2.0, "one for each supergraph");
    gateway.data("{ hello }").await;
    assert_eq!(gateway.metric("tributary_plan_cache_misses_total").await, misses);
    assert_eq!(gateway.metric("tributary_plan_cache_hits_total").await, 1.0);
}

/// A bad SDL is told at /health/ready, and the others go on.
#[tokio::test]
async fn what_does_not_compose_is_told_and_left_out() {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    struct Conflicting;
    #[Object(name = "Query")]
    impl Conflicting {
        async fn hello(&self) -> i32 {
            1
        }
    }
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let _bad =
        subgraphs::serve(&nats, "gamma", Schema::build(Conflicting, EmptyMutation, EmptySubscription)).await;
    gateway.until(|status| !status.diagnostics.is_empty()).await;
    let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "the last good graph is served");
    let body: Value = ready.json().await.unwrap();
    assert!(body["diagnostics"].to_string().contains("gamma"), "{body}");
    assert_eq!(gateway.data("{ hello }").await["hello"], "hello world");
}

/// What is no GraphQL at all harms nobody else either, at the start and while the gateway runs.
#[tokio::test]
async fn what_does_not_parse_is_told_and_left_out() {
    let nats = nats().await;
    let gamma = raw::client(&nats, "gamma").await;
    let _gamma = raw::serve(&gamma, "gamma", "type Query { unfinished: ").await;
    let _announced = raw::announce(&gamma, raw::info("gamma", "graphql.gamma", "q")).await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    for _start in 0..2 {
        let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
        gateway.until(|status| status.diagnostics.len() > 1).await;
        let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
        let body: Value = ready.json().await.unwrap();
        let diagnostics = body["diagnostics"].as_array().unwrap();
        assert!(diagnostics.iter().all(|found| found["subgraph"] == "gamma"), "{body}");
        assert!(diagnostics.iter().any(|found| found["code"] == "INVALID_GRAPHQL"), "{body}");
        assert_eq!(body["ready"], true, "{body}");
        assert_eq!(gateway.data("{ hello }").await["hello"], "hello world");
        gateway.running.stop().await;
    }
}

/// Nothing of the gateway waits for what a client wanted that has left: its fetch is dropped.
#[tokio::test]
async fn a_client_that_leaves_cancels_what_runs() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let request = tokio::spawn(gateway.post(&json!({ "query": "{ slow(ms: 60000) }" })).send());
    events.until_started(1).await;
    assert_eq!(gateway.metric("tributary_fetches_waiting").await, 1.0);
    request.abort();
    let ended = async {
        while gateway.metric("tributary_requests_abandoned_total").await < 1.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, ended).await.expect("the request ends with its client");
    assert_eq!(gateway.metric("tributary_fetches_waiting").await, 0.0);
    assert_eq!(gateway.metric("tributary_requests_in_flight").await, 0.0);
}

/// After the signal running requests are answered and no connection is accepted.
#[tokio::test]
async fn a_stop_drains() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let mut gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let running = tokio::spawn(gateway.post(&json!({ "query": "{ slow(ms: 1000) }" })).send());
    events.until_started(1).await;
    gateway.running.begin_stop();
    let answer: Value = running.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "data": { "slow": true } }));
    let readiness = gateway.gateway.readiness();
    assert!(readiness.draining && !readiness.status.ready);
    gateway.running.stop().await;
    assert!(reqwest::get(format!("http://{}/health/live", gateway.address)).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = TestGateway::with(&nats, "--drain-timeout 200ms", &["alpha"]).await;
    let running = tokio::spawn(gateway.post(&json!({ "query": "{ slow(ms: 60000) }" })).send());
    events.until_started(1).await;
    timeout(Duration::from_secs(10), gateway.running.stop()).await.expect("the stop has an end");
    running.abort();
}

/// Systems begin programs with room for a thousand clients.
#[tokio::test]
async fn as_many_files_are_opened_as_the_system_allows() {
    let nats = nats().await;
    let gateway = GatewayProcess::start_in("ulimit -Sn 100; exec \"$@\"", &nats, &[]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.pid())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = files.split_whitespace().skip(3).take(2).collect::<Vec<_>>()[..] else { panic!() };
    assert!(soft == hard && soft != "100", "{files}");
}
