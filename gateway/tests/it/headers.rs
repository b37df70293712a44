//! What subgraphs are told about a request, and what clients can't tell them.

use serde_json::{Value, json};

use crate::support::{TestGateway, nats, subgraphs};

async fn caller(request: reqwest::RequestBuilder) -> Value {
    let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    let data = answer["data"].take();
    data.as_object().unwrap().values().next().unwrap().clone()
}

#[tokio::test]
async fn the_client_is_who_the_network_says() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let query = json!({ "query": "{ caller }" });
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let forged = |gateway: &TestGateway| {
        gateway
            .post(&query)
            .header("x-forwarded-for", "203.0.113.7")
            .header("user-agent", "test/1")
            .header("graphql-client-address", "198.51.100.1")
            .header("graphql-identity", "eyJyb2xlIjoiYWRtaW4ifQ")
    };
    let seen = caller(forged(&gateway)).await;
    assert_eq!(
        (&seen["address"], &seen["agent"], &seen["claims"]),
        (&json!("127.0.0.1"), &json!("test/1"), &Value::Null)
    );

    let behind_proxy = TestGateway::with(&nats, "--trusted-proxy 127.0.0.0/8", &["alpha"]).await;
    assert_eq!(caller(forged(&behind_proxy)).await["address"], "203.0.113.7");
}

#[tokio::test]
async fn a_trace_is_continued_or_begun() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let query = json!({ "query": "{ caller }" });
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = gateway.post(&query).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let seen = caller(request.header("tracestate", "vendor=1")).await;
    let parent = seen["traceparent"].as_str().unwrap();
    assert!(parent.starts_with(&format!("00-{trace}-")) && !parent.contains("00f067aa0ba902b7"), "{parent}");
    assert_eq!(seen["tracestate"], "vendor=1");

    let response = gateway.post(&query).send().await.unwrap();
    let begun = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["data"]["caller"]["traceparent"], json!(begun));
}

/// What is answered as events is part of its request's trace, too.
#[tokio::test]
async fn a_trace_goes_on_over_an_event_stream() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let request = gateway.post(&json!({ "query": "{ caller }" })).header("accept", "text/event-stream");
    let response = request.send().await.unwrap();
    let begun = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let events = response.text().await.unwrap();
    assert!(events.contains(&format!("\"traceparent\":\"{begun}\"")), "{begun}: {events}");
}

#[tokio::test]
async fn a_mutation_has_a_key_and_a_query_none() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let mutation = json!({ "query": "mutation { count }" });
    let own = caller(gateway.post(&mutation).header("idempotency-key", "order-7")).await;
    assert_eq!(own["key"], "order-7");
    let (one, other) = (caller(gateway.post(&mutation)).await, caller(gateway.post(&mutation)).await);
    assert!(one["key"].as_str().unwrap().len() >= 32);
    assert_ne!(one["key"], other["key"]);
    let query = gateway.post(&json!({ "query": "{ caller }" })).header("idempotency-key", "order-7");
    assert_eq!(caller(query).await["key"], Value::Null);
}

/// A subgraph that is nothing but a NATS client, since only that shows every header.
#[tokio::test]
async fn only_listed_headers_are_forwarded() {
    let nats = nats().await;
    let _echo = subgraphs::header_echo(&nats, "beta").await;
    let gateway =
        TestGateway::with(&nats, "--forward-header X-Tenant --forward-header accept-language", &["beta"])
            .await;
    let request = gateway
        .post(&json!({ "query": "{ headers }" }))
        .header("x-tenant", "blue")
        .header("accept-language", "eo")
        .header("x-other", "secret")
        .header("cookie", "session=1");
    let headers = caller(request).await;
    assert_eq!((&headers["x-tenant"], &headers["accept-language"]), (&json!("blue"), &json!("eo")));
    assert_eq!((headers.get("x-other"), headers.get("cookie")), (None, None));
    assert!(headers["Graphql-Timeout-Ms"].as_str().unwrap().parse::<u64>().unwrap() <= 10_000);
}
