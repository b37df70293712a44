//! What happens when something dies: an instance, or the NATS server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tributary::registry::{Registry, RegistryOptions};
use tributary::transport::{Link, Transport, TransportLimits};
use tributary_federation::OperationKind;
use tributary_protocol::Features;
use xtask::servers::Nats;

use super::raw::{self, Listener, reply};
use super::support::*;

const HELLO: &str = r#"{"data":{"hello":"world"}}"#;

/// An instance with a runtime of its own. Dropping that ends its tasks in the middle of what they do and
/// closes its sockets, which is what the others see of a process that is killed.
struct Instance {
    runtime: Option<Runtime>,
    heard: Arc<AtomicUsize>,
    _listener: Listener,
}

impl Instance {
    /// Works for `time` on each request.
    fn start(nats: &Nats, time: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let url = nats.url_for("alpha");
        let heard = Arc::new(AtomicUsize::new(0));
        let count = heard.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let client = tributary_subgraph::connect("alpha", &url).await.unwrap();
            let listener = raw::subgraph(&client, "alpha", move |client, message, _| {
                count.fetch_add(1, Ordering::SeqCst);
                async move {
                    tokio::time::sleep(time).await;
                    reply(&client, &message, HELLO).await;
                }
            });
            sender.send(listener.await).unwrap();
        });
        let listener = receiver.recv_timeout(PATIENCE).unwrap();
        Self { runtime: Some(runtime), heard, _listener: listener }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    fn kill(&mut self) {
        self.runtime.take().expect("it is killed once").shutdown_background();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.runtime.is_some() {
            self.kill();
        }
    }
}

#[tokio::test]
async fn queries_survive_a_killed_instance_and_no_mutation_runs_twice() {
    let nats = Nats::start();
    // Not in haste: a second send before the end could go to the instance that dies, too.
    let transport = transport(&nats).await;
    let mut dying = Instance::start(&nats, PATIENCE);
    let living = Instance::start(&nats, Duration::from_millis(20));
    let target = target("alpha", "graphql.alpha", Features::default());
    let fetch = |kind| transport.fetch(request(&target, kind, Duration::from_secs(3)));
    let fetches = (0..200).map(|n| {
        let kind = if n % 2 == 0 { OperationKind::Query } else { OperationKind::Mutation };
        let fetch = fetch(kind);
        async move { (kind, fetch.await) }
    });
    let all = tokio::spawn(join_all(fetches.collect::<Vec<_>>()));
    while dying.heard() + living.heard() < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let lost = dying.heard();
    dying.kill();
    let (mut unknown, mut mutations) = (0, 0);
    for (kind, outcome) in within(all).await.unwrap() {
        match (kind, outcome) {
            (OperationKind::Query, outcome) => assert_eq!(text(&outcome.unwrap()), HELLO),
            (_, Ok(_)) => mutations += 1,
            (_, Err(error)) => {
                assert_eq!(error.code(), "OUTCOME_UNKNOWN");
                unknown += 1;
            }
        }
    }
    assert_eq!(unknown + mutations, 100);
    assert!(lost > 20 && unknown > 0, "{lost} requests reached the instance that was killed");
    // Every mutation reached one instance; queries came to two where they were slow.
    let second_sends = usize::try_from(target.stats.second_sends.get()).unwrap();
    assert_eq!(dying.heard() + living.heard(), 200 + second_sends);
    assert!(second_sends <= 100);
}

#[tokio::test]
async fn an_instance_that_dies_alone_is_noticed_by_its_second_send() {
    let nats = Nats::start();
    let transport = transport_with(&nats, hasty()).await;
    let mut alone = Instance::start(&nats, PATIENCE);
    let target = target("alpha", "graphql.alpha", Features::default());
    let query = tokio::spawn(transport.fetch(request(&target, OperationKind::Query, PATIENCE)));
    while alone.heard() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begin = Instant::now();
    alone.kill();
    let error = within(query).await.unwrap().unwrap_err();
    assert!(error.no_responders(), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

/// An instance with too much to do may have no time for questions.
#[tokio::test]
async fn whoever_answers_requests_is_there_whatever_it_says_to_questions() {
    let nats = Nats::start();
    let beta = raw::client(&nats, "beta").await;
    let _serving = raw::serve(&beta, "beta", "type Query { beta: String! }").await;
    let announced = raw::announce(&beta, raw::info("beta", "graphql.beta", "q")).await;
    let transport = transport(&nats).await;
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    let live = until_live(&registry, |live| live.target_of("beta").is_some()).await;
    let target = live.target_of("beta").unwrap().clone();
    // From now on questions are heard, and not answered.
    let silent = raw::listen(&beta, "$SRV.INFO.beta", None, |_, _, _| async {}).await;
    drop(announced);
    let mut heard = 0;
    while heard < 6 {
        transport.fetch(request(&target, OperationKind::Query, PATIENCE)).await.unwrap();
        heard = silent.heard();
    }
    assert!(registry.live().unwrap().target_of("beta").is_some());
    // Who is silent altogether is gone.
    until_live(&registry, |live| live.target_of("beta").is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_down_is_told_soon_and_passes() {
    let mut nats = Nats::start();
    let transport = transport(&nats).await;
    let alpha = raw::client(&nats, "alpha").await;
    // Both can arrive before anyone waits for the first.
    let arrived = Arc::new(Semaphore::new(0));
    let signal = arrived.clone();
    let _alpha = raw::subgraph(&alpha, "alpha", move |client, message, number| {
        let signal = signal.clone();
        async move {
            match number {
                0 | 1 => signal.add_permits(1),
                _ => reply(&client, &message, HELLO).await,
            }
        }
    })
    .await;
    let target = target("alpha", "graphql.alpha", Features::default());
    let fetch = |kind| transport.fetch(request(&target, kind, PATIENCE));
    // Requests in flight, and requests that come later, fail long before their deadline.
    let in_flight = tokio::spawn(join_all([fetch(OperationKind::Query), fetch(OperationKind::Mutation)]));
    within(arrived.acquire_many(2)).await.unwrap().forget();
    let begin = Instant::now();
    nats.kill();
    let codes: Vec<_> = within(in_flight).await.unwrap().into_iter().map(code).collect();
    assert_eq!(codes, ["NATS_UNAVAILABLE", "OUTCOME_UNKNOWN"]);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let begin = Instant::now();
    assert_eq!(code(fetch(OperationKind::Query).await), "NATS_UNAVAILABLE");
    assert_eq!(code(fetch(OperationKind::Mutation).await), "NATS_UNAVAILABLE", "it wasn't sent");
    assert!(begin.elapsed() < Duration::from_millis(200), "{:?}", begin.elapsed());

    nats.restart();
    let mut state = transport.link().state();
    within(state.wait_for(|state| state.down_since.is_none())).await.unwrap();
    within(async {
        // The subgraph needs a moment to come back, too.
        while fetch(OperationKind::Query).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(transport.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_may_start_before_nats() {
    let mut nats = Nats::start();
    nats.kill();
    let link = Link::connect(&nats.url_for("gateway"), &"gw1".parse().unwrap()).await.unwrap();
    let transport = Transport::new(link.clone(), TransportLimits::default()).await.unwrap();
    assert!(!link.is_up());
    assert_eq!(code(query(&transport, "alpha").await), "NATS_UNAVAILABLE");
    nats.restart();
    let mut state = link.state();
    within(state.wait_for(|state| state.down_since.is_none())).await.unwrap();
    let alpha = raw::client(&nats, "alpha").await;
    let _alpha =
        raw::subgraph(
            &alpha,
            "alpha",
            |client, message, _| async move { reply(&client, &message, HELLO).await },
        )
        .await;
    assert_eq!(text(&query(&transport, "alpha").await.unwrap()), HELLO);
}

#[tokio::test]
async fn a_gateway_without_rights_to_its_replies_says_so() {
    let nats = Nats::start();
    // The credential binds another id.
    let transport = connected(&nats.url_for("gateway2"), "gw1", hasty()).await;
    let mut state = transport.link().state();
    within(state.wait_for(|state| !state.refused.is_empty())).await.unwrap();
    let alpha = raw::client(&nats, "alpha").await;
    let listener = raw::subgraph(&alpha, "alpha", |_, _, _| async {}).await;
    assert_eq!(code(query(&transport, "alpha").await), "NATS_UNAVAILABLE");
    assert_eq!(listener.heard(), 0);
    let registry = Registry::start(transport, RegistryOptions::default());
    let status = until(&registry, |status| !status.diagnostics.is_empty()).await;
    assert_eq!(status.diagnostics[0].code, "NATS_NO_RIGHTS");
}
