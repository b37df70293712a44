//! How often a request is sent, and whose reply counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tributary_federation::OperationKind;
use tributary_protocol::Features;
use xtask::servers::Nats;

use super::raw::{self, fail, reply, reply_with};
use super::support::*;

const HELLO: &str = r#"{"data":{"hello":"world"}}"#;

#[tokio::test]
async fn a_reply_comes_back_with_its_instance() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        let headers = message.headers.as_ref().unwrap();
        let left: u64 = headers.get("Graphql-Timeout-Ms").unwrap().as_str().parse().unwrap();
        assert!((19_000..=20_000).contains(&left), "{left}");
        assert_eq!(headers.get("Graphql-Accept").unwrap().as_str(), "parts");
        assert_eq!(headers.get("Idempotency-Key").unwrap().as_str(), "k1");
        assert_eq!(headers.get("x-mine").unwrap().as_str(), "yes");
        reply_with(&client, &message, &[("Graphql-Instance", "i7")], HELLO).await;
    })
    .await;

    let target = target("alpha", "graphql.alpha", Features::default());
    let mut request = request(&target, OperationKind::Query, PATIENCE);
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("x-mine", "yes");
    request.headers = Arc::new(headers);
    request.idempotency_key = Some("k1".into());
    let answer = transport.fetch(request).await.unwrap();
    assert_eq!((text(&answer), answer.instance.as_deref()), (HELLO, Some("i7")));
    assert_eq!((target.stats.fetches.get(), target.stats.failures.get()), (1, 0));
    assert_eq!(transport.waiting(), 0);
}

#[tokio::test]
async fn a_forged_reply_is_discarded() {
    let nats = Nats::start_open();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        let good = message.reply.clone().unwrap();
        let (other_name, other_secret) =
            (good.replace("_GQL.alpha.", "_GQL.beta."), format!("{}0000", &good[..good.len() - 4]));
        for forged in [other_name, other_secret, "_GQL.alpha.gw1.guess".to_owned()] {
            client.publish(forged, r#"{"data":{"hello":"mallory"}}"#.into()).await.unwrap();
        }
        reply(&client, &message, HELLO).await;
    })
    .await;

    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(transport.link().metrics().forged_replies.get(), 3);
}

#[tokio::test]
async fn with_rights_nobody_answers_in_anothers_name() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let beta = raw::client(&nats, "beta").await;
    let _alpha = raw::subgraph(&alpha, "alpha", move |client, message, _| {
        let beta = beta.clone();
        async move {
            reply(&beta, &message, r#"{"data":{"hello":"mallory"}}"#).await;
            raw::fence(&beta).await;
            reply(&client, &message, HELLO).await;
        }
    })
    .await;

    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(transport.link().metrics().forged_replies.get(), 0, "the server refused it");
}

#[tokio::test]
async fn an_unanswered_query_is_sent_once_more_and_a_late_reply_is_discarded() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let (release, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (first, done) = (release.clone(), released.clone());
    let listener = raw::subgraph(&alpha, "alpha", move |client, message, number| {
        let (first, done) = (first.clone(), done.clone());
        async move {
            if number == 0 {
                first.notified().await;
                reply(&client, &message, r#"{"data":{"hello":"late"}}"#).await;
                raw::fence(&client).await;
                done.notify_one();
            } else {
                reply(&client, &message, HELLO).await;
            }
        }
    })
    .await;

    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(listener.heard(), 2);
    release.notify_one();
    released.notified().await;
    // The answer to another query comes behind the late one.
    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(transport.link().metrics().late_replies.get(), 1);
}

#[tokio::test]
async fn the_first_send_may_still_win() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let second = Arc::new(Notify::new());
    let listener = raw::subgraph(&alpha, "alpha", move |client, message, number| {
        let second = second.clone();
        async move {
            match number {
                0 => {
                    second.notified().await;
                    reply(&client, &message, HELLO).await;
                }
                _ => second.notify_one(),
            }
        }
    })
    .await;
    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(listener.heard(), 2);
}

#[tokio::test]
async fn a_query_is_never_sent_a_third_time() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |_, _, _| async {}).await;
    let target = target("alpha", "graphql.alpha", Features::default());
    let outcome = transport.fetch(request(&target, OperationKind::Query, Duration::from_secs(1))).await;
    assert_eq!(code(outcome), "SUBGRAPH_TIMEOUT");
    assert_eq!(listener.heard(), 2);
    assert_eq!((target.stats.second_sends.get(), target.stats.failures.get()), (1, 1));
}

#[tokio::test]
async fn of_many_unanswered_queries_few_are_sent_twice() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |_, _, _| async {}).await;
    let target = target("alpha", "graphql.alpha", Features::default());
    let one = || transport.fetch(request(&target, OperationKind::Query, Duration::from_secs(1)));
    futures_util::future::join_all((0..1_000).map(|_| one())).await;
    let twice = target.stats.second_sends.get();
    // What one instance can have had under way, and a tenth.
    assert!((256..=356).contains(&twice), "{twice}");
    assert_eq!(listener.heard() as u64, 1_000 + twice);
}

#[tokio::test]
async fn a_slow_subgraph_gets_more_time() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |client, message, _| async move {
        tokio::time::sleep(Duration::from_millis(250)).await;
        reply(&client, &message, HELLO).await;
    })
    .await;
    let target = target("alpha", "graphql.alpha", Features::default());
    let all = |count: usize| {
        let fetches = (0..count).map(|_| transport.fetch(request(&target, OperationKind::Query, PATIENCE)));
        futures_util::future::join_all(fetches)
    };
    all(64).await.into_iter().for_each(|outcome| assert!(outcome.is_ok()));
    let before = listener.heard();
    assert!(before > 64, "at first its time isn't known");
    all(20).await.into_iter().for_each(|outcome| assert!(outcome.is_ok()));
    assert_eq!(listener.heard(), before + 20);
}

#[tokio::test]
async fn nobody_there_is_known_at_once() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let begin = Instant::now();
    for outcome in [query(&transport, "alpha").await, mutation(&transport, "alpha").await] {
        let error = outcome.unwrap_err();
        assert!(error.no_responders(), "{error}");
        assert_eq!(error.code(), "SUBGRAPH_UNAVAILABLE");
    }
    assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn busy_instances_are_tried_again() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |client, message, number| async move {
        if number % 2 == 0 {
            fail(&client, &message, 429).await
        } else {
            reply(&client, &message, HELLO).await
        }
    })
    .await;
    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(text(&mutation(&transport, "alpha").await.unwrap()), HELLO);
    assert_eq!(listener.heard(), 4);

    let beta = raw::client(&nats, "beta").await;
    let listener =
        raw::subgraph(&beta, "beta", |client, message, _| async move { fail(&client, &message, 429).await })
            .await;
    assert_eq!(code(mutation(&transport, "beta").await), "SUBGRAPH_BUSY");
    assert_eq!(listener.heard(), 2, "a mutation is sent again once");

    // A mutation that was sent again already has no further send.
    let target = target("beta", "graphql.beta", Features::default());
    let mut again = request(&target, OperationKind::Mutation, PATIENCE);
    again.resent = true;
    assert_eq!(code(transport.fetch(again).await), "SUBGRAPH_BUSY");
    assert_eq!(listener.heard(), 3);
    assert_eq!(code(query(&transport, "beta").await), "SUBGRAPH_BUSY");
    assert_eq!(listener.heard(), 10, "a query is sent again more patiently");
}

#[tokio::test]
async fn an_unanswered_mutation_is_unknown_and_ran_at_most_once() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |_, _, _| async {}).await;
    assert_eq!(code(mutation(&transport, "alpha").await), "OUTCOME_UNKNOWN");
    assert_eq!(listener.heard(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_cancels() {
    let nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    let arrived = Arc::new(Notify::new());
    let signal = arrived.clone();
    let _alpha = raw::subgraph(&alpha, "alpha", move |_, _, _| {
        let signal = signal.clone();
        async move { signal.notify_one() }
    })
    .await;
    {
        let mut query = std::pin::pin!(query(&transport, "alpha"));
        tokio::select! {
            outcome = &mut query => panic!("{outcome:?}"),
            () = arrived.notified() => {}
        }
        assert_eq!(transport.waiting(), 1);
    }
    assert_eq!(transport.waiting(), 0);
}
