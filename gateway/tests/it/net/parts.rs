//! Payloads over `max_payload`, in both directions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use async_nats::HeaderMap;
use tributary::transport::TransportLimits;
use tributary_federation::OperationKind;
use tributary_protocol::Features;
use tributary_protocol::parts::{self, Limits};
use xtask::servers::Nats;

use super::raw::{self, reply_with};
use super::support::*;

const PARTS: Features = Features { parts: true, streams: false };

struct Query;

#[Object]
impl Query {
    async fn length(&self, text: String) -> usize {
        text.len()
    }

    async fn echo(&self, text: String) -> String {
        text
    }
}

#[tokio::test]
async fn a_large_request_and_a_large_reply_go_in_parts() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let client = raw::client(&nats, "alpha").await;
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let alpha = tributary_subgraph::Subgraph::new("alpha", schema);
    tokio::spawn(alpha.serve(client, std::future::pending()));
    let registry = registry(&transport).await;
    let target = registry.live().unwrap().target_of("alpha").unwrap().clone();
    assert!(target.features.parts);

    let large = "ä".repeat(2 << 20);
    for field in ["length", "echo"] {
        let mut request = request(&target, OperationKind::Query, PATIENCE);
        let body = serde_json::json!({
            "query": format!("query($text: String!) {{ {field}(text: $text) }}"), "variables": {"text": large}
        });
        request.payload = body.to_string().into();
        let reply: serde_json::Value =
            serde_json::from_str(text(&transport.fetch(request).await.unwrap())).unwrap();
        match field {
            "length" => assert_eq!(reply["data"]["length"], large.len()),
            _ => assert!(reply["data"]["echo"] == *large, "what comes back isn't what was sent"),
        }
    }
}

#[tokio::test]
async fn a_peer_without_the_feature_gets_no_parts() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |_, _, _| async {}).await;
    let target = target("alpha", "graphql.alpha", Features::default());
    let mut large = request(&target, OperationKind::Query, PATIENCE);
    large.payload = vec![b' '; 1 << 20].into();
    let error = transport.fetch(large).await.unwrap_err();
    assert_eq!(error.code(), "PAYLOAD_TOO_LARGE");
    let message = error.client_message();
    assert!(
        message.contains("1048576 bytes") && message.contains("max_payload of the NATS server"),
        "{message}"
    );
    assert_eq!(listener.heard(), 0);
}

#[tokio::test]
async fn all_parts_together_have_a_limit() {
    let nats = Nats::start();
    let limits = TransportLimits { max_message: 2 << 20, ..TransportLimits::default() };
    let transport = transport_with(&nats, limits).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        let payload = vec![b'{'; 3 << 20].into();
        for part in parts::split(HeaderMap::new(), payload, Limits::new(client.max_payload())).unwrap() {
            let reply = message.reply.clone().unwrap();
            client.publish_with_headers(reply, part.headers, part.payload).await.unwrap();
        }
    })
    .await;
    let target = target("alpha", "graphql.alpha", PARTS);
    let mut large = request(&target, OperationKind::Query, PATIENCE);
    large.payload = vec![b' '; 3 << 20].into();
    for request in [large, request(&target, OperationKind::Query, PATIENCE)] {
        let error = transport.fetch(request).await.unwrap_err();
        assert_eq!(error.code(), "PAYLOAD_TOO_LARGE");
        let message = error.client_message();
        assert!(message.contains("2097152 bytes (--max-subgraph-message-bytes)"), "{message}");
    }
}

#[tokio::test]
async fn parts_must_come_in_order_and_complete() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, number| async move {
        let parts: &[(&str, &str)] = match number {
            0 => &[("1/3", "{\"da"), ("2/3", "ta\":"), ("3/3", "{}}")],
            1 => &[("1/3", "{\"da"), ("3/3", "{}}")],
            2 => &[("1/2", "{"), ("1/2", "}")],
            _ => &[("1/2", "{\"data\":"), ("2/3", "{}}")],
        };
        for (part, payload) in parts {
            reply_with(&client, &message, &[("Graphql-Part", part)], *payload).await;
        }
    })
    .await;
    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), r#"{"data":{}}"#);
    for _ in 1..4 {
        assert_eq!(code(query(&transport, "alpha").await), "BAD_REPLY");
    }
}

#[tokio::test]
async fn a_mutation_whose_parts_never_all_left_did_not_run() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    // It takes the first part and never says where it wants the others.
    let _alpha = raw::subgraph(&alpha, "alpha", move |_, _, _| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    let target = target("alpha", "graphql.alpha", PARTS);
    let mut large = request(&target, OperationKind::Mutation, std::time::Duration::from_millis(500));
    large.payload = vec![b' '; 3 << 20].into();
    assert_eq!(code(transport.fetch(large).await), "SUBGRAPH_TIMEOUT");
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}
