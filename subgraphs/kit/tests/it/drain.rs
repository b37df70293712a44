//! A stop loses no reply.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::{Client, HeaderMap};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tributary_protocol::{Failure, QuerySubject, RequestHead};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Probe, Running, schema};

/// How many requests are on their way at any moment: enough that a stop always meets some between server and client.
const ON_THE_WAY: usize = 200;

/// Sends mutations without a pause until told to end; then waits for the last reply and returns how many were sent.
fn load(client: Client, subject: QuerySubject) -> (oneshot::Sender<()>, JoinHandle<usize>) {
    let (end, mut ended) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut replies = client.subscribe(format!("_GQL.{}.gw1.load.*", subject.name)).await.unwrap();
        let (mut sent, mut open) = (0, HashSet::new());
        let mut ending = false;
        while !ending || !open.is_empty() {
            ending |= ended.try_recv().is_ok();
            while !ending && open.len() < ON_THE_WAY {
                let reply = format!("_GQL.{}.gw1.load.{sent}", subject.name);
                let body = "{\"query\": \"mutation { count }\"}";
                client.publish_with_reply(subject.to_string(), reply.clone(), body.into()).await.unwrap();
                open.insert(reply);
                sent += 1;
            }
            let reply = tokio::time::timeout(Duration::from_secs(10), replies.next()).await;
            let reply =
                reply.unwrap_or_else(|_| panic!("{} of {sent} were never answered", open.len())).unwrap();
            assert_eq!(reply.status, None, "somebody is always there");
            assert_eq!(reply.headers.as_ref().and_then(Failure::from_headers), None);
            assert!(open.remove(reply.subject.as_str()), "one reply for each request");
        }
        sent
    });
    (end, task)
}

/// An instance that is stopped while it has nothing to do proves nothing.
async fn has_work(probe: &Probe) {
    while probe.counted.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
}

async fn instance(nats: &Nats, gateway: &mut Gateway) -> (Running, Probe) {
    let (schema, probe) = schema();
    let subgraph = Subgraph::new("alpha", schema).concurrency(10 * ON_THE_WAY);
    (Running::start("alpha", &nats.url_for("alpha"), subgraph, gateway).await, probe)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_come_and_go_under_load() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (mut current, probe) = instance(&nats, &mut gateway).await;
    let mut probes = vec![probe];
    let subject = gateway.find("alpha").await.subject;
    let (end, load) = load(gateway.client.clone(), subject);
    for _ in 0..20 {
        let (next, probe) = instance(&nats, &mut gateway).await;
        has_work(&probe).await;
        probes.push(probe);
        std::mem::replace(&mut current, next).stop().await;
    }
    end.send(()).unwrap();
    let sent = load.await.unwrap();
    let counted: Vec<usize> = probes.iter().map(|probe| probe.counted.load(Ordering::SeqCst)).collect();
    assert_eq!(counted.iter().sum::<usize>(), sent, "each ran once: {counted:?}");
}

#[tokio::test]
async fn what_runs_is_answered_after_the_stop_began() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (running, probe) = instance(&nats, &mut gateway).await;
    let subject = gateway.find("alpha").await.subject;
    let request = gateway.start(&subject, RequestHead::default(), "{ wait }").await;
    probe.started.acquire().await.unwrap().forget();
    let stopped = running.begin_stop();
    gateway.announcement().await;
    let late = gateway.send(&subject, HeaderMap::new(), "{}".into()).await.result().await.unwrap_err();
    assert_eq!(late.code.as_u16(), 503, "it takes nothing new");
    assert!(!stopped.is_finished());
    probe.release.add_permits(1);
    assert_eq!(request.result().await, Ok(json!({ "wait": true })));
    stopped.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_the_stop_for_ever() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (schema, probe) = schema();
    let subgraph = Subgraph::new("alpha", schema).grace(Duration::from_millis(100));
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;
    let subject = gateway.find("alpha").await.subject;
    let _request = gateway.start(&subject, RequestHead::default(), "{ wait }").await;
    probe.started.acquire().await.unwrap().forget();
    running.stop().await;
}

#[tokio::test]
async fn the_connection_stays_open_for_its_owner() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let client = tributary_subgraph::connect("alpha", &nats.url_for("alpha")).await.unwrap();
    for _ in 0..2 {
        let running =
            Running::start_with(client.clone(), Subgraph::new("alpha", schema().0), &mut gateway).await;
        let subject = gateway.find("alpha").await.subject;
        assert!(gateway.ask(&subject, RequestHead::default(), "{ echo(text: \"a\") }").await.is_ok());
        running.stop().await;
        gateway.announcement().await;
    }
}

/// Who stops everything stops the server first as often as not; a process that then waits for it has to be killed.
#[tokio::test]
async fn a_stop_ends_when_the_server_is_gone() {
    let mut nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (running, _probe) = instance(&nats, &mut gateway).await;
    nats.kill();
    // Less than it gives a server for one answer.
    let stopped = tokio::time::timeout(Duration::from_secs(4), running.begin_stop()).await;
    stopped.expect("it waits for a server that is gone").unwrap().unwrap();
}
