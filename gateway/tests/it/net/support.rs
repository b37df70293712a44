//! What the tests here have in common.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use tokio::time::Instant;
use tributary::registry::{Live, Registry, RegistryOptions, Status};
use tributary::transport::{
    FetchError, FetchReply, FetchRequest, Link, SubgraphStats, Target, Transport, TransportLimits,
};
use tributary_federation::OperationKind;
use tributary_protocol::Features;
use xtask::servers::Nats;

/// Longer than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A transport as the gateway `gw1`.
pub async fn transport(nats: &Nats) -> Transport {
    transport_with(nats, TransportLimits::default()).await
}

/// As [`transport`], with other limits. Returns when it is connected.
pub async fn transport_with(nats: &Nats, limits: TransportLimits) -> Transport {
    connected(&nats.url_for("gateway"), "gw1", limits).await
}

/// A transport as any gateway.
pub async fn connected(url: &str, id: &str, limits: TransportLimits) -> Transport {
    let link = Link::connect(url, &id.parse().unwrap()).await.unwrap();
    let transport = Transport::new(link.clone(), limits).await.unwrap();
    let mut state = link.state();
    within(state.wait_for(|state| state.down_since.is_none())).await.unwrap();
    link.client().flush().await.unwrap();
    transport
}

/// Limits for tests that wait for a second send.
pub fn hasty() -> TransportLimits {
    TransportLimits { second_send_min: Duration::from_millis(150), ..TransportLimits::default() }
}

/// A registry that has looked around.
pub async fn registry(transport: &Transport) -> Registry {
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    until(&registry, |status| status.ready).await;
    registry
}

/// Waits for a status.
pub async fn until(registry: &Registry, mut condition: impl FnMut(&Status) -> bool) -> Arc<Status> {
    let mut status = registry.status();
    let reached = tokio::time::timeout(PATIENCE, status.wait_for(|status| condition(status))).await;
    match reached {
        Ok(status) => status.unwrap().clone(),
        Err(_) => panic!("not reached; the last status is {:#?}", registry.status().borrow()),
    }
}

/// Waits for something live.
pub async fn until_live(registry: &Registry, mut condition: impl FnMut(&Live) -> bool) -> Arc<Live> {
    let mut changes = registry.changes();
    let live = within(changes.wait_for(|live| live.as_deref().is_some_and(&mut condition))).await.unwrap();
    live.clone().unwrap()
}

/// Bounds a wait, so that a test that hangs says where.
#[track_caller]
pub fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("{place}: not within {PATIENCE:?}"),
        }
    }
}

/// A target that wasn't discovered.
pub fn target(name: &str, subject: &str, features: Features) -> Arc<Target> {
    Arc::new(Target {
        subgraph: name.parse().unwrap(),
        name: name.into(),
        subject: subject.to_owned().into(),
        features,
        stats: Arc::new(SubgraphStats::default()),
    })
}

/// A request that says how long it waits.
pub fn request(target: &Arc<Target>, kind: OperationKind, wait: Duration) -> FetchRequest {
    FetchRequest {
        target: target.clone(),
        payload: r#"{"query":"{ hello }"}"#.into(),
        kind,
        deadline: Instant::now() + wait,
        headers: Arc::new(HeaderMap::new()),
        idempotency_key: None,
        resent: false,
    }
}

/// Sends a query to `graphql.<name>`.
pub async fn query(transport: &Transport, name: &str) -> Result<FetchReply, FetchError> {
    let target = target(name, &format!("graphql.{name}"), Features::default());
    transport.fetch(request(&target, OperationKind::Query, PATIENCE)).await
}

/// Sends a mutation to `graphql.<name>` and waits for a second.
pub async fn mutation(transport: &Transport, name: &str) -> Result<FetchReply, FetchError> {
    let target = target(name, &format!("graphql.{name}"), Features::default());
    transport.fetch(request(&target, OperationKind::Mutation, Duration::from_secs(1))).await
}

/// The reply's text.
pub fn text(reply: &FetchReply) -> &str {
    std::str::from_utf8(&reply.payload).unwrap()
}

/// The code of a fetch that must fail.
#[track_caller]
pub fn code(outcome: Result<FetchReply, FetchError>) -> &'static str {
    outcome.map(|reply| text(&reply).to_owned()).unwrap_err().code()
}
