//! The flags of `tributary serve`, as text. Each has an environment variable too.

use std::path::PathBuf;

use clap::Args;

/// Serves the graph.
#[derive(Debug, Clone, Args)]
pub struct ServeFlags {
    /// Address to serve HTTP on
    #[arg(long, env = "TRIBUTARY_LISTEN", default_value = "127.0.0.1:4000", value_name = "ADDR")]
    pub listen: String,
    /// Serves this supergraph and composes nothing; subgraphs are still found over NATS
    #[arg(long, env = "TRIBUTARY_SUPERGRAPH", value_name = "FILE")]
    pub supergraph: Option<PathBuf>,
    /// Runs only the operations in the *.graphql files of this folder
    #[arg(long, env = "TRIBUTARY_TRUSTED", value_name = "DIR")]
    pub trusted: Option<PathBuf>,
    /// Which graph, where one NATS account carries several
    #[arg(long, env = "TRIBUTARY_GRAPH", value_name = "NAME")]
    pub graph: Option<String>,
    /// Subgraphs that must have been found before /health/ready says so (comma separated)
    #[arg(long, env = "TRIBUTARY_REQUIRE", value_delimiter = ',', value_name = "NAMES")]
    pub require: Vec<String>,
    /// How long a subgraph may take: 10s for all, products=2s for one (may be repeated)
    #[arg(
        long,
        env = "TRIBUTARY_SUBGRAPH_TIMEOUT",
        value_delimiter = ',',
        default_value = "10s",
        value_name = "[NAME=]TIME"
    )]
    pub subgraph_timeout: Vec<String>,
    /// Label of @override(label:) that is on (may be repeated); percent(x) is by chance
    #[arg(long, env = "TRIBUTARY_OVERRIDE_LABEL", value_delimiter = ',', value_name = "LABEL")]
    pub override_label: Vec<String>,
    /// Which equal queries that are under way at the same time are made one, for callers whom subgraphs can't tell
    /// apart: off, fetches (to subgraphs), or queries (of clients, too)
    #[arg(long, env = "TRIBUTARY_DEDUPE", default_value = "off", value_name = "off|fetches|queries")]
    pub dedupe: String,
    // A doc comment on a flattened group would become the command's own help.
    #[command(flatten)]
    #[allow(missing_docs)]
    pub nats: NatsFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub http: HttpFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: LimitFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub subscriptions: SubscriptionFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub cache: CacheFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub auth: AuthFlags,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFlags,
}

/// How NATS is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "NATS")]
pub struct NatsFlags {
    /// NATS servers, comma separated, with credentials
    #[arg(
        long,
        env = "NATS_URL",
        default_value = "nats://127.0.0.1:4222",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub nats: String,
    /// This gateway's id, which its NATS credential binds [default: random]
    #[arg(long, env = "TRIBUTARY_GATEWAY_ID", value_name = "ID")]
    pub gateway_id: Option<String>,
    /// Largest request to a subgraph, or reply of one
    #[arg(long, env = "TRIBUTARY_MAX_SUBGRAPH_MESSAGE_BYTES", default_value = "16MiB", value_name = "SIZE")]
    pub max_subgraph_message_bytes: String,
}

/// The rules for HTTP.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpFlags {
    /// Origin whose pages may send requests, or * (may be repeated)
    #[arg(long, env = "TRIBUTARY_CORS_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origin: Vec<String>,
    /// Client header to pass on to subgraphs (may be repeated)
    #[arg(long, env = "TRIBUTARY_FORWARD_HEADER", value_delimiter = ',', value_name = "NAME")]
    pub forward_header: Vec<String>,
    /// Proxy whose X-Forwarded-For is believed: an address or network (may be repeated)
    #[arg(long, env = "TRIBUTARY_TRUSTED_PROXY", value_delimiter = ',', value_name = "NET")]
    pub trusted_proxy: Vec<String>,
    /// How long a connection may be silent, take to send the head of a request, or leave an answer unread
    #[arg(long, env = "TRIBUTARY_IDLE_TIMEOUT", default_value = "75s", value_name = "TIME")]
    pub idle_timeout: String,
    /// How long running requests may take to end after SIGTERM
    #[arg(long, env = "TRIBUTARY_DRAIN_TIMEOUT", default_value = "30s", value_name = "TIME")]
    pub drain_timeout: String,
    /// Refuses queries for the schema
    #[arg(long, env = "TRIBUTARY_DISABLE_INTROSPECTION")]
    pub disable_introspection: bool,
    /// Shows clients the messages of subgraphs' internal errors: for development
    #[arg(long, env = "TRIBUTARY_EXPOSE_ERRORS")]
    pub expose_errors: bool,
}

/// What one request may cost.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitFlags {
    /// Largest body of a request
    #[arg(long, env = "TRIBUTARY_MAX_BODY_BYTES", default_value = "1MiB", value_name = "SIZE")]
    pub max_body_bytes: String,
    /// Most lexical tokens in a document
    #[arg(long, env = "TRIBUTARY_MAX_TOKENS", default_value = "15000", value_name = "N")]
    pub max_tokens: String,
    /// Deepest nesting of fields
    #[arg(long, env = "TRIBUTARY_MAX_DEPTH", default_value = "30", value_name = "N")]
    pub max_depth: String,
    /// Most aliases, fragments expanded
    #[arg(long, env = "TRIBUTARY_MAX_ALIASES", default_value = "100", value_name = "N")]
    pub max_aliases: String,
    /// Most root fields, fragments expanded
    #[arg(long, env = "TRIBUTARY_MAX_ROOT_FIELDS", default_value = "50", value_name = "N")]
    pub max_root_fields: String,
    /// Most fields, fragments expanded
    #[arg(long, env = "TRIBUTARY_MAX_FIELDS", default_value = "10000", value_name = "N")]
    pub max_fields: String,
    /// Most variables of an operation
    #[arg(long, env = "TRIBUTARY_MAX_VARIABLES", default_value = "200", value_name = "N")]
    pub max_variables: String,
    /// Most requests at once
    #[arg(long, env = "TRIBUTARY_MAX_REQUESTS", default_value = "4096", value_name = "N")]
    pub max_requests: String,
    /// How long a request may take, from its first byte to the answer
    #[arg(long, env = "TRIBUTARY_REQUEST_TIMEOUT", default_value = "30s", value_name = "TIME")]
    pub request_timeout: String,
    /// Memory for prepared operations; the bodies that ask for them get a sixteenth of it besides
    #[arg(long, env = "TRIBUTARY_PLAN_CACHE_BYTES", default_value = "64MiB", value_name = "SIZE")]
    pub plan_cache_bytes: String,
    /// Largest data of an answer
    #[arg(long, env = "TRIBUTARY_MAX_ANSWER_BYTES", default_value = "64MiB", value_name = "SIZE")]
    pub max_answer_bytes: String,
    /// Most errors in an answer
    #[arg(long, env = "TRIBUTARY_MAX_ERRORS", default_value = "100", value_name = "N")]
    pub max_errors: String,
    /// Most fragments with @defer, fragments expanded
    #[arg(long, env = "TRIBUTARY_MAX_DEFERRED_FRAGMENTS", default_value = "100", value_name = "N")]
    pub max_deferred_fragments: String,
    /// Most objects of an answer with a deferred fragment
    #[arg(long, env = "TRIBUTARY_MAX_DEFERRED_OBJECTS", default_value = "50000", value_name = "N")]
    pub max_deferred_objects: String,
}

/// What subgraphs answered and is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cache")]
pub struct CacheFlags {
    /// Memory for what subgraphs answered and say may be kept (`@cacheControl`); 0: nothing is
    #[arg(long, env = "TRIBUTARY_CACHE_BYTES", default_value = "64MiB", value_name = "SIZE")]
    pub cache_bytes: String,
    /// Keep it also while the stream of events can't be read: then its age alone ends it
    #[arg(long, env = "TRIBUTARY_CACHE_WITHOUT_EVENTS")]
    pub cache_without_events: bool,
}

/// How subscriptions are fed, and what they may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Subscriptions")]
pub struct SubscriptionFlags {
    /// JetStream stream that keeps events
    #[arg(long, env = "TRIBUTARY_EVENTS_STREAM", default_value = "EVENTS", value_name = "NAME")]
    pub events_stream: String,
    /// Most subscriptions at once
    #[arg(long, env = "TRIBUTARY_MAX_SUBSCRIPTIONS", default_value = "50000", value_name = "N")]
    pub max_subscriptions: String,
    /// Most operations at once on one WebSocket or event stream
    #[arg(long, env = "TRIBUTARY_MAX_OPERATIONS_PER_CONNECTION", default_value = "100", value_name = "N")]
    pub max_operations_per_connection: String,
    /// Most event streams at once that clients reserved by PUT
    #[arg(long, env = "TRIBUTARY_MAX_EVENT_STREAMS", default_value = "10000", value_name = "N")]
    pub max_event_streams: String,
    /// How long a reserved event stream waits to be opened
    #[arg(long, env = "TRIBUTARY_EVENT_STREAM_WAIT", default_value = "10s", value_name = "TIME")]
    pub event_stream_wait: String,
    /// Most results that wait for one client
    #[arg(long, env = "TRIBUTARY_MAX_WAITING_RESULTS", default_value = "256", value_name = "N")]
    pub max_waiting_results: String,
    /// Most bytes of results that wait for one client
    #[arg(long, env = "TRIBUTARY_MAX_WAITING_BYTES", default_value = "1MiB", value_name = "SIZE")]
    pub max_waiting_bytes: String,
    /// Most events that are told again to a client that comes back
    #[arg(long, env = "TRIBUTARY_MAX_REPLAY_EVENTS", default_value = "100000", value_name = "N")]
    pub max_replay_events: String,
    /// How often a quiet connection says that it is there
    #[arg(long, env = "TRIBUTARY_KEEP_ALIVE", default_value = "20s", value_name = "TIME")]
    pub keep_alive: String,
}

/// How tokens are verified.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tokens")]
pub struct AuthFlags {
    /// File with the JSON Web Key Set (otherwise the service is asked)
    #[arg(long, env = "TRIBUTARY_JWKS", value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// Service that gives the keys, on internal.NAME.jwks
    #[arg(long, env = "TRIBUTARY_JWKS_SERVICE", default_value = "auth", value_name = "NAME")]
    pub jwks_service: String,
    /// How often the keys are fetched anew
    #[arg(long, env = "TRIBUTARY_JWKS_REFRESH", default_value = "5m", value_name = "TIME")]
    pub jwks_refresh: String,
    /// Signature algorithm to take (may be repeated)
    #[arg(long, env = "TRIBUTARY_JWT_ALGORITHM", value_delimiter = ',', default_values = ["EdDSA", "ES256", "RS256"], value_name = "ALG")]
    pub jwt_algorithm: Vec<String>,
    /// The iss that tokens must have [default: any]
    #[arg(long, env = "TRIBUTARY_JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// The aud that tokens must have
    #[arg(long, env = "TRIBUTARY_JWT_AUDIENCE", default_value = "tributary", value_name = "TEXT")]
    pub jwt_audience: String,
    /// Claim with the scopes of @requiresScopes
    #[arg(long, env = "TRIBUTARY_SCOPE_CLAIM", default_value = "scope", value_name = "NAME")]
    pub scope_claim: String,
    /// Claim with the policies of @policy that hold
    #[arg(long, env = "TRIBUTARY_POLICY_CLAIM", default_value = "policies", value_name = "NAME")]
    pub policy_claim: String,
    /// What becomes of fields that may not be seen: null (with an error), or refuse (the whole request)
    #[arg(long, env = "TRIBUTARY_UNAUTHORIZED_FIELDS", default_value = "null", value_name = "null|refuse")]
    pub unauthorized_fields: String,
    /// How far clocks may differ
    #[arg(long, env = "TRIBUTARY_JWT_LEEWAY", default_value = "10s", value_name = "TIME")]
    pub jwt_leeway: String,
    /// JetStream bucket with the sessions that were revoked, AUTH_REVOKED of auth [default: none, tokens are good until they expire]
    #[arg(long, env = "TRIBUTARY_REVOKED_BUCKET", value_name = "NAME")]
    pub revoked_bucket: Option<String>,
    /// Claim with the session that a token belongs to
    #[arg(long, env = "TRIBUTARY_SESSION_CLAIM", default_value = "sid", value_name = "NAME")]
    pub session_claim: String,
    /// Takes tokens without that claim, although they can't be revoked
    #[arg(long, env = "TRIBUTARY_ACCEPT_TOKENS_WITHOUT_SESSION")]
    pub accept_tokens_without_session: bool,
    /// Refuses tokens when what is known of the bucket is older [default: never]
    #[arg(long, env = "TRIBUTARY_REVOKED_MAX_AGE", value_name = "TIME")]
    pub revoked_max_age: Option<String>,
    /// Most revoked sessions to remember; with more in the bucket, tokens are refused
    #[arg(long, env = "TRIBUTARY_MAX_REVOKED_SESSIONS", default_value = "200000", value_name = "N")]
    pub max_revoked_sessions: String,
}

/// How it logs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogFlags {
    /// text or json; written to standard error
    #[arg(long, env = "TRIBUTARY_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: String,
    /// What is logged
    #[arg(long, env = "TRIBUTARY_LOG", default_value = "info,async_nats=warn", value_name = "FILTER")]
    pub log: String,
}

#[cfg(test)]
pub(super) fn parse_for_tests<'a>(arguments: impl Iterator<Item = &'a str>) -> ServeFlags {
    #[derive(clap::Parser)]
    struct Parser {
        #[command(flatten)]
        flags: ServeFlags,
    }
    <Parser as clap::Parser>::try_parse_from(arguments).unwrap().flags
}
