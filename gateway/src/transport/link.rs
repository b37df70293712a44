//! The connection to NATS, and what is known about its state.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, ServerError};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use tokio::time::Instant;
use tributary_protocol::{GatewayId, subject};

use super::metrics::Metrics;

/// Replies that may wait between the NATS client and the dispatcher. The client's default; a
/// dispatcher that is so far behind loses replies, and says so.
const SUBSCRIPTION_CAPACITY: usize = 65_536;
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(20);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// A peer that is silent for two of these is dead: half of the client's default, since what is in
/// flight waits for it.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// An id that no other gateway has, for one that was given none.
pub fn random_gateway_id() -> GatewayId {
    GatewayId::new(format!("gw-{:016x}", rand::random::<u64>())).expect("hexadecimal digits fit into an id")
}

/// What [`Link::connect`] can't work with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A server's address can't be read; the text doesn't repeat it, since it may hold a password.
    #[error("the address of NATS server {0} of the list isn't a URL such as nats://user:password@host:4222")]
    Address(usize),
    /// The client refuses the options.
    #[error("can't connect to NATS")]
    Connect(#[source] async_nats::ConnectError),
}

/// A connection to NATS that comes back by itself, and its state.
#[derive(Clone)]
pub struct Link {
    client: Client,
    gateway: GatewayId,
    state: watch::Receiver<LinkState>,
    metrics: Arc<Metrics>,
    #[cfg(test)]
    events: Arc<Events>,
}

/// The connection's state. The numbers only grow, so that a reader who sleeps through a change
/// still notices that there was one.
#[derive(Clone, Debug)]
pub struct LinkState {
    /// When the connection was lost; `None` while it is up.
    pub down_since: Option<Instant>,
    /// How many times the connection was made.
    pub connects: u64,
    /// How many times messages were dropped because a reader didn't keep up.
    pub dropped: u64,
    /// Subjects that the server refused on this connection.
    pub refused: Vec<Arc<str>>,
}

impl Link {
    /// Connects to one of several servers (comma separated), now or as soon as one answers.
    ///
    /// Returns at once: a gateway can start before its servers, and [`Link::state`] tells.
    pub async fn connect(urls: &str, gateway: &GatewayId) -> Result<Self, ConnectError> {
        let servers = parse_servers(urls)?;
        let mut options = ConnectOptions::new();
        if let Some((user, password)) = credentials(&servers) {
            options = options.user_and_password(user, password);
        }
        let metrics = Arc::new(Metrics::default());
        let (sender, state) = watch::channel(LinkState::new());
        let events = Events { state: sender, metrics: metrics.clone() };
        let events = Arc::new(events);
        #[cfg(test)]
        let for_tests = events.clone();
        let client = options
            .name(format!("tributary {gateway}"))
            .custom_inbox_prefix(subject::inbox_prefix(gateway.as_str()))
            .subscription_capacity(SUBSCRIPTION_CAPACITY)
            .ping_interval(PING_INTERVAL)
            .retry_on_initial_connect()
            .reconnect_delay_callback(reconnect_delay)
            .event_callback(move |event| {
                events.handle(event);
                std::future::ready(())
            })
            .connect(servers)
            .await
            .map_err(ConnectError::Connect)?;
        Ok(Self {
            client,
            gateway: gateway.clone(),
            state,
            metrics,
            #[cfg(test)]
            events: for_tests,
        })
    }

    /// Takes an event as if the client had told it.
    #[cfg(test)]
    pub(super) fn pretend(&self, event: Event) {
        self.events.handle(event);
    }

    /// The NATS client. Its inboxes have the prefix `_JS.<gateway>`, which is all that the gateway's
    /// rights permit.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The gateway's id.
    pub fn gateway(&self) -> &GatewayId {
        &self.gateway
    }

    /// The state now and later.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// Whether the connection is up.
    pub fn is_up(&self) -> bool {
        self.state.borrow().down_since.is_none()
    }

    /// Warns when the server asks nobody who they are: anyone can answer in a subgraph's place then.
    pub(super) fn warn_if_open(&self) {
        if self.client.try_server_info().is_some_and(|info| !info.auth_required) {
            tracing::warn!(
                code = "NATS_WITHOUT_RIGHTS",
                "THIS NATS SERVER HAS NO RIGHTS: any client can draw requests to itself and read identities. \
                 Use it for development only; section 1 of PROTOCOL.md says which rights are needed"
            );
        }
    }

    /// Counters of this connection and of the transport on it.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Whether the server refused this subscription.
    pub(super) fn is_refused(&self, subject: &str) -> bool {
        self.state.borrow().refused.iter().any(|refused| &**refused == subject)
    }

    /// Waits for the connection while it has been down for less than `grace`; returns whether it is up.
    pub(super) async fn wait_up(&self, grace: Duration) -> bool {
        let Some(since) = self.state.borrow().down_since else { return true };
        let mut state = self.state.clone();
        let up = state.wait_for(|state| state.down_since.is_none());
        matches!(tokio::time::timeout_at(since + grace, up).await, Ok(Ok(_)))
    }
}

impl LinkState {
    fn new() -> Self {
        Self { down_since: Some(Instant::now()), connects: 0, dropped: 0, refused: Vec::new() }
    }
}

/// Translates the client's events into the state.
struct Events {
    state: watch::Sender<LinkState>,
    metrics: Arc<Metrics>,
}

impl Events {
    fn handle(&self, event: Event) {
        match event {
            Event::Connected => self.state.send_modify(|state| {
                state.down_since = None;
                state.connects += 1;
                state.refused.clear();
            }),
            Event::Disconnected | Event::Closed => {
                self.metrics.disconnects.add(1);
                tracing::warn!(code = "NATS_DISCONNECTED", "the connection to NATS is lost");
                self.state.send_modify(|state| {
                    state.down_since.get_or_insert_with(Instant::now);
                });
            }
            Event::SlowConsumer(_) => {
                self.metrics.slow_consumer.add(1);
                self.state.send_modify(|state| state.dropped += 1);
            }
            Event::ServerError(ServerError::Other(text)) => self.server_error(&text),
            Event::ServerError(error) => {
                tracing::error!(code = "NATS_ERROR", %error, "NATS refuses the gateway")
            }
            Event::ClientError(error) => {
                tracing::warn!(code = "NATS_UNREACHABLE", %error, "can't connect to NATS, trying again");
            }
            Event::LameDuckMode => {
                tracing::info!("the NATS server is about to stop; another one is taken then")
            }
            Event::Draining => {}
        }
    }

    /// A refused subject would otherwise look like a subgraph that never answers.
    fn server_error(&self, text: &str) {
        tracing::error!(code = "NATS_ERROR", text, "NATS reports an error");
        if let Some(subject) = refused_subscription(text) {
            self.metrics.refused_subjects.add(1);
            self.state.send_modify(|state| state.refused.push(subject.into()));
        }
    }
}

/// The subject in `Permissions Violation for Subscription to "<subject>"`.
fn refused_subscription(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Permissions Violation for Subscription to ")?;
    rest.strip_prefix('"')?.split('"').next()
}

fn reconnect_delay(attempts: usize) -> Duration {
    // The first attempt is immediate: a server that was restarted is there again.
    match attempts {
        0 | 1 => Duration::ZERO,
        n => RECONNECT_DELAY_MIN.saturating_mul(1 << n.min(10)).min(RECONNECT_DELAY_MAX),
    }
}

/// The first URL's user and password, decoded: a generated password may have any character.
fn credentials(servers: &[ServerAddr]) -> Option<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let with_user = servers.iter().find(|server| server.has_user_pass())?;
    Some((decode(with_user.username()?), decode(with_user.password().unwrap_or_default())))
}

fn parse_servers(urls: &str) -> Result<Vec<ServerAddr>, ConnectError> {
    let parse = |(at, url): (usize, &str)| url.trim().parse().map_err(|_| ConnectError::Address(at + 1));
    urls.split(',').enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_comma_separated() {
        assert_eq!(parse_servers("nats://u:p@127.0.0.1:1, nats://127.0.0.1:2").unwrap().len(), 2);
        let error = parse_servers("nats://127.0.0.1:1,nats://u:secret@:x").unwrap_err().to_string();
        assert!(error.contains("server 2") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_refused_subscription_is_recognised() {
        let text = "Permissions Violation for Subscription to \"_GQL.*.gw1.>\"";
        assert_eq!(refused_subscription(text), Some("_GQL.*.gw1.>"));
        assert_eq!(refused_subscription("Permissions Violation for Publish to \"x\""), None);
    }
}
