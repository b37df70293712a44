//! The parts of a running gateway, put together.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::FutureExt;
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
};
use tokio_util::sync::CancellationToken;

mod counted;

use counted::Counted;

use crate::{
    auth::{self, Authenticator, RevocationState, RevocationStatus, Source},
    cache::{self, EntityCache},
    config::{Config, KeySource},
    error::{Code, GraphqlError},
    pipeline::{Operations, Pipeline},
    registry::{BeforeSwap, FixedSupergraph, FixedSupergraphError, Registry, RegistryOptions, Status},
    subscription::{EventStream, Hub, HubSettings},
    telemetry::Metrics,
    transport::{Link, Transport, TransportLimits},
};

/// A running gateway. HTTP is served beside it, by [`crate::server`].
pub struct Gateway {
    config: Arc<Config>,
    metrics: Arc<Metrics>,
    authenticator: Arc<Authenticator>,
    pipeline: Arc<Pipeline>,
    registry: Registry,
    hub: Arc<Hub>,
    /// Room for subscriptions.
    subscriptions: Arc<Semaphore>,
    /// Connections that would go on for ever end.
    ending: CancellationToken,
    moves_task: AbortHandle,
    /// One for each request that may be answered at once. Beyond that, refusing at once serves everybody
    /// better than queueing: a queue that grows is answered when its clients have left.
    slots: Arc<Semaphore>,
    /// One for each large body that may be on its way: what arrives slowly must not take the slots of what is there.
    uploads: Arc<Semaphore>,
    draining: AtomicBool,
    keys_task: AbortHandle,
    revocations_task: Option<AbortHandle>,
    /// `None`: nothing is kept.
    cache: Option<Arc<EntityCache>>,
    cache_task: Option<AbortHandle>,
}

/// What `/health/ready` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// It was told to stop.
    pub draining: bool,
    /// Whether requests should be sent here, and the graph, NATS, and what is wrong with them.
    #[serde(flatten)]
    pub status: Status,
    /// What is known of the sessions that were revoked; absent where sessions can't be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocations: Option<RevocationStatus>,
}

/// Bodies up to this size are read without further ado: as many as there are connections fit the memory.
const SMALL_BODY: u64 = 64 << 10;
/// Quiet clients are told more rarely how far they are than that somebody is there.
const KEEP_ALIVES_TO_A_PLACE: u32 = 3;
/// How many requests at once there are for each large body that may be on its way.
const REQUESTS_FOR_AN_UPLOAD: usize = 4;

impl Gateway {
    /// Starts everything but HTTP. It returns before NATS answers: a gateway without NATS is alive, says why
    /// it can't serve, and recovers by itself.
    pub async fn start(config: Arc<Config>) -> anyhow::Result<Arc<Self>> {
        let metrics = Arc::new(Metrics::default());
        let operations = Arc::new(Operations::new(&config, metrics.clone()));
        let options = registry_options(&config, &operations)?;
        let link = Link::connect(&config.nats.url, &config.nats.gateway_id).await?;
        let limits = TransportLimits { max_message: config.nats.max_message, ..TransportLimits::default() };
        let transport = Transport::new(link.clone(), limits).await?;
        let registry = Registry::start(transport.clone(), options);
        let cache = (config.cache.bytes > 0).then(|| Arc::new(EntityCache::new(config.cache)));
        let pipeline = Arc::new(Pipeline::new(
            config.clone(),
            operations.clone(),
            registry.clone(),
            transport.clone(),
            metrics.clone(),
            cache.clone(),
        ));
        let rules = &config.subscriptions;
        let stream = EventStream::new(link.clone(), rules.stream.clone());
        let follow = cache.clone().map(|cache| cache::follow(cache, stream.clone(), registry.changes()));
        let settings = HubSettings {
            replay_events: rules.replay_events,
            progress: rules.keep_alive * KEEP_ALIVES_TO_A_PLACE,
        };
        let hub = Hub::new(pipeline.clone(), stream, settings, metrics.clone());
        let moves = keep_subscriptions_live(hub.clone(), registry.clone());
        let authenticator = Arc::new(Authenticator::new(config.auth.clone(), key_source(&config, &link)));
        let keys = auth::keep_fresh(authenticator.clone(), link.clone(), config.auth.refresh);
        let revocations = authenticator.revocations().cloned();
        let revocations_task = revocations
            .clone()
            .map(|revocations| tokio::spawn(auth::watch_bucket(revocations, link.clone())).abort_handle());
        metrics.collect_from(Counted {
            operations,
            registry: registry.clone(),
            transport,
            revocations,
            hub: Arc::downgrade(&hub),
            cache: cache.clone(),
        });
        tracing::info!(gateway = %config.nats.gateway_id, "started");
        Ok(Arc::new(Self {
            slots: Arc::new(Semaphore::new(config.limits.requests)),
            uploads: Arc::new(Semaphore::new(config.limits.requests.div_ceil(REQUESTS_FOR_AN_UPLOAD))),
            draining: AtomicBool::new(false),
            keys_task: tokio::spawn(keys).abort_handle(),
            revocations_task,
            cache_task: follow.map(|follow| tokio::spawn(follow).abort_handle()),
            cache,
            moves_task: tokio::spawn(moves).abort_handle(),
            subscriptions: Arc::new(Semaphore::new(config.subscriptions.subscriptions)),
            ending: CancellationToken::new(),
            hub,
            config,
            metrics,
            authenticator,
            pipeline,
            registry,
        }))
    }

    /// The settings.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who verifies tokens.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Who answers requests.
    pub fn pipeline(&self) -> &Arc<Pipeline> {
        &self.pipeline
    }

    /// Who has which subscription.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// What subgraphs answered and is kept; `None`: nothing is.
    pub fn cache(&self) -> Option<&Arc<EntityCache>> {
        self.cache.as_ref()
    }

    /// Room for one more subscription.
    pub fn subscription_slot(&self) -> Result<OwnedSemaphorePermit, GraphqlError> {
        self.subscriptions.clone().try_acquire_owned().map_err(|_| {
            let most = self.config.subscriptions.subscriptions as u64;
            let what = "The number of subscriptions at once";
            GraphqlError::limit(Code::Overloaded, what, None, most, "--max-subscriptions")
        })
    }

    /// Resolves when connections that would go on for ever have to end.
    pub fn ending(&self) -> &CancellationToken {
        &self.ending
    }

    /// Room for one more request.
    pub fn slot(&self) -> Result<OwnedSemaphorePermit, GraphqlError> {
        self.slots.clone().try_acquire_owned().map_err(|_| self.overloaded())
    }

    /// Room to read a body of that length; `None`: nobody knows how long it is.
    pub fn upload(&self, length: Option<u64>) -> Result<Option<OwnedSemaphorePermit>, GraphqlError> {
        if self.slots.available_permits() == 0 {
            return Err(self.overloaded());
        }
        if length.is_some_and(|length| length <= SMALL_BODY) {
            return Ok(None);
        }
        self.uploads.clone().try_acquire_owned().map(Some).map_err(|_| self.overloaded())
    }

    fn overloaded(&self) -> GraphqlError {
        let most = self.config.limits.requests as u64;
        GraphqlError::limit(Code::Overloaded, "The number of requests at once", None, most, "--max-requests")
    }

    /// The state of the graph, and its changes.
    pub fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.registry.status()
    }

    /// Whether requests should be sent here, and if not, why.
    pub fn readiness(&self) -> Readiness {
        let draining = self.draining.load(Ordering::Relaxed);
        let mut status = Status::clone(&self.registry.status().borrow());
        let revocations = self.authenticator.revocations().map(|revocations| revocations.status());
        let knows = revocations.as_ref().is_none_or(|known| known.state == RevocationState::Read);
        status.ready &= status.connected && !draining && knows;
        Readiness { draining, status, revocations }
    }

    /// From now on it isn't ready.
    pub fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.ending.cancel();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.keys_task.abort();
        self.moves_task.abort();
        for task in [&self.revocations_task, &self.cache_task].into_iter().flatten() {
            task.abort();
        }
    }
}

/// Plans subscriptions again whenever there is a new supergraph.
async fn keep_subscriptions_live(hub: Arc<Hub>, registry: Registry) {
    let mut changes = registry.changes();
    let mut generation = 0;
    loop {
        let now = changes.borrow_and_update().as_ref().map_or(0, |live| live.generation);
        if std::mem::replace(&mut generation, now) != now {
            hub.move_to_live().await;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn registry_options(
    config: &Config,
    operations: &Arc<Operations>,
) -> Result<RegistryOptions, FixedSupergraphError> {
    let fixed = config.graph.supergraph.as_deref().map(FixedSupergraph::read).transpose()?;
    let (operations, trusted) = (operations.clone(), config.trusted.clone());
    let before_swap: BeforeSwap = Arc::new(move |live| {
        let (operations, trusted) = (operations.clone(), trusted.clone());
        // A task of its own, so that it comes to its end even where nobody waits so long.
        let prepared = tokio::spawn(async move {
            operations.warm(&live).await;
            if let Some(trusted) = trusted {
                operations.prepare_trusted(&live, &trusted).await;
            }
        });
        prepared.map(drop).boxed()
    });
    Ok(RegistryOptions {
        graph: config.graph.name.clone(),
        require: config.graph.require.clone(),
        fixed,
        before_swap: Some(before_swap),
    })
}

fn key_source(config: &Config, link: &Link) -> Source {
    match &config.auth.keys {
        KeySource::File(path) => Source::File(path.clone()),
        KeySource::Service(service) => Source::Service {
            client: link.client().clone(),
            service: service.clone(),
            gateway_id: config.nats.gateway_id.to_string(),
        },
    }
}
