//! What a resolver learns of its request.

use std::time::Duration;

use serde_json::{Value, json};
use tributary_protocol::{ClientInfo, Identity, RequestHead};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Running, schema};

const QUERY: &str = "{ identity client idempotencyKey trace }";

async fn ask(head: RequestHead, query: &str) -> Value {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let subgraph = Subgraph::new("alpha", schema().0);
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;
    let subject = gateway.find("alpha").await.subject;
    let answer = gateway.ask(&subject, head, query).await.unwrap();
    running.stop().await;
    answer
}

#[tokio::test]
async fn everything_that_the_gateway_says() {
    let claims = json!({ "sub": "u1", "role": "staff" });
    let head = RequestHead {
        identity: Some(Identity::new(claims.as_object().cloned().unwrap())),
        client: ClientInfo {
            address: Some("192.0.2.7".to_owned()), agent: Some("Browser/1 (ü)".to_owned())
        },
        idempotency_key: Some("k1".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        tracestate: Some("a=b".to_owned()),
        ..RequestHead::default()
    };
    let expected = json!({
        "identity": "u1 is staff",
        "client": ["192.0.2.7", "Browser/1 (?)"],
        "idempotencyKey": "k1",
        "trace": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"],
    });
    assert_eq!(ask(head, QUERY).await, expected);
}

#[tokio::test]
async fn an_anonymous_request_has_no_identity() {
    let expected = json!({ "identity": null, "client": [null, null], "idempotencyKey": null, "trace": null });
    assert_eq!(ask(RequestHead::default(), QUERY).await, expected);
}

#[tokio::test]
async fn the_deadline_is_the_gateways() {
    let head = RequestHead { timeout: Some(Duration::from_secs(7)), ..RequestHead::default() };
    let remaining = ask(head, "{ remainingMs }").await["remainingMs"].as_u64().unwrap();
    assert!((1_000..=7_000).contains(&remaining), "{remaining}");
}
