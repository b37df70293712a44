//! What goes wrong in and around subgraphs, as clients see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::{TestGateway, nats, refusal, subgraphs};

#[tokio::test]
async fn internal_messages_are_withheld_with_a_log_id() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let answer = gateway.run("{ hello secret items(ids: [\"a\"]) { id broken } }").await;
    let text = answer.to_string();
    assert!(!text.contains("hunter2") && !text.contains("postgres"), "{text}");
    let errors = answer["errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(
            (&error["message"], &error["extensions"]["code"]),
            (&json!("Internal error"), &json!("INTERNAL"))
        );
        assert_eq!(error["extensions"]["service"], "alpha");
        assert_eq!(error["extensions"]["logId"].as_str().unwrap().len(), 16);
        assert!(error["path"].is_array());
    }
    assert!(gateway.metric("tributary_masked_errors_total").await >= 1.0);
}

#[tokio::test]
async fn messages_with_a_code_are_for_clients() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let answer = gateway.run("{ it: missing }").await;
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["message"], &error["extensions"]["code"]),
        (&json!("There is no such thing"), &json!("NOT_FOUND"))
    );
    assert_eq!(error["path"], json!(["it"]));
}

#[tokio::test]
async fn messages_can_be_shown_for_development() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--expose-errors", &["alpha"]).await;
    assert!(gateway.run("{ secret }").await["errors"][0]["message"].as_str().unwrap().contains("hunter2"));
}

#[tokio::test]
async fn two_subgraphs_answer_one_query() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let data = gateway.data("{ beta items(ids: [\"a\", \"bcd\"]) { stock name } }").await;
    assert_eq!(
        data,
        json!({ "beta": "beta", "items": [{ "stock": 1, "name": "item a" }, { "stock": 3, "name": "item bcd" }] })
    );
}

/// A subgraph that is gone takes its own fields along, at once, and nothing else.
#[tokio::test]
async fn a_subgraph_that_is_down_leaves_the_rest() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let query = "{ hello items(ids: [\"a\"]) { name stock } }";
    gateway.data("{ beta }").await;
    beta.stop().await;
    gateway.until(|status| status.subgraphs["beta"].instances == 0).await;

    let begun = std::time::Instant::now();
    let answer = gateway.run(query).await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(answer["data"]["hello"], "hello world");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{answer}");
    assert_eq!(error["path"], json!(["items", 0, "stock"]), "{answer}");
    // Its fields stay in the schema, and it answers again as soon as it is back.
    let _beta = subgraphs::beta(&nats).await;
    gateway.serves(&["alpha", "beta"]).await;
    assert_eq!(gateway.data("{ items(ids: [\"a\"]) { stock } }").await, json!({ "items": [{ "stock": 1 }] }));
}

/// Each subgraph can enter one of the two nodes, and neither can say whose node it is: the graph composes, since no
/// field alone is out of reach, and the planner refuses.
#[tokio::test]
async fn what_no_subgraph_can_answer_is_refused_before_anything_is_fetched() {
    const A: &str = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])
        type Query { node: Node @shareable }
        interface Node { id: ID! }
        type A implements Node @key(fields: "id") { id: ID! }
        type B implements Node @key(fields: "id") { id: ID! @external x: Int }
    "#;
    const B: &str = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])
        type Query { node: Node @shareable }
        interface Node { id: ID! }
        type A implements Node @key(fields: "id") { id: ID! @external y: Int }
        type B implements Node @key(fields: "id") { id: ID! }
    "#;
    let nats = nats().await;
    let fetches = Arc::new(AtomicUsize::new(0));
    let asked = || {
        let fetches = fetches.clone();
        move |_: &async_nats::Message| {
            fetches.fetch_add(1, Ordering::Relaxed);
            json!({ "node": { "__typename": "A" } })
        }
    };
    let _a = subgraphs::plain(&nats, "alpha", A, asked()).await;
    let _b = subgraphs::plain(&nats, "beta", B, asked()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    assert_eq!(gateway.data("{ node { __typename } }").await, json!({ "node": { "__typename": "A" } }));
    let response = gateway.post(&json!({ "query": "{ node { id } }" })).send().await.unwrap();
    let (_, code, body) = refusal(response).await;
    assert_eq!(code, "PLANNING_FAILED", "{body}");
    let error = &body["errors"][0];
    assert_eq!(error["extensions"]["reason"], "PLAN_UNREACHABLE", "{body}");
    assert!(error["message"].as_str().unwrap().contains("node.id"), "{body}");
    assert!(body["data"].is_null(), "{body}");
    assert_eq!(fetches.load(Ordering::Relaxed), 1, "nobody was asked but for the name");
}
