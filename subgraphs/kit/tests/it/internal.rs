//! Calls between services.

use std::time::Duration;

use bytes::Bytes;
use tributary_protocol::{Failure, FailureCode};
use tributary_subgraph::{Internal, InternalError, Subgraph, connect};
use xtask::servers::Nats;

use crate::support::{Gateway, Running, other_schema};

const PATIENCE: Duration = Duration::from_secs(10);

async fn serving(nats: &Nats) -> (Running, Internal) {
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let subgraph = Subgraph::new("alpha", other_schema())
        .internal("echo", |request: Bytes, caller: String| async move {
            Ok(format!("{caller} said {}", String::from_utf8_lossy(&request)).into())
        })
        .internal("refuse", |_, _| async { Err(InternalError::bad_request("no such thing")) })
        .internal("boom", |_, _| async { panic!("out of cheese") })
        .internal("boom-at-once", |_, _| -> Ready { panic!("out of cheese") })
        .internal("never", |_, _| std::future::pending());
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;
    let beta = connect("beta", &nats.url_for("beta")).await.unwrap();
    (running, Internal::new(beta, "beta"))
}

type Ready = std::future::Ready<Result<Bytes, InternalError>>;

fn code(outcome: Result<Bytes, InternalError>) -> FailureCode {
    match outcome {
        Err(InternalError::Refused(Failure { code, .. })) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_answer_comes_back_to_the_caller() {
    let nats = Nats::start();
    let (running, internal) = serving(&nats).await;
    let answer = internal.call("alpha", "echo", "hello".into(), PATIENCE).await.unwrap();
    assert_eq!(&answer[..], b"beta said hello");
    running.stop().await;
}

#[tokio::test]
async fn failures_keep_their_code() {
    let nats = Nats::start();
    let (_running, internal) = serving(&nats).await;
    assert_eq!(code(internal.call("alpha", "refuse", Bytes::new(), PATIENCE).await), FailureCode::Malformed);
    for verb in ["boom", "boom-at-once"] {
        assert_eq!(code(internal.call("alpha", verb, Bytes::new(), PATIENCE).await), FailureCode::Failed);
    }
}

#[tokio::test]
async fn nobody_is_noticed_at_once() {
    let nats = Nats::start();
    let (_running, internal) = serving(&nats).await;
    for (service, verb) in [("alpha", "unknown"), ("gamma", "echo")] {
        let outcome = internal.call(service, verb, Bytes::new(), PATIENCE).await;
        assert!(matches!(outcome, Err(InternalError::Unavailable(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_call_has_a_deadline() {
    let nats = Nats::start();
    let (_running, internal) = serving(&nats).await;
    let outcome = internal.call("alpha", "never", Bytes::new(), Duration::from_millis(100)).await;
    let in_time = matches!(outcome, Err(InternalError::DeadlinePassed(_) | InternalError::Refused(_)));
    assert!(in_time, "{outcome:?}");
}

#[tokio::test]
async fn names_cannot_leave_their_place_in_the_subject() {
    let nats = Nats::start();
    let (_running, internal) = serving(&nats).await;
    for (service, verb) in [("alpha.x", "echo"), ("alpha", "*"), ("", "echo")] {
        let outcome = internal.call(service, verb, Bytes::new(), PATIENCE).await;
        assert!(matches!(outcome, Err(InternalError::Name(_))), "{outcome:?}");
    }
}
