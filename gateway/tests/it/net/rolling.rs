//! A rolling change of a subgraph's SDL under load: old and new instances side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tributary::registry::{Registry, RegistryOptions};
use tributary::transport::{FetchError, FetchReply, Transport};
use tributary_federation::OperationKind;
use xtask::servers::Nats;

use super::registry::{Alpha, AlphaMore, Served};
use super::support::*;

/// What a request's way through the gateway does with the registry: it takes what is live, and where
/// nobody listens any more it asks for the replacement and sends once more.
async fn ask(
    transport: &Transport,
    registry: &Registry,
    kind: OperationKind,
) -> Result<FetchReply, FetchError> {
    let live = registry.live().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let fetch = |target, resent| {
        let mut request = request(target, kind, PATIENCE);
        request.payload = r#"{"query":"{ alpha }"}"#.into();
        request.resent = resent;
        transport.fetch(request)
    };
    let target = live.target_of("alpha").expect("some instance is always there");
    match fetch(target, false).await {
        Err(error) if error.no_responders() => {
            let live = registry.replacement(target, deadline).await.ok_or(error)?;
            fetch(live.target_of("alpha").unwrap(), true).await
        }
        outcome => outcome,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_sdl_changes() {
    let nats = Nats::start();
    let old = [
        Served::start(&nats, "alpha", Alpha.schema()).await,
        Served::start(&nats, "alpha", Alpha.schema()).await,
    ];
    let transport = transport(&nats).await;
    let prepared = Arc::new(AtomicUsize::new(0));
    let count = prepared.clone();
    let options = RegistryOptions {
        before_swap: Some(Arc::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(tokio::time::sleep(Duration::from_millis(100)))
        })),
        ..RegistryOptions::default()
    };
    let registry = Registry::start(transport.clone(), options);
    let before = until_live(&registry, |live| live.target_of("alpha").is_some()).await;
    until(&registry, |status| status.subgraphs["alpha"].instances == 2).await;

    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|n| {
            let (transport, registry, stop) = (transport.clone(), registry.clone(), stop.clone());
            let kind = if n % 4 == 0 { OperationKind::Mutation } else { OperationKind::Query };
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::SeqCst) {
                    ask(&transport, &registry, kind).await.unwrap();
                    answered += 1;
                }
                answered
            })
        })
        .collect();

    let _first_new = Served::start(&nats, "alpha", AlphaMore.schema()).await;
    until(&registry, |status| status.subgraphs["alpha"].instances == 3).await;
    assert_eq!(registry.live().unwrap().generation, before.generation, "most instances have the old SDL");
    let [first, second] = old;
    first.stop().await;
    until(&registry, |status| status.subgraphs["alpha"].instances == 2).await;
    assert_eq!(registry.live().unwrap().generation, before.generation, "a tie keeps what is live");
    second.stop().await;
    let after = until_live(&registry, |live| live.sdl.contains("more: String!")).await;
    let _second_new = Served::start(&nats, "alpha", AlphaMore.schema()).await;
    until(&registry, |status| status.subgraphs["alpha"].instances == 2).await;

    stop.store(true, Ordering::SeqCst);
    for client in clients {
        assert!(within(client).await.unwrap() > 0);
    }
    assert_ne!(before.target_of("alpha").unwrap().subject, after.target_of("alpha").unwrap().subject);
    assert_eq!((after.generation, prepared.load(Ordering::SeqCst)), (before.generation + 1, 2));
}
