//! The settings of `tributary serve`, checked section by section with every mistake reported at once.
//!
//! [`ServeFlags`] is what the command line and the environment say, as text; [`Config`] is what the rest
//! of the gateway works with. Keeping the two apart is what allows to report all mistakes: a parser of
//! flags stops at the first.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::{HeaderName, HeaderValue};
use tributary_protocol::{GatewayId, SubgraphName, header::is_forwardable};

mod auth;
mod flags;
mod network;
mod read;

pub use auth::{AuthConfig, KeySource, RevocationConfig};
pub use flags::{
    AuthFlags, CacheFlags, HttpFlags, LimitFlags, LogFlags, NatsFlags, ServeFlags, SubscriptionFlags,
};
pub use network::Network;
use read::Reader;

use crate::{
    cache::CacheConfig, execute, pipeline::Dedupe, subscription::MailboxLimits, transport::random_gateway_id,
    trusted::Trusted,
};

/// Everything that `tributary serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// How NATS is reached.
    pub nats: NatsConfig,
    /// Where the supergraph comes from.
    pub graph: GraphConfig,
    /// The only operations that are run; `None`: all are.
    pub trusted: Option<Arc<Trusted>>,
    /// The rules for HTTP.
    pub http: HttpConfig,
    /// What one request may cost.
    pub limits: Limits,
    /// How subscriptions are fed, and what they may take.
    pub subscriptions: SubscriptionConfig,
    /// What subgraphs answered and is kept.
    pub cache: CacheConfig,
    /// How tokens are verified.
    pub auth: AuthConfig,
    /// How it logs.
    pub log: LogConfig,
}

/// How NATS is reached.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// Server URLs, comma separated, with credentials.
    pub url: String,
    /// This gateway's name in reply subjects, which its credential binds; a random one by default.
    pub gateway_id: GatewayId,
    /// `--max-subgraph-message-bytes`: a request to a subgraph or its reply, all parts together.
    pub max_message: usize,
}

/// Where the supergraph comes from.
#[derive(Debug, Clone)]
pub struct GraphConfig {
    /// A composed supergraph; then nothing is composed at run time.
    pub supergraph: Option<PathBuf>,
    /// Separates several graphs in one NATS account.
    pub name: Option<String>,
    /// Subgraphs that must have been found before the gateway calls itself ready.
    pub require: Vec<SubgraphName>,
    /// How long a subgraph may take.
    pub timeouts: Timeouts,
    /// Labels of progressive overrides that are on (those of the form `percent(x)` are by chance).
    pub override_labels: Vec<String>,
    /// Which equal queries that are under way at the same time are made one.
    pub dedupe: Dedupe,
}

/// How long a subgraph may take to answer.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// For those without an entry of their own.
    pub default: Duration,
    /// By subgraph.
    pub by_subgraph: BTreeMap<String, Duration>,
}

impl Timeouts {
    /// That subgraph's.
    pub fn of(&self, subgraph: &str) -> Duration {
        self.by_subgraph.get(subgraph).copied().unwrap_or(self.default)
    }
}

/// The rules for HTTP.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Which foreign sites' pages may send requests.
    pub cors: CorsOrigins,
    /// Client headers that are passed on to subgraphs.
    pub forward_headers: Vec<HeaderName>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How long a connection may be silent, take to send the head of a request, or leave an answer unread.
    pub idle_timeout: Duration,
    /// How long running requests may take to end after a signal to stop.
    pub drain_timeout: Duration,
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// Whether subgraphs' internal error messages are withheld from clients.
    pub mask_errors: bool,
}

/// Which foreign sites' pages may send requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// All, by `*`.
    Any,
    /// These; an empty list means none.
    Listed(Vec<HeaderValue>),
}

impl CorsOrigins {
    /// Whether a page of that origin may.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        match self {
            CorsOrigins::Any => true,
            CorsOrigins::Listed(origins) => origins.contains(origin),
        }
    }
}

/// What one request may cost. Each is on by default, and each error names its flag.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `--max-body-bytes`.
    pub body_bytes: usize,
    /// `--max-tokens`: lexical tokens of the document.
    pub tokens: usize,
    /// `--max-depth`: nested fields, fragments expanded.
    pub depth: u32,
    /// `--max-aliases`, fragments expanded.
    pub aliases: u64,
    /// `--max-root-fields`, fragments expanded.
    pub root_fields: u64,
    /// `--max-fields`, fragments expanded: what bounds fragments that spread fragments.
    pub fields: u64,
    /// `--max-variables`: variable definitions of an operation.
    pub variables: usize,
    /// `--max-requests`: requests at once.
    pub requests: usize,
    /// `--request-timeout`.
    pub request_timeout: Duration,
    /// `--plan-cache-bytes`.
    pub plan_cache_bytes: u64,
    /// `--max-answer-bytes`: an answer's data, where entities that were fetched once are written often.
    pub answer_bytes: usize,
    /// `--max-errors`: errors in an answer.
    pub errors: usize,
    /// `--max-deferred-objects`: objects of an answer for which a deferred fragment brings something later.
    pub deferred: usize,
    /// `--max-deferred-fragments`: fragments of an operation with `@defer`, fragments expanded. Each is fetched for itself.
    pub deferred_fragments: u64,
}

impl Limits {
    /// Those that are watched while an operation runs.
    pub fn execution(&self) -> execute::Limits {
        execute::Limits { errors: self.errors, answer_bytes: self.answer_bytes, deferred: self.deferred }
    }
}

/// How subscriptions are fed, and what they may take.
#[derive(Debug, Clone)]
pub struct SubscriptionConfig {
    /// `--events-stream`: where JetStream keeps events.
    pub stream: String,
    /// `--max-subscriptions`: at once.
    pub subscriptions: usize,
    /// `--max-operations-per-connection`: at once.
    pub operations: usize,
    /// `--max-event-streams`: reserved or open, at once.
    pub event_streams: usize,
    /// `--event-stream-wait`: how long a reserved one waits to be opened.
    pub event_stream_wait: Duration,
    /// What may wait for one client.
    pub waiting: MailboxLimits,
    /// `--max-replay-events`: events that are told again to a client that comes back.
    pub replay_events: u64,
    /// `--keep-alive`: how often a quiet connection says that it is there. A WebSocket that answers none of two is
    /// closed.
    pub keep_alive: Duration,
}

/// How it logs.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// What is logged, as `tracing`'s filters are written.
    pub filter: String,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the settings:", if self.0.len() == 1 { "a mistake" } else { "mistakes" })?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl Limits {
    /// Checks the settings about limits; all mistakes come back together.
    pub fn check(flags: &LimitFlags) -> Result<Self, ConfigErrors> {
        let mut read = Reader::default();
        let limits = limits(&mut read, flags);
        read.finish().map(|()| limits)
    }
}

impl Config {
    /// Checks the settings; all mistakes come back together.
    pub fn check(flags: &ServeFlags) -> Result<Arc<Self>, ConfigErrors> {
        let mut read = Reader::default();
        let config = Self {
            listen: read.parse("--listen", &flags.listen, "an address like 127.0.0.1:4000"),
            nats: nats(&mut read, &flags.nats),
            graph: graph(&mut read, flags),
            trusted: flags.trusted.as_deref().and_then(|folder| trusted(&mut read, folder)),
            http: http_rules(&mut read, &flags.http),
            limits: limits(&mut read, &flags.limits),
            subscriptions: subscriptions(&mut read, &flags.subscriptions),
            cache: CacheConfig {
                bytes: read.bytes_or_zero("--cache-bytes", &flags.cache.cache_bytes),
                without_events: flags.cache.cache_without_events,
            },
            auth: auth::read(&mut read, &flags.auth),
            log: log(&mut read, &flags.log),
        };
        read.finish().map(|()| Arc::new(config))
    }
}

fn trusted(read: &mut Reader, folder: &Path) -> Option<Arc<Trusted>> {
    match Trusted::read(folder) {
        Ok(trusted) => Some(Arc::new(trusted)),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| read.mistake(format!("--trusted: {mistake}")));
            None
        }
    }
}

fn nats(read: &mut Reader, flags: &NatsFlags) -> NatsConfig {
    for url in flags.nats.split(',') {
        let known = ["nats://", "tls://", "ws://", "wss://"].iter().any(|scheme| url.starts_with(scheme));
        if url.contains("://") && !known || url.trim().is_empty() {
            // The URL may hold a password, so the message repeats the scheme only.
            let scheme = url.split("://").next().unwrap_or_default();
            read.mistake(format!("--nats: {scheme:?} is no scheme of a NATS server; nats:// and tls:// are"));
        }
    }
    let gateway_id = match flags.gateway_id.as_ref().map(|id| GatewayId::new(id.as_str())) {
        None => random_gateway_id(),
        Some(Ok(id)) => id,
        Some(Err(error)) => {
            read.mistake(format!("--gateway-id: {error}"));
            random_gateway_id()
        }
    };
    let max_message = read.bytes("--max-subgraph-message-bytes", &flags.max_subgraph_message_bytes) as usize;
    NatsConfig { url: flags.nats.clone(), gateway_id, max_message }
}

fn graph(read: &mut Reader, flags: &ServeFlags) -> GraphConfig {
    let mut timeouts = Timeouts { default: Duration::from_secs(10), by_subgraph: BTreeMap::new() };
    for entry in &flags.subgraph_timeout {
        match entry.split_once('=') {
            Some((name, value)) => {
                let name = read.name("--subgraph-timeout", name);
                timeouts.by_subgraph.insert(name, read.duration("--subgraph-timeout", value));
            }
            None => timeouts.default = read.duration("--subgraph-timeout", entry),
        }
    }
    GraphConfig {
        supergraph: flags.supergraph.as_deref().map(|path| read.file("--supergraph", path)),
        name: flags.graph.clone(),
        require: flags.require.iter().filter_map(|name| required(read, name)).collect(),
        timeouts,
        override_labels: flags.override_label.clone(),
        dedupe: dedupe(read, &flags.dedupe),
    }
}

fn dedupe(read: &mut Reader, text: &str) -> Dedupe {
    match text {
        "off" => Dedupe::Off,
        "fetches" => Dedupe::Fetches,
        "queries" => Dedupe::Queries,
        other => {
            read.mistake(format!("--dedupe: {other:?} is neither off, fetches nor queries"));
            Dedupe::Off
        }
    }
}

fn required(read: &mut Reader, name: &str) -> Option<SubgraphName> {
    name.parse().inspect_err(|error| read.mistake(format!("--require: {error}"))).ok()
}

fn http_rules(read: &mut Reader, flags: &HttpFlags) -> HttpConfig {
    HttpConfig {
        cors: cors(read, &flags.cors_origin),
        forward_headers: flags.forward_header.iter().filter_map(|name| forwarded(read, name)).collect(),
        trusted_proxies: flags
            .trusted_proxy
            .iter()
            .map(|net| read.parse("--trusted-proxy", net, "an address or a network like 10.0.0.0/8"))
            .collect(),
        idle_timeout: read.duration("--idle-timeout", &flags.idle_timeout),
        drain_timeout: read.duration("--drain-timeout", &flags.drain_timeout),
        introspection: !flags.disable_introspection,
        mask_errors: !flags.expose_errors,
    }
}

fn cors(read: &mut Reader, origins: &[String]) -> CorsOrigins {
    if origins.iter().any(|origin| origin == "*") {
        return CorsOrigins::Any;
    }
    CorsOrigins::Listed(origins.iter().filter_map(|origin| origin_header(read, origin)).collect())
}

fn origin_header(read: &mut Reader, origin: &str) -> Option<HeaderValue> {
    let is_origin = origin
        .split_once("://")
        .is_some_and(|(scheme, host)| !scheme.is_empty() && !host.is_empty() && !host.contains('/'));
    match HeaderValue::from_str(origin) {
        Ok(value) if is_origin => Some(value),
        _ => {
            read.mistake(format!(
                "--cors-origin: {origin:?} is no origin; it is written like https://shop.example, without a path"
            ));
            None
        }
    }
}

fn forwarded(read: &mut Reader, name: &str) -> Option<HeaderName> {
    let lower = name.to_ascii_lowercase();
    if !is_forwardable(&lower) {
        read.mistake(format!(
            "--forward-header: {name:?} can't be forwarded: it is no header's name, or the gateway's own"
        ));
        return None;
    }
    HeaderName::try_from(lower).ok()
}

fn limits(read: &mut Reader, flags: &LimitFlags) -> Limits {
    Limits {
        body_bytes: read.bytes("--max-body-bytes", &flags.max_body_bytes) as usize,
        tokens: read.count("--max-tokens", &flags.max_tokens) as usize,
        depth: read.parse::<NonZeroU32>("--max-depth", &flags.max_depth, "a number above 0").get(),
        aliases: read.count_or_zero("--max-aliases", &flags.max_aliases),
        root_fields: read.count("--max-root-fields", &flags.max_root_fields),
        fields: read.count("--max-fields", &flags.max_fields),
        variables: read.count_or_zero("--max-variables", &flags.max_variables) as usize,
        requests: read.count("--max-requests", &flags.max_requests) as usize,
        request_timeout: read.duration("--request-timeout", &flags.request_timeout),
        plan_cache_bytes: read.bytes("--plan-cache-bytes", &flags.plan_cache_bytes),
        answer_bytes: read.bytes("--max-answer-bytes", &flags.max_answer_bytes) as usize,
        errors: read.count("--max-errors", &flags.max_errors) as usize,
        deferred_fragments: read.count_or_zero("--max-deferred-fragments", &flags.max_deferred_fragments),
        deferred: read.count("--max-deferred-objects", &flags.max_deferred_objects) as usize,
    }
}

fn subscriptions(read: &mut Reader, flags: &SubscriptionFlags) -> SubscriptionConfig {
    let operations = read.count("--max-operations-per-connection", &flags.max_operations_per_connection);
    let stream = &flags.events_stream;
    if stream.is_empty() || stream.contains(|c: char| c.is_whitespace() || ".*>/\\".contains(c)) {
        read.mistake(format!("--events-stream: {stream:?} can't be the name of a stream; EVENTS can"));
    }
    SubscriptionConfig {
        stream: stream.clone(),
        subscriptions: read.count("--max-subscriptions", &flags.max_subscriptions) as usize,
        operations: operations as usize,
        event_streams: read.count("--max-event-streams", &flags.max_event_streams) as usize,
        event_stream_wait: read.duration("--event-stream-wait", &flags.event_stream_wait),
        waiting: MailboxLimits {
            results: read.count("--max-waiting-results", &flags.max_waiting_results) as usize,
            bytes: read.bytes("--max-waiting-bytes", &flags.max_waiting_bytes) as usize,
        },
        replay_events: read.count_or_zero("--max-replay-events", &flags.max_replay_events),
        keep_alive: read.duration("--keep-alive", &flags.keep_alive),
    }
}

fn log(read: &mut Reader, flags: &LogFlags) -> LogConfig {
    let format = match flags.log_format.as_str() {
        "json" => LogFormat::Json,
        "text" => LogFormat::Text,
        other => {
            read.mistake(format!("--log-format: {other:?} is neither text nor json"));
            LogFormat::Text
        }
    };
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&flags.log) {
        read.mistake(format!("--log: {error}"));
    }
    LogConfig { format, filter: flags.log.clone() }
}

#[cfg(test)]
mod tests;
