//! Which graph is live, with subgraphs that come, go and change.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tributary::registry::{FixedSupergraph, Registry, RegistryOptions, StoreStatus};
use tributary::transport::TransportLimits;
use tributary_federation::{OperationKind, Supergraph};
use tributary_protocol::parts::{self, Limits};
use xtask::servers::Nats;

use super::raw;
use super::support::*;

/// A kit's instance that can be stopped in good order.
pub struct Served {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Served {
    /// Serves a schema as `name`; returns when it is announced or later.
    pub async fn start(nats: &Nats, name: &str, schema: impl async_graphql::Executor) -> Self {
        let client = raw::client(nats, name).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let subgraph = tributary_subgraph::Subgraph::new(name, schema);
        let task = tokio::spawn(async move {
            let shutdown = async move { drop(stopped.await) };
            subgraph.serve(client, shutdown).await.unwrap();
        });
        Self { stop: Some(stop), task }
    }

    /// Stops as on SIGTERM.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

macro_rules! query_type {
    ($query:ident { $($field:ident),* }) => {
        pub struct $query;

        #[Object(name = "Query")]
        impl $query {
            $(async fn $field(&self) -> &str { stringify!($field) })*
        }

        impl $query {
            /// A federation schema with this query type.
            pub fn schema(self) -> Schema<Self, EmptyMutation, EmptySubscription> {
                Schema::build(self, EmptyMutation, EmptySubscription).enable_federation().finish()
            }
        }
    };
}

query_type!(Alpha { alpha });
query_type!(AlphaMore { alpha, more });
query_type!(Beta { beta });
/// Doesn't compose with alpha: both resolve `Query.alpha`, which isn't shareable.
pub struct Usurper;

#[Object(name = "Query")]
impl Usurper {
    async fn alpha(&self) -> i32 {
        1
    }
}

impl Usurper {
    fn schema(self) -> Schema<Self, EmptyMutation, EmptySubscription> {
        Schema::build(self, EmptyMutation, EmptySubscription).enable_federation().finish()
    }
}

fn has(sdl: &str, field: &str) -> bool {
    sdl.contains(&format!("{field}: String!"))
}

#[tokio::test]
async fn what_is_there_at_the_start_is_live_soon() {
    let nats = Nats::start();
    let _served = (
        Served::start(&nats, "alpha", Alpha.schema()).await,
        Served::start(&nats, "beta", Beta.schema()).await,
    );
    let transport = transport(&nats).await;
    // Both may need a moment more to announce themselves than to connect.
    let probe = registry(&transport).await;
    until(&probe, |status| status.subgraphs.len() == 2).await;
    drop(probe);

    let begin = Instant::now();
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    let status = until(&registry, |status| status.ready).await;
    let took = begin.elapsed();
    println!("ready after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!((status.subgraphs.len(), status.diagnostics.len()), (2, 0), "{status:#?}");
    let live = registry.live().unwrap();
    assert!(has(&live.sdl, "alpha") && has(&live.sdl, "beta"), "{}", live.sdl);
    for name in ["alpha", "beta"] {
        let target = live.target_of(name).unwrap();
        assert!(target.subject.starts_with(&format!("graphql.{name}.")), "{}", target.subject);
        let mut request = request(target, OperationKind::Query, PATIENCE);
        request.payload = format!(r#"{{"query":"{{ {name} }}"}}"#).into();
        let reply = transport.fetch(request).await.unwrap();
        assert_eq!(text(&reply), format!(r#"{{"data":{{"{name}":"{name}"}}}}"#));
        assert!(reply.instance.is_some());
    }
}

#[tokio::test]
async fn a_subgraph_that_leaves_stays_in_the_schema_without_a_target() {
    let nats = Nats::start();
    let alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let _beta = Served::start(&nats, "beta", Beta.schema()).await;
    let transport = transport(&nats).await;
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    let before =
        until_live(&registry, |live| live.target_of("alpha").is_some() && live.target_of("beta").is_some())
            .await;
    alpha.stop().await;
    let live = until_live(&registry, |live| live.target_of("alpha").is_none()).await;
    assert_eq!(live.generation, before.generation, "nothing was composed for it");
    assert!(Arc::ptr_eq(&live.supergraph, &before.supergraph));
    assert!(live.target_of("beta").is_some());

    let old = before.target_of("alpha").unwrap();
    let begin = Instant::now();
    assert!(registry.replacement(old, begin + PATIENCE).await.is_none());
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());

    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let live = until_live(&registry, |live| live.target_of("alpha").is_some()).await;
    assert_eq!(live.generation, before.generation);
    assert!(Arc::ptr_eq(&live.target_of("alpha").unwrap().stats, &old.stats), "its counters go on");
}

#[tokio::test]
async fn a_newcomer_that_does_not_compose_is_left_out() {
    let nats = Nats::start();
    let _served = (
        Served::start(&nats, "alpha", Alpha.schema()).await,
        Served::start(&nats, "beta", Beta.schema()).await,
    );
    let transport = transport(&nats).await;
    let registry = Registry::start(transport, RegistryOptions::default());
    let before = until_live(&registry, |live| live.supergraph.subgraphs().len() == 2).await;
    let usurper = Served::start(&nats, "gamma", Usurper.schema()).await;
    let status = until(&registry, |status| !status.diagnostics.is_empty()).await;
    let left_out = status.diagnostics.iter().find(|found| found.code == "SUBGRAPH_LEFT_OUT");
    assert_eq!(left_out.unwrap().subgraph.as_deref(), Some("gamma"), "{status:#?}");
    assert!(status.ready && status.diagnostics.len() > 1, "the reason is told too: {status:#?}");
    assert_eq!(status.subgraphs["gamma"].sdl, None);
    assert_eq!(registry.live().unwrap().generation, before.generation);

    usurper.stop().await;
    until(&registry, |status| status.diagnostics.is_empty()).await;
}

#[tokio::test]
async fn a_change_that_does_not_compose_keeps_the_previous_sdl() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let beta = Served::start(&nats, "beta", Beta.schema()).await;
    let transport = transport(&nats).await;
    let registry = Registry::start(transport, RegistryOptions::default());
    let before = until_live(&registry, |live| live.supergraph.subgraphs().len() == 2).await;
    let _changed = Served::start(&nats, "beta", Usurper.schema()).await;
    until(&registry, |status| status.subgraphs["beta"].instances == 2).await;
    beta.stop().await;
    until(&registry, |status| status.diagnostics.iter().any(|found| found.code == "SUBGRAPH_LEFT_OUT")).await;
    let live = until_live(&registry, |live| live.target_of("beta").is_none()).await;
    assert_eq!(live.generation, before.generation);
    assert!(has(&live.sdl, "beta"), "its fields stay, and say that it is unavailable");
    assert!(live.target_of("alpha").is_some());

    // A third version that composes is taken.
    let _mended = Served::start(&nats, "beta", Beta.schema()).await;
    until_live(&registry, |live| live.target_of("beta").is_some()).await;
}

#[tokio::test]
async fn what_is_required_is_waited_for() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let transport = transport(&nats).await;
    let require = vec!["alpha".parse().unwrap(), "beta".parse().unwrap()];
    let registry = Registry::start(transport, RegistryOptions { require, ..RegistryOptions::default() });
    let status = until(&registry, |status| status.generation > 0 && status.missing.len() == 1).await;
    assert!(!status.ready, "{status:#?}");
    let beta = Served::start(&nats, "beta", Beta.schema()).await;
    let status = until(&registry, |status| status.ready).await;
    assert!(status.subgraphs["beta"].sdl.is_some() && status.missing.is_empty(), "{status:#?}");
    beta.stop().await;
    let status = until(&registry, |status| status.subgraphs["beta"].instances == 0).await;
    assert!(status.ready, "it is for the start only");
}

#[tokio::test]
async fn another_graph_is_not_ours() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let client = raw::client(&nats, "beta").await;
    let beta = tributary_subgraph::Subgraph::new("beta", Beta.schema()).graph("other");
    tokio::spawn(beta.serve(client, std::future::pending()));
    let transport = transport(&nats).await;
    let graph = Some("other".to_owned());
    let other = Registry::start(transport.clone(), RegistryOptions { graph, ..RegistryOptions::default() });
    let live = until_live(&other, |_| true).await;
    assert!(has(&live.sdl, "beta") && !has(&live.sdl, "alpha"), "{}", live.sdl);
}

#[tokio::test]
async fn a_fixed_supergraph_needs_only_targets() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let transport = transport(&nats).await;
    let composed = until_live(&registry(&transport).await, |_| true).await;

    let fixed = FixedSupergraph {
        sdl: composed.sdl.clone(),
        supergraph: Arc::new(Supergraph::parse(&composed.sdl).unwrap()),
    };
    let options = RegistryOptions { fixed: Some(fixed.clone()), ..RegistryOptions::default() };
    let registry = Registry::start(transport, options);
    let status = until(&registry, |status| status.ready).await;
    assert_eq!(status.stored, StoreStatus::Unused);
    let live = until_live(&registry, |live| live.target_of("alpha").is_some()).await;
    assert!(Arc::ptr_eq(&live.supergraph, &fixed.supergraph));
    // Another SDL changes nothing: whoever fixed the supergraph answers for it.
    let _more = Served::start(&nats, "alpha", AlphaMore.schema()).await;
    until(&registry, |status| status.subgraphs["alpha"].instances == 2).await;
    assert_eq!(registry.live().unwrap().generation, live.generation);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_nats_brings_everything_back() {
    let mut nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let transport = transport(&nats).await;
    let registry = Registry::start(transport.clone(), RegistryOptions::default());
    let before = until_live(&registry, |live| live.target_of("alpha").is_some()).await;
    until(&registry, |status| status.ready).await;
    nats.kill();
    until(&registry, |status| !status.connected && !status.ready).await;
    let live = registry.live().unwrap();
    assert!(live.target_of("alpha").is_some(), "silence says nothing about it");
    nats.restart();
    until(&registry, |status| status.connected && status.ready).await;
    let fetch = || {
        let mut request = request(live.target_of("alpha").unwrap(), OperationKind::Query, PATIENCE);
        request.payload = r#"{"query":"{ alpha }"}"#.into();
        transport.fetch(request)
    };
    within(async {
        while fetch().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(
        until_live(&registry, |live| live.target_of("alpha").is_some()).await.generation,
        before.generation
    );
}

#[tokio::test]
async fn a_restarted_gateway_serves_what_it_served_and_two_gateways_agree() {
    let nats = Nats::start();
    let alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let beta = Served::start(&nats, "beta", Beta.schema()).await;
    let first = Registry::start(transport(&nats).await, RegistryOptions::default());
    let second = connected(&nats.url_for("gateway2"), "gw2", TransportLimits::default()).await;
    let second = Registry::start(second, RegistryOptions::default());
    let live = until_live(&first, |live| live.supergraph.subgraphs().len() == 2).await;
    let other = until_live(&second, |live| live.supergraph.subgraphs().len() == 2).await;
    assert_eq!(live.sdl, other.sdl);
    for registry in [&first, &second] {
        until(registry, |status| status.stored == StoreStatus::Good).await;
    }
    wait_until_stored(&nats, &["alpha", "beta"]).await;
    drop((first, second));
    alpha.stop().await;
    beta.stop().await;

    let restarted = registry(&transport(&nats).await).await;
    let restored = restarted.live().unwrap();
    assert_eq!(restored.sdl, live.sdl);
    assert!(restored.target_of("alpha").is_none() && restored.target_of("beta").is_none());
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let live = until_live(&restarted, |live| live.target_of("alpha").is_some()).await;
    assert_eq!(live.generation, restored.generation);
}

#[tokio::test]
async fn an_sdl_over_the_servers_limit_is_fetched_in_parts_and_stored_packed() {
    let nats = Nats::start();
    let client = raw::client(&nats, "beta").await;
    let sdl = format!("\"\"\"\n{}\"\"\"\ntype Query {{ beta: String! }}", "All of beta.\n".repeat(100_000));
    assert!(sdl.len() > client.max_payload());
    let reply = serde_json::json!({"data": {"_service": {"sdl": sdl}}}).to_string();
    let _serving = raw::subgraph(&client, "beta", move |client, message, _| {
        let limits = Limits::new(client.max_payload());
        let parts = parts::split(async_nats::HeaderMap::new(), reply.clone().into(), limits).unwrap();
        async move {
            for part in parts {
                let to = message.reply.clone().unwrap();
                client.publish_with_headers(to, part.headers, part.payload).await.unwrap();
            }
        }
    })
    .await;
    let announced = raw::announce(&client, raw::info("beta", "graphql.beta", "q")).await;
    let gateway = registry(&transport(&nats).await).await;
    let live = gateway.live().unwrap();
    wait_until_stored(&nats, &["beta"]).await;
    drop((gateway, announced));
    let restarted = registry(&transport(&nats).await).await;
    assert_eq!(restarted.live().unwrap().sdl, live.sdl);
}

/// Waits until the bucket has those keys.
pub async fn wait_until_stored(nats: &Nats, names: &[&str]) {
    let client = raw::client(nats, "operator").await;
    let context = async_nats::jetstream::new(client);
    within(async {
        loop {
            if let Ok(bucket) = context.get_key_value("tributary_graph").await {
                let mut found = 0;
                for name in names {
                    found += usize::from(bucket.get(*name).await.is_ok_and(|value| value.is_some()));
                }
                if found == names.len() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
