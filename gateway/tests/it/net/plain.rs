//! A NATS server without JetStream: everything works but remembering.

use std::process::Command;

use tributary::registry::{ForgetError, Registry, RegistryOptions, StoreStatus, forget};
use tributary::transport::TransportLimits;
use xtask::process::{Spawn, StopSignal, Supervised};
use xtask::{servers, tools};

use super::registry::{Alpha, Beta};
use super::support::*;

/// The server and its URL.
fn start() -> (Supervised, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let port = servers::free_port().unwrap();
    let mut command = Command::new(tools::nats::provide().unwrap().program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    let how = Spawn {
        name: "nats-server".into(),
        log: folder.path().join("log"),
        stop: StopSignal::Kill,
        trash: None,
    };
    (Supervised::spawn(&command, how).unwrap(), format!("nats://127.0.0.1:{port}"), folder)
}

#[tokio::test]
async fn the_graph_is_served_and_forgets_when_told() {
    let (_server, url, _folder) = start();
    let alpha = tributary_subgraph::connect("alpha", &url).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(
        tributary_subgraph::Subgraph::new("alpha", Alpha.schema()).serve(alpha, std::future::pending()),
    );
    let beta = tributary_subgraph::Subgraph::new("beta", Beta.schema());
    let beta =
        tokio::spawn(beta.serve(tributary_subgraph::connect("beta", &url).await.unwrap(), async move {
            drop(stopped.await)
        }));
    let transport = connected(&url, "gw1", TransportLimits::default()).await;
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    let status = until(&registry, |status| status.ready && status.stored != StoreStatus::Pending).await;
    assert_eq!(status.stored, StoreStatus::Unavailable);
    until_live(&registry, |live| live.supergraph.subgraphs().len() == 2).await;

    let name = "beta".parse().unwrap();
    assert!(matches!(forget(&transport, &name).await, Err(ForgetError::Running(_))));
    drop(stop);
    within(beta).await.unwrap().unwrap();
    until(&registry, |status| status.subgraphs["beta"].instances == 0).await;
    forget(&transport, &name).await.unwrap();
    until_live(&registry, |live| live.supergraph.subgraphs().len() == 1).await;
}
