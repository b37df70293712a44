//! What a client reads when something went wrong, and the stable codes it may rely on.
//!
//! A code decides the HTTP status too, so that the two never disagree. What a log reads is
//! separate: internal messages go there, under the id that the client is given.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

/// The gateway's own error codes (`extensions.code`). Once published a code keeps its meaning.
///
/// Codes of subgraphs (`NOT_FOUND`, `FORBIDDEN`, …) pass through unchanged and are not listed here;
/// those of the transport to a subgraph are in [`crate::transport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The HTTP request isn't a GraphQL request: malformed JSON, no query, parameters of wrong types.
    BadRequest,
    /// The body's media type, charset or encoding isn't one that the gateway reads.
    UnsupportedMediaType,
    /// The client accepts no media type that the gateway writes.
    NotAcceptable,
    /// The method isn't allowed here, or not for this kind of operation (a mutation by GET).
    MethodNotAllowed,
    /// A browser sent this from a foreign site that isn't listed.
    CrossSiteRefused,
    /// The body didn't arrive in time.
    RequestTimeout,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The document's syntax is wrong.
    ParseFailed,
    /// The document doesn't fit the schema.
    ValidationFailed,
    /// No operation of that name, or several and no name.
    OperationNotFound,
    /// A variable's value doesn't fit its type.
    BadUserInput,
    /// The operation exceeds a limit; `extensions.setting` names the one to change.
    LimitExceeded,
    /// Introspection is switched off.
    IntrospectionDisabled,
    /// The document isn't one of those that the gateway was told to trust.
    OperationNotTrusted,
    /// A subscription was sent by a request that can carry one answer only.
    SubscriptionUnsupported,
    /// The operation can't be planned on this graph.
    PlanningFailed,
    /// The token is malformed, has a bad signature, or isn't for this gateway.
    TokenInvalid,
    /// The token was good once.
    TokenExpired,
    /// The session that the token belongs to was revoked: a fresh token of it can't be had either.
    SessionRevoked,
    /// A token was sent, and what it takes to verify it can't be had right now: the keys, or which sessions were revoked.
    AuthUnavailable,
    /// Who asks may not see a field that is asked for.
    Unauthorised,
    /// No graph to serve yet.
    GraphUnavailable,
    /// The connection to NATS is down.
    NatsUnavailable,
    /// Events can't be subscribed to right now: their stream isn't there, or can't be read.
    EventsUnavailable,
    /// A subscription can't go on from its place without leaving something out.
    ResumeGap,
    /// A client reads more slowly than results come; `extensions.place` says from where it can go on.
    SlowConsumer,
    /// No event stream has that token: it has ended, was never opened, is somebody else's, or another gateway's.
    EventStreamNotFound,
    /// An event stream can be opened once.
    EventStreamOpen,
    /// An operation of that id runs on the same event stream.
    OperationIdTaken,
    /// A subgraph refuses a subscription that it should serve.
    SubscriptionRefused,
    /// The schema has changed, and a subscription that was valid isn't any more.
    SchemaChanged,
    /// More requests at once than the gateway was told to take.
    Overloaded,
    /// The request's time is up.
    DeadlineExceeded,
    /// A defect of the gateway; the log has the details under `extensions.logId`.
    Internal,
}

/// How a code shows in the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpStatus {
    /// This status, whatever media type the answer has.
    Always(StatusCode),
    /// A GraphQL request error: 400 with `application/graphql-response+json`, which can be told
    /// from an intermediary's answer; 200 with `application/json`, as older clients expect.
    RequestError,
}

impl Code {
    /// Every code, for documentation and tests.
    pub const ALL: [Code; 34] = [
        Code::BadRequest,
        Code::UnsupportedMediaType,
        Code::NotAcceptable,
        Code::MethodNotAllowed,
        Code::CrossSiteRefused,
        Code::RequestTimeout,
        Code::BodyTooLarge,
        Code::ParseFailed,
        Code::ValidationFailed,
        Code::OperationNotFound,
        Code::BadUserInput,
        Code::LimitExceeded,
        Code::IntrospectionDisabled,
        Code::OperationNotTrusted,
        Code::SubscriptionUnsupported,
        Code::PlanningFailed,
        Code::TokenInvalid,
        Code::TokenExpired,
        Code::SessionRevoked,
        Code::AuthUnavailable,
        Code::Unauthorised,
        Code::GraphUnavailable,
        Code::NatsUnavailable,
        Code::EventsUnavailable,
        Code::ResumeGap,
        Code::SlowConsumer,
        Code::EventStreamNotFound,
        Code::EventStreamOpen,
        Code::OperationIdTaken,
        Code::SubscriptionRefused,
        Code::SchemaChanged,
        Code::Overloaded,
        Code::DeadlineExceeded,
        Code::Internal,
    ];

    /// As it stands in `extensions.code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::BadRequest => "BAD_REQUEST",
            Code::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Code::NotAcceptable => "NOT_ACCEPTABLE",
            Code::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Code::CrossSiteRefused => "CROSS_SITE_REFUSED",
            Code::RequestTimeout => "REQUEST_TIMEOUT",
            Code::BodyTooLarge => "BODY_TOO_LARGE",
            Code::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Code::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Code::OperationNotFound => "OPERATION_NOT_FOUND",
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::LimitExceeded => "LIMIT_EXCEEDED",
            Code::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Code::OperationNotTrusted => "OPERATION_NOT_TRUSTED",
            Code::SubscriptionUnsupported => "SUBSCRIPTION_UNSUPPORTED",
            Code::PlanningFailed => "PLANNING_FAILED",
            Code::TokenInvalid => "TOKEN_INVALID",
            Code::TokenExpired => "TOKEN_EXPIRED",
            Code::SessionRevoked => "SESSION_REVOKED",
            Code::AuthUnavailable => "AUTH_UNAVAILABLE",
            Code::Unauthorised => "UNAUTHORIZED_FIELD_OR_TYPE",
            Code::GraphUnavailable => "GRAPH_UNAVAILABLE",
            Code::NatsUnavailable => "NATS_UNAVAILABLE",
            Code::EventsUnavailable => "EVENTS_UNAVAILABLE",
            Code::ResumeGap => "RESUME_GAP",
            Code::SlowConsumer => "SLOW_CONSUMER",
            Code::EventStreamNotFound => "EVENT_STREAM_NOT_FOUND",
            Code::EventStreamOpen => "EVENT_STREAM_OPEN",
            Code::OperationIdTaken => "OPERATION_ID_TAKEN",
            Code::SubscriptionRefused => "SUBSCRIPTION_REFUSED",
            Code::SchemaChanged => "SCHEMA_CHANGED",
            Code::Overloaded => "OVERLOADED",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::Internal => "INTERNAL",
        }
    }

    /// The HTTP status of an answer that has no data because of this.
    pub const fn status(self) -> HttpStatus {
        use HttpStatus::{Always, RequestError};
        match self {
            Code::BadRequest => Always(StatusCode::BAD_REQUEST),
            Code::UnsupportedMediaType => Always(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Code::NotAcceptable => Always(StatusCode::NOT_ACCEPTABLE),
            Code::MethodNotAllowed => Always(StatusCode::METHOD_NOT_ALLOWED),
            Code::CrossSiteRefused | Code::Unauthorised => Always(StatusCode::FORBIDDEN),
            Code::RequestTimeout => Always(StatusCode::REQUEST_TIMEOUT),
            Code::BodyTooLarge => Always(StatusCode::PAYLOAD_TOO_LARGE),
            Code::TokenInvalid | Code::TokenExpired | Code::SessionRevoked => {
                Always(StatusCode::UNAUTHORIZED)
            }
            Code::AuthUnavailable
            | Code::GraphUnavailable
            | Code::NatsUnavailable
            | Code::EventsUnavailable
            | Code::Overloaded => Always(StatusCode::SERVICE_UNAVAILABLE),
            Code::ResumeGap => Always(StatusCode::GONE),
            Code::EventStreamNotFound => Always(StatusCode::NOT_FOUND),
            Code::EventStreamOpen | Code::OperationIdTaken => Always(StatusCode::CONFLICT),
            Code::DeadlineExceeded => Always(StatusCode::GATEWAY_TIMEOUT),
            Code::Internal => Always(StatusCode::INTERNAL_SERVER_ERROR),
            Code::ParseFailed
            | Code::ValidationFailed
            | Code::OperationNotFound
            | Code::BadUserInput
            | Code::LimitExceeded
            | Code::IntrospectionDisabled
            | Code::OperationNotTrusted
            | Code::SubscriptionUnsupported
            | Code::SlowConsumer
            | Code::SubscriptionRefused
            | Code::SchemaChanged
            | Code::PlanningFailed => RequestError,
        }
    }
}

/// One step of the way to a field of the response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// An object's key, which is the alias where there is one.
    Key(Cow<'static, str>),
    /// A list's index.
    Index(usize),
}

/// A place in the client's document, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One entry of a response's `errors`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphqlError {
    /// For people; may change between versions.
    pub message: Cow<'static, str>,
    /// Where in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Which field of the response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<PathSegment>,
    /// The code and what else programs may read. Boxed, since errors are returned by value in many places.
    pub extensions: Box<Extensions>,
}

/// An error's `extensions`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extensions {
    /// For programs; stable.
    #[serde(serialize_with = "code_as_str")]
    pub code: Code,
    /// Further entries.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl GraphqlError {
    /// An error of the request as a whole.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Box::new(Extensions { code, more: Map::new() }),
        }
    }

    /// A limit was exceeded; `setting` is the flag that moves it.
    pub fn limit(code: Code, what: &str, found: Option<u64>, allowed: u64, setting: &'static str) -> Self {
        let found = found.map(|n| format!(" ({n})")).unwrap_or_default();
        Self::new(code, format!("{what}{found} exceeds the limit of {allowed}; {setting} changes it"))
            .with("setting", setting)
            .with("limit", allowed)
    }

    /// A defect of the gateway: `details` go to the log, the client is told where to find them.
    pub fn internal(details: impl std::fmt::Display) -> Self {
        let id = log_id();
        tracing::error!(log_id = %id, %details, "internal error");
        Self::new(Code::Internal, "Internal error").with("logId", id)
    }

    /// Adds an entry to the extensions.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.more.insert(key.to_owned(), value.into());
        self
    }

    /// Says where in the document.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.locations.extend(location);
        self
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.extensions.code
    }
}

/// Why a request got no data; never empty.
#[derive(Debug, Clone)]
pub struct Rejection {
    errors: Vec<GraphqlError>,
}

impl Rejection {
    /// Several errors at once; the first one decides the status. `None` when there are none.
    pub fn several(errors: Vec<GraphqlError>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self { errors })
    }

    /// The code that decides the status.
    pub fn code(&self) -> Code {
        self.errors[0].code()
    }

    /// What to tell the client.
    pub fn errors(&self) -> &[GraphqlError] {
        &self.errors
    }

    /// The response's body: `errors` alone, since a request that wasn't run has no `data` entry.
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            errors: &'a [GraphqlError],
        }
        serde_json::to_vec(&Body { errors: &self.errors }).expect("strings and numbers always serialise")
    }
}

impl From<GraphqlError> for Rejection {
    fn from(error: GraphqlError) -> Self {
        Self { errors: vec![error] }
    }
}

/// An id that joins a client's error and the log's line about it; random, so it tells nothing.
pub fn log_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

fn code_as_str<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_stable_in_form() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')));
    }

    #[test]
    fn a_limit_names_its_flag() {
        let error = GraphqlError::limit(Code::LimitExceeded, "Depth", Some(31), 30, "--max-depth");
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["message"], "Depth (31) exceeds the limit of 30; --max-depth changes it");
        assert_eq!(json["extensions"]["code"], "LIMIT_EXCEEDED");
        assert_eq!(json["extensions"]["setting"], "--max-depth");
        assert!(json.get("path").is_none());
    }

    #[test]
    fn a_rejection_has_no_data_entry() {
        let rejection = Rejection::from(GraphqlError::new(Code::BadRequest, "no"));
        let json: Value = serde_json::from_slice(&rejection.to_json()).unwrap();
        assert!(json.get("data").is_none());
        assert_eq!(json["errors"][0]["message"], "no");
    }
}
