//! `@defer`: answers in parts over HTTP.

use reqwest::header;
use serde_json::{Value, json};

use crate::support::{TestGateway, nats, subgraphs};

const APOLLO: &str = "multipart/mixed;deferSpec=20220824, application/json";
const DRAFT: &str = "multipart/mixed;incrementalSpec=v0.2, application/json";

const QUERY: &str = r#"{ hello items(ids: ["a", "bcd"]) { id ... @defer(label: "stock") { stock } } }"#;

/// The content type and the parts of an answer.
async fn parts(gateway: &TestGateway, accept: &str, query: &str) -> (String, Vec<Value>) {
    let request = gateway.post(&json!({ "query": query })).header(header::ACCEPT, accept);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    let body = text.strip_prefix("\r\n---\r\n").and_then(|text| text.strip_suffix("\r\n-----\r\n"));
    let body = body.unwrap_or_else(|| panic!("not between boundaries: {text:?}"));
    let part = |part: &str| {
        let (head, json) = part.split_once("\r\n\r\n").expect("a head and a body");
        assert_eq!(head, "content-type: application/json; charset=utf-8");
        serde_json::from_str(json).unwrap()
    };
    (content_type, body.split("\r\n---\r\n").map(part).collect())
}

#[tokio::test]
async fn apollo_clients_get_increments_by_path() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let (content_type, parts) = parts(&gateway, APOLLO, QUERY).await;
    assert_eq!(content_type, r#"multipart/mixed; boundary="-"; deferSpec=20220824"#);
    let first = json!({"hello": "hello world", "items": [{"id": "a"}, {"id": "bcd"}]});
    assert_eq!(parts[0], json!({"data": first, "hasNext": true}));
    let increment = |at, stock| json!({"label": "stock", "path": ["items", at], "data": {"stock": stock}});
    assert_eq!(parts[1], json!({"incremental": [increment(0, 1), increment(1, 3)], "hasNext": false}));
    assert_eq!(parts.len(), 2);
}

#[tokio::test]
async fn the_drafts_increments_are_announced_and_completed() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let (content_type, parts) = parts(&gateway, DRAFT, QUERY).await;
    assert_eq!(content_type, r#"multipart/mixed; boundary="-"; incrementalSpec=v0.2"#);
    let pending = |id, at| json!({"id": id, "path": ["items", at], "label": "stock"});
    assert_eq!(parts[0]["pending"], json!([pending("0", 0), pending("1", 1)]));
    assert_eq!(parts[0]["hasNext"], true);
    let second = json!({
        "incremental": [{"id": "0", "data": {"stock": 1}}, {"id": "1", "data": {"stock": 3}}],
        "completed": [{"id": "0"}, {"id": "1"}],
        "hasNext": false,
    });
    assert_eq!(parts[1..], [second]);
}

#[tokio::test]
async fn the_first_part_doesnt_wait_for_what_is_deferred() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    // Longer than the test may take: only a client that leaves ends it.
    let query = "{ hello ... @defer { slow(ms: 120000) } }";
    let flags = gateway.post(&json!({ "query": query })).header(header::ACCEPT, APOLLO);
    let mut response = flags.send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(first.contains(r#"{"data":{"hello":"hello world"},"hasNext":true}"#), "{first}");
    assert!(first.ends_with("\r\n---"), "the part is closed at once: {first:?}");
    events.until_started(1).await;
    drop(response);
    // It stops although the resolver goes on: nothing waits for it any more.
    gateway.running.stop().await;
}

#[tokio::test]
async fn what_fails_later_is_null_with_its_error() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let query = r#"{ items(ids: ["a"]) { id ... @defer { broken } } }"#;
    let (_, by_path) = parts(&gateway, APOLLO, query).await;
    let increment = &by_path[1]["incremental"][0];
    assert_eq!((&increment["data"], &increment["path"]), (&Value::Null, &json!(["items", 0])));
    let error = &increment["errors"][0];
    assert_eq!(
        (&error["message"], &error["path"]),
        (&json!("Internal error"), &json!(["items", 0, "broken"]))
    );
    let (_, by_id) = parts(&gateway, DRAFT, query).await;
    assert_eq!(by_id[1].get("incremental"), None);
    assert_eq!(by_id[1]["completed"][0]["errors"][0]["message"], "Internal error");
}

#[tokio::test]
async fn who_takes_no_parts_gets_one_piece() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let data = gateway.data(QUERY).await;
    assert_eq!(data["items"], json!([{"id": "a", "stock": 1}, {"id": "bcd", "stock": 3}]));
    let whole = r#"query($later: Boolean!) { hello ... @defer(if: $later) { beta } }"#;
    for (later, pieces) in [(true, 2), (false, 1)] {
        let body = json!({ "query": whole, "variables": { "later": later } });
        let response = gateway.post(&body).header(header::ACCEPT, APOLLO).send().await.unwrap();
        let text = response.text().await.unwrap();
        assert_eq!(text.matches(r#""hasNext""#).count(), if later { pieces } else { 0 }, "{text}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_piece() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    for (query, words) in [
        ("{ ... @defer { nonsense } }", "nonsense"),
        ("{ items(ids: []) @stream { id } }", "@stream isn't supported"),
    ] {
        let request = gateway.post(&json!({ "query": query })).header(header::ACCEPT, APOLLO);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{body}");
        assert!(body["errors"][0]["message"].as_str().unwrap().contains(words), "{body}");
    }
}
