//! The same schema over HTTP, with GraphiQL: for developing one subgraph alone. Nobody is identified here, whatever
//! headers say: identities come from gateways only.

use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::http::GraphiQLSource;
use async_graphql::{Executor, Response, ServerError};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tributary_protocol::{ClientInfo, RequestHead};

use crate::subgraph::Prepare;
use crate::{ServeError, context, endpoint};

#[derive(Clone)]
struct Site<E> {
    executor: E,
    prepare: Prepare,
    timeout: Duration,
}

/// Binds before the subgraph is announced, so that a taken port is an error at start.
pub(crate) async fn bind(address: Option<SocketAddr>) -> Result<Option<TcpListener>, ServeError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Http { address, source })?;
    Ok(Some(listener))
}

/// GraphiQL for browsers, the schema for everything else, at `/` and `/graphql`.
pub(crate) fn site<E: Executor>(executor: E, prepare: Prepare, timeout: Duration) -> Router {
    let both = || get(graphiql).post(graphql::<E>);
    Router::new().route("/", both()).route("/graphql", both()).with_state(Site { executor, prepare, timeout })
}

pub(crate) async fn serve(listener: TcpListener, site: Router, finished: CancellationToken) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("GraphiQL at http://{address}/");
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "other machines can reach the subgraph's HTTP endpoint, past the gateway and its limits");
        }
    }
    let service = site.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(async move { finished.cancelled().await })
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "HTTP ended");
    }
}

async fn graphiql() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").finish())
}

async fn graphql<E: Executor>(
    State(site): State<Site<E>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: GraphQLRequest,
) -> GraphQLResponse {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    let head = RequestHead {
        client: ClientInfo { address: Some(address.ip().to_string()), agent },
        ..RequestHead::default()
    };
    let deadline = Instant::now() + site.timeout;
    let request = context::fill(request.into_inner(), head, deadline);
    let response =
        endpoint::guard(deadline, async { site.executor.execute((site.prepare)(request)).await }).await;
    response
        .unwrap_or_else(|failure| Response::from_errors(vec![ServerError::new(failure.message, None)]))
        .into()
}
