//! `forget` takes a subgraph out of the graph: of the bucket, and of every running gateway.

use tributary::registry::{ForgetError, Registry, RegistryOptions, forget};
use xtask::servers::Nats;

use super::registry::{Served, wait_until_stored};
use super::support::*;

#[tokio::test]
async fn a_subgraph_is_forgotten_when_it_is_gone() {
    let nats = Nats::start();
    let alpha = Served::start(&nats, "alpha", super::registry::Alpha.schema()).await;
    let _beta = Served::start(&nats, "beta", super::registry::Beta.schema()).await;
    let transport = transport(&nats).await;
    let gateway = Registry::start(transport.clone(), RegistryOptions::default());
    until_live(&gateway, |live| live.supergraph.subgraphs().len() == 2).await;
    until(&gateway, |status| status.ready).await;
    wait_until_stored(&nats, &["alpha", "beta"]).await;

    let name = "alpha".parse().unwrap();
    let refused = forget(&transport, &name).await.unwrap_err();
    assert!(matches!(refused, ForgetError::Running(_)), "{refused}");

    alpha.stop().await;
    until(&gateway, |status| status.subgraphs["alpha"].instances == 0).await;
    let misspelt = forget(&transport, &"alhpa".parse().unwrap()).await.unwrap_err();
    assert!(matches!(misspelt, ForgetError::Unknown(_)), "{misspelt}");
    forget(&transport, &name).await.unwrap();
    let twice = forget(&transport, &name).await.unwrap_err();
    assert!(matches!(twice, ForgetError::Unknown(_)), "{twice}");
    let live = until_live(&gateway, |live| live.supergraph.subgraphs().len() == 1).await;
    assert!(live.target_of("beta").is_some());
    drop(gateway);

    let restarted = registry(&transport).await;
    assert_eq!(restarted.live().unwrap().supergraph.subgraphs().len(), 1);
    // It is no ban: a subgraph that comes back is part of the graph again.
    let _alpha = Served::start(&nats, "alpha", super::registry::Alpha.schema()).await;
    until_live(&restarted, |live| live.supergraph.subgraphs().len() == 2).await;
    wait_until_stored(&nats, &["alpha", "beta"]).await;
}
