//! What a subgraph's failures come out as.

use std::time::Duration;

use tributary_federation::OperationKind;
use tributary_protocol::Features;
use xtask::servers::Nats;

use super::raw::{self, fail, reply, reply_with};
use super::support::*;

#[tokio::test]
async fn each_failure_has_its_code() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    // The wanted code is the payload: each test request carries it.
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        fail(&client, &message, std::str::from_utf8(&message.payload).unwrap().parse().unwrap()).await;
    })
    .await;
    let target = target("alpha", "graphql.alpha", Features::default());
    for (status, kind, expected) in [
        ("400", OperationKind::Query, "SUBGRAPH_FAILED"),
        ("400", OperationKind::Mutation, "SUBGRAPH_FAILED"),
        ("408", OperationKind::Query, "SUBGRAPH_TIMEOUT"),
        ("408", OperationKind::Mutation, "SUBGRAPH_TIMEOUT"),
        ("413", OperationKind::Query, "PAYLOAD_TOO_LARGE"),
        ("500", OperationKind::Query, "SUBGRAPH_FAILED"),
        ("500", OperationKind::Mutation, "SUBGRAPH_FAILED"),
        ("502", OperationKind::Query, "SUBGRAPH_FAILED"),
        // What stands behind it may have done it.
        ("502", OperationKind::Mutation, "OUTCOME_UNKNOWN"),
    ] {
        let mut request = request(&target, kind, PATIENCE);
        request.payload = status.into();
        let error = transport.fetch(request).await.unwrap_err();
        assert_eq!(error.code(), expected, "{status} {kind:?}");
        assert!(!error.client_message().contains("because"), "a client reads nothing of an instance's");
    }
}

/// The instance cancels what runs at its deadline and says that it failed; our timer says that time is up.
#[tokio::test]
async fn a_failure_at_the_deadline_is_the_deadlines() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        let left = message.headers.as_ref().unwrap().get("Graphql-Timeout-Ms").unwrap();
        tokio::time::sleep(Duration::from_millis(left.as_str().parse::<u64>().unwrap() - 20)).await;
        fail(&client, &message, 500).await;
    })
    .await;
    let target = target("alpha", "graphql.alpha", Features::default());
    for (kind, expected) in
        [(OperationKind::Query, "SUBGRAPH_TIMEOUT"), (OperationKind::Mutation, "OUTCOME_UNKNOWN")]
    {
        let outcome = transport.fetch(request(&target, kind, Duration::from_millis(300))).await;
        assert_eq!(code(outcome), expected);
    }
}

#[tokio::test]
async fn what_is_no_execution_result_is_a_bad_reply() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, number| async move {
        let headers: &[(&str, &str)] = match number {
            0 | 1 => &[],
            2 => &[("Graphql-Part", "1/x")],
            3 => &[("Graphql-Control", "t.>"), ("Graphql-Instance", "i1")],
            4 => &[("Graphql-Control", "t"), ("Graphql-Instance", "i1")],
            _ => &[("Graphql-Part", "2/3")],
        };
        let payload = if number == 0 { "" } else { "[1]" };
        if headers.is_empty() {
            reply(&client, &message, payload).await;
        } else {
            reply_with(&client, &message, headers, payload).await;
        }
    })
    .await;
    for number in 0..6 {
        assert_eq!(code(query(&transport, "alpha").await), "BAD_REPLY", "{number}");
    }
}
