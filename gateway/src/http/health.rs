//! What supervisors and Prometheus ask.

use std::sync::Arc;

use axum::{Json, extract::State, response::IntoResponse};
use http::{StatusCode, header};

use crate::gateway::Gateway;

/// The process runs and answers; nothing more.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Whether requests should be sent here, and if not, why.
pub(super) async fn ready(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let readiness = gateway.readiness();
    let status = if readiness.status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(readiness))
}

/// Metrics as Prometheus reads them.
pub(super) async fn metrics(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    match gateway.metrics().render() {
        Ok(text) => {
            let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            (StatusCode::OK, [(header::CONTENT_TYPE, media)], text)
        }
        Err(error) => {
            tracing::error!(%error, "can't render the metrics");
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], String::new())
        }
    }
}
