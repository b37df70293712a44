//! What operators find in the log.

use serde_json::{Value, json};

use crate::{
    net::raw,
    support::{nats, process::GatewayProcess, subgraphs},
};

fn is(line: &Value, level: &str, code: &str) -> bool {
    line["level"] == level && line["code"] == code
}

/// The client is given the id under which the log has what was withheld from it.
#[tokio::test]
async fn a_masked_error_is_found_by_its_log_id() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = GatewayProcess::start(&nats, &["--require", "alpha"]).await;
    gateway.ready(|status| status["ready"] == true).await;
    let answer = gateway.ask(&json!({ "query": "{ secret }" })).await;
    let id = answer["errors"][0]["extensions"]["logId"].as_str().unwrap();
    let line = gateway.logged(|line| line["log_id"] == id).await;
    assert_eq!((&line["level"], &line["subgraph"]), (&json!("ERROR"), &json!("alpha")), "{line}");
    assert!(line["message"].as_str().unwrap().contains("hunter2"), "{line}");
    assert_eq!(line["path"], r#"["secret"]"#, "{line}");
}

/// Subgraphs that start together are found one by one. What only lacks the next one is no error.
#[tokio::test]
async fn a_graph_that_is_not_whole_yet_is_no_error_and_a_bad_one_is() {
    const NEEDS_ALPHA: &str = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])
        type Query { beta: Int }
        type Item @key(fields: "id") { id: ID! name: String! @external label: String @requires(fields: "name") }"#;
    const AGAINST_ALPHA: &str = "type Query { hello: Int }";
    let nats = nats().await;
    let gateway = GatewayProcess::start(&nats, &[]).await;

    let beta = raw::client(&nats, "beta").await;
    let _beta = raw::serve(&beta, "beta", NEEDS_ALPHA).await;
    let _announced = raw::announce(&beta, raw::info("beta", "graphql.beta", "q")).await;
    raw::say_up(&beta, "beta").await;
    gateway.logged(|line| is(line, "INFO", "EXTERNAL_MISSING_ON_BASE")).await;
    gateway.ready(|status| status["diagnostics"].to_string().contains("EXTERNAL_MISSING_ON_BASE")).await;

    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    gateway.logged(|line| line["code"] == "SUPERGRAPH_LIVE" && line["subgraphs"] == 2).await;
    let gamma = raw::client(&nats, "gamma").await;
    let _gamma = raw::serve(&gamma, "gamma", AGAINST_ALPHA).await;
    let _announced = raw::announce(&gamma, raw::info("gamma", "graphql.gamma", "q")).await;
    raw::say_up(&gamma, "gamma").await;
    let left_out = |line: &Value| is(line, "ERROR", "SUBGRAPH_LEFT_OUT") && line["subgraph"] == "gamma";
    gateway.logged(left_out).await;

    // What was found before this would have been told before this.
    let told = gateway.lines();
    assert!(!told.iter().any(|line| is(line, "ERROR", "EXTERNAL_MISSING_ON_BASE")), "{told:#?}");
    assert_eq!(told.iter().filter(|line| left_out(line)).count(), 1, "{told:#?}");
}

/// A line for each request: which operation, whose, and how it went.
#[tokio::test]
async fn a_request_is_logged_with_its_operation_and_client() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = GatewayProcess::start(&nats, &["--require", "alpha"]).await;
    gateway.ready(|status| status["ready"] == true).await;
    let request = gateway.http.post(format!("{}/graphql", gateway.url));
    let body = json!({ "query": "query Greet { hello }" });
    let response = request.json(&body).header("graphql-client-name", "storefront").send().await.unwrap();
    let trace = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let line = gateway.logged(|line| line["operation"] == "Greet").await;
    assert_eq!(
        (&line["client"], &line["kind"], &line["status"]),
        (&json!("storefront"), &json!("query"), &json!(200))
    );
    assert!(trace.contains(line["trace"].as_str().unwrap()), "{line}");
    gateway.stop().await;
}
