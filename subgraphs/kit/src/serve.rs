//! A subgraph's life: subscribe everything, announce, run, drain, leave.

use std::future::Future;
use std::sync::Arc;

use async_graphql::Executor;
use async_nats::Client;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tributary_protocol::{
    Announcement, Features, QuerySubject, Registration, SdlHash, SubgraphName, Token, subject,
};

use crate::control::Control;
use crate::endpoint::Endpoint;
use crate::gate::{Gate, Replier};
use crate::intake::{Intake, fence, while_connected};
use crate::internal::InternalEndpoint;
use crate::registry::Registry;
use crate::stats::Stats;
use crate::subgraph::Settings;
use crate::subscriptions::Subscriptions;
use crate::{ServeError, Subgraph, connection, http};

pub(crate) async fn serve<E: Executor>(
    subgraph: Subgraph<E>,
    client: Client,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    connection::warn_if_open(&client);
    let registration = register(&subgraph).await?;
    let mut instance = Instance::start(subgraph, client, registration).await?;
    let ended = tokio::select! {
        () = shutdown => Ok(()),
        error = instance.run() => Err(error),
    };
    instance.stop().await;
    ended
}

/// Asks the schema what it is. The hash is that of the answer to `_service`, not of some other way to print the
/// schema: it is what a gateway gets and compares.
async fn register<E: Executor>(subgraph: &Subgraph<E>) -> Result<Registration, ServeError> {
    let name = SubgraphName::new(subgraph.name.as_str())?;
    let sdl = SdlHash::of(&sdl(&subgraph.executor).await?);
    let Settings { version, description, graph, .. } = subgraph.settings.clone();
    Ok(Registration {
        subject: QuerySubject::pinned(name.clone(), &sdl),
        instance: random_token(),
        sdl: Some(sdl),
        features: Features { parts: true, streams: true },
        name,
        version,
        description,
        graph,
    })
}

async fn sdl<E: Executor>(executor: &E) -> Result<String, ServeError> {
    let response = executor.execute(async_graphql::Request::new("{ _service { sdl } }")).await;
    let sdl = response
        .data
        .into_json()
        .ok()
        .and_then(|data| Some(data.pointer("/_service/sdl")?.as_str()?.to_owned()));
    sdl.ok_or_else(|| {
        let errors: Vec<String> = response.errors.into_iter().map(|error| error.message).collect();
        ServeError::NoSdl(errors.join("; "))
    })
}

/// A token that nobody can guess.
pub(crate) fn random_token() -> Token {
    Token::new(uuid::Uuid::new_v4().simple().to_string()).expect("hexadecimal digits are a token")
}

/// What runs.
struct Instance {
    client: Client,
    registration: Registration,
    settings: Settings,
    subscriptions: Subscriptions,
    /// Tells the intakes to stop taking.
    draining: CancellationToken,
    /// Tells streams to end, so that they go on elsewhere.
    ending: CancellationToken,
    /// Tells what serves requests that still run to stop, too.
    finished: CancellationToken,
    /// The subscriptions that requests come from; each ends when it is drained.
    intakes: JoinSet<()>,
    /// The answers to `$SRV`, and what tells them to end.
    registry: JoinSet<()>,
    leaving: CancellationToken,
    /// The rest: control messages, HTTP.
    helpers: JoinSet<()>,
    requests: TaskTracker,
}

impl Instance {
    /// Subscribes everything. Nothing has to be undone on an error: it comes before the subscription that requests arrive
    /// on, or because the connection is closed.
    async fn start<E: Executor>(
        subgraph: Subgraph<E>,
        client: Client,
        registration: Registration,
    ) -> Result<Self, ServeError> {
        let mut instance = Self {
            settings: subgraph.settings.clone(),
            draining: CancellationToken::new(),
            ending: CancellationToken::new(),
            finished: CancellationToken::new(),
            intakes: JoinSet::new(),
            helpers: JoinSet::new(),
            registry: JoinSet::new(),
            leaving: CancellationToken::new(),
            requests: TaskTracker::new(),
            subscriptions: Subscriptions::new(client.clone(), registration.name.clone()),
            registration,
            client,
        };
        let listener = http::bind(instance.settings.http).await?;
        if let Some(listener) = listener {
            let site = http::site(
                subgraph.executor.clone(),
                subgraph.prepare.clone(),
                instance.settings.default_timeout,
            );
            instance.helpers.spawn(http::serve(listener, site, instance.finished.clone()));
        }
        let (control, dispatcher) =
            Control::start(&mut instance.subscriptions, &instance.registration).await?;
        instance.helpers.spawn(dispatcher.run(instance.finished.clone()));
        let stats = Arc::new(Stats::new());
        instance.start_internal(subgraph.internal).await?;
        let gate = instance.gate(stats.clone());
        let (settings, ending) = (&instance.settings, instance.ending.clone());
        let endpoint = Endpoint::new(subgraph.executor, subgraph.prepare, control, gate, settings, ending);
        let subject = instance.registration.subject.to_string();
        instance.take(subject, move |message| endpoint.accept(message)).await?;
        let registry =
            Registry::start(&instance.client, &mut instance.subscriptions, &instance.registration, stats)
                .await?;
        instance.registry.spawn(registry.run(instance.leaving.clone()));
        Ok(instance)
    }

    async fn start_internal(
        &mut self,
        handlers: Vec<(String, crate::internal::Handler)>,
    ) -> Result<(), ServeError> {
        for (verb, handler) in handlers {
            let subject = tributary_protocol::InternalSubject {
                service: self.registration.name.clone().into(),
                verb: Token::new(verb)?,
            };
            let gate = self.gate(Arc::new(Stats::new()));
            let endpoint = InternalEndpoint::new(handler, gate, self.settings.default_timeout);
            self.take(subject.to_string(), move |message| endpoint.accept(message)).await?;
        }
        Ok(())
    }

    fn gate(&self, stats: Arc<Stats>) -> Gate {
        let replier = Replier::new(
            self.client.clone(),
            self.registration.instance.clone(),
            self.settings.max_parts_total,
        );
        Gate::new(self.settings.concurrency, self.requests.clone(), replier, stats)
    }

    async fn take(
        &mut self,
        subject: String,
        accept: impl Fn(async_nats::Message) + Send + Sync + 'static,
    ) -> Result<(), ServeError> {
        let subscriber = self.subscriptions.one_of_us(subject).await?;
        let intake = Intake::new(self.client.clone(), self.registration.name.clone(), subscriber);
        self.intakes.spawn(intake.run(self.draining.clone(), accept));
        Ok(())
    }

    /// Announces the instance and serves, until it can't any more.
    async fn run(&mut self) -> ServeError {
        let confirmed = tokio::select! {
            biased;
            refused = self.subscriptions.refused() => return refused,
            confirmed = fence(&self.client, &self.registration.name) => confirmed,
        };
        if !confirmed {
            tracing::warn!("the server didn't confirm the subscriptions in time");
        }
        if let Err(error) = self.announce(Announcement::Up).await {
            return error;
        }
        tracing::info!(subgraph = %self.registration.name, instance = %self.registration.instance,
            subject = %self.registration.subject, "ready");
        tokio::select! {
            refused = self.subscriptions.refused() => refused,
            // A subscription ends by itself only when its connection is closed for good.
            _ = self.intakes.join_next() => ServeError::Lost,
        }
    }

    /// Says that this instance came or went. It goes the same way as the subscriptions before it, so whoever hears it
    /// finds them in place.
    async fn announce(&self, state: fn(Token) -> Announcement) -> Result<(), ServeError> {
        let headers = state(self.registration.instance.clone()).to_headers();
        let subject = subject::announce(&self.registration.name);
        let published = self.client.publish_with_headers(subject, headers, bytes::Bytes::new()).await;
        published.map_err(|error| ServeError::Announce(error.into()))?;
        self.client.flush().await.map_err(|error| ServeError::Announce(error.into()))
    }

    async fn stop(mut self) {
        tracing::info!(subgraph = %self.registration.name, running = self.requests.len(), "stopping");
        self.leaving.cancel();
        while self.registry.join_next().await.is_some() {}
        self.draining.cancel();
        while self.intakes.join_next().await.is_some() {}
        match while_connected(&self.client, self.announce(Announcement::Down)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "the stop could not be announced"),
            None => tracing::warn!("the stop could not be announced: the server is gone or too slow"),
        }
        self.ending.cancel();
        self.requests.close();
        if tokio::time::timeout(self.settings.grace, self.requests.wait()).await.is_err() {
            tracing::warn!(unfinished = self.requests.len(), grace = ?self.settings.grace, "stopped before every request was answered");
        }
        self.finished.cancel();
        while self.helpers.join_next().await.is_some() {}
        // The process may end when this returns, and bytes that the server hasn't read end with it.
        if !fence(&self.client, &self.registration.name).await {
            tracing::warn!("the server didn't confirm that it has the last replies");
        }
        tracing::info!(subgraph = %self.registration.name, "stopped");
    }
}
