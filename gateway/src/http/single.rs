//! The "single connection mode" of GraphQL over server-sent events: which request does what.
//!
//! ```text
//! PUT                                reserves a stream: 201, with its token as text
//! GET, the token, no operation       opens it
//! POST or GET, the token             runs an operation: 202, and what it comes to is told on the stream
//! DELETE, the token, ?operationId=   ends one: 200
//! ```
//!
//! What is wrong with a request is its own answer; what is wrong with an operation is told on the stream, like on a
//! WebSocket: clients take any other answer than 202 for a broken connection, and reserve another stream.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::Body,
    extract::{Query, Request},
};
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use tokio::time::{Instant, timeout_at};

use super::{
    ClientInfo, guard,
    live::{self, NotBegun, Reservations, StreamForm, Streamed, Who},
    media,
    read::{self, Parameters},
};
use crate::{
    config::Config,
    error::{Code, GraphqlError, Rejection},
    gateway::Gateway,
    telemetry::TraceContext,
};

/// Where the token stands; `token` among the query's parameters means the same.
const TOKEN: &str = "x-graphql-event-stream-token";

/// What a request wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Reserve,
    Open { token: String },
    Run { token: String },
    End { token: String, operation: Option<String> },
}

/// What a request comes to.
pub(super) enum Done {
    Reserved(Box<str>),
    Opened(Streamed),
    Begun,
    Ended,
}

/// A request of this mode.
pub(super) struct Exchange<'a> {
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) reservations: &'a Arc<Reservations>,
    pub(super) request: Request,
    pub(super) client: ClientInfo,
    pub(super) trace: &'a TraceContext,
    pub(super) started: Instant,
}

impl Wanted {
    /// `None`: the request isn't one of this mode.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else { return None };
        let parameter = |name: &str| {
            let found = pairs.iter().find(|(known, value)| known == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let token = || {
            let header = parts.headers.get(TOKEN).and_then(|token| token.to_str().ok());
            header.filter(|token| !token.is_empty()).map(str::to_owned).or_else(|| parameter("token"))
        };
        let asks = || ["query", "documentId", "extensions"].iter().any(|name| parameter(name).is_some());
        match parts.method {
            Method::PUT => Some(Self::Reserve),
            Method::GET if !asks() => Some(Self::Open { token: token()? }),
            Method::GET | Method::POST => Some(Self::Run { token: token()? }),
            Method::DELETE => {
                let operation = parameter("operationId");
                Some(Self::End { token: token().unwrap_or_default(), operation })
            }
            _ => None,
        }
    }
}

/// Does what is wanted. `asked` is told the operation's name as soon as it is known, for the log.
///
/// # Errors
/// Why it can't be done.
pub(super) async fn answer(
    wanted: Wanted,
    exchange: Exchange<'_>,
    asked: &mut Option<String>,
) -> Result<Done, Rejection> {
    let Exchange { gateway, reservations, request, client, trace, started } = exchange;
    let (parts, body) = request.into_parts();
    let config = gateway.config();
    guard::check(&parts.method, &parts.headers, &config.http.cors)?;
    let identity = gateway.authenticator().identify(&parts.headers).await?;
    let who = Who::new(config, &parts.headers, client, identity);
    match wanted {
        Wanted::Reserve => {
            media::check_takes_text(&parts.headers)?;
            Ok(Done::Reserved(reservations.reserve(who)?))
        }
        Wanted::Open { token } => {
            let (operations, opened) = reservations.open(&token, &who)?;
            let form = StreamForm::Shared;
            Ok(Done::Opened(Streamed { operations, form, opened: Some(opened) }))
        }
        Wanted::Run { token } => {
            let operations = reservations.find(&token, &who)?;
            let mut parameters = parameters(gateway, &parts, body, started).await?;
            asked.clone_from(&parameters.operation_name);
            let id = parameters.operation_id.take().ok_or_else(|| missing("extensions.operationId"))?;
            let queries_only = parts.method == Method::GET;
            let who = Arc::new(who.for_this_request(&parts.headers, trace));
            operations
                .start(&id, parameters, who, queries_only)
                .map_err(|why| not_begun(why, &id, config))?;
            Ok(Done::Begun)
        }
        Wanted::End { token, operation } => {
            let operation = operation.ok_or_else(|| missing("operationId"))?;
            reservations.find(&token, &who)?.complete(&operation);
            Ok(Done::Ended)
        }
    }
}

/// Bodies that are known already are looked for elsewhere: here each has an id of its own.
async fn parameters(
    gateway: &Gateway,
    parts: &Parts,
    body: Body,
    started: Instant,
) -> Result<Parameters, GraphqlError> {
    if parts.method == Method::GET {
        return read::get(&parts.uri);
    }
    let limits = &gateway.config().limits;
    let _arriving = gateway.upload(read::announced(&parts.headers))?;
    let arrives =
        timeout_at(started + limits.request_timeout, read::body(&parts.headers, body, limits.body_bytes));
    read::post(&arrives.await.map_err(|_| read::late_body())??)
}

fn not_begun(why: NotBegun, id: &str, config: &Config) -> GraphqlError {
    match why {
        NotBegun::Taken => {
            let message = format!("The operation {id} of this event stream still runs");
            GraphqlError::new(Code::OperationIdTaken, message)
        }
        NotBegun::TooMany => {
            let (what, most) =
                ("The number of operations on this connection", config.subscriptions.operations);
            let setting = "--max-operations-per-connection";
            GraphqlError::limit(Code::LimitExceeded, what, None, most as u64, setting)
        }
        NotBegun::Closed => GraphqlError::new(
            Code::EventStreamNotFound,
            "This event stream has ended meanwhile; reserve another one",
        ),
    }
}

fn missing(what: &str) -> GraphqlError {
    let message = format!("{what} is missing: what results on the event stream are of this operation");
    GraphqlError::new(Code::BadRequest, message)
}

/// The answer to what was done.
pub(super) fn respond(done: Done, trace: &str) -> Response<Body> {
    let (status, body) = match done {
        Done::Opened(streamed) => return live::answer(streamed, trace),
        Done::Reserved(token) => (StatusCode::CREATED, Cow::Owned(token.into())),
        Done::Begun => (StatusCode::ACCEPTED, Cow::Borrowed("")),
        Done::Ended => (StatusCode::OK, Cow::Borrowed("")),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if status == StatusCode::CREATED {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert("traceparent", trace);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(method: &str, uri: &str, token: Option<&str>) -> Option<Wanted> {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(token) = token {
            request = request.header(TOKEN, token);
        }
        Wanted::of(&request.body(Body::empty()).unwrap().into_parts().0)
    }

    #[test]
    fn method_token_and_operation_say_what_is_wanted() {
        let token = || "t".to_owned();
        assert_eq!(wanted("PUT", "/graphql", None), Some(Wanted::Reserve));
        assert_eq!(wanted("PUT", "/graphql", Some("old")), Some(Wanted::Reserve));
        assert_eq!(wanted("GET", "/graphql?token=t", None), Some(Wanted::Open { token: token() }));
        assert_eq!(wanted("GET", "/graphql?token=u", Some("t")), Some(Wanted::Open { token: token() }));
        assert_eq!(wanted("GET", "/graphql?query={a}&token=t", None), Some(Wanted::Run { token: token() }));
        assert_eq!(wanted("POST", "/graphql", Some("t")), Some(Wanted::Run { token: token() }));
        let operation = Some("1".to_owned());
        let end = Some(Wanted::End { token: token(), operation });
        assert_eq!(wanted("DELETE", "/graphql?operationId=1", Some("t")), end);
        for method in ["GET", "POST", "HEAD", "PATCH"] {
            assert_eq!(wanted(method, "/graphql?query={a}", None), None);
        }
    }
}
