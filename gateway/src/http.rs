//! What the gateway serves over HTTP.
//!
//! ```text
//! /graphql        graphql: guard ▶ auth ▶ read ▶ pipeline ▶ respond; what goes on for longer: live
//!                 single: many operations on one event stream
//! /               pages: the playground, embedded in the binary
//! /health/live    the process runs
//! /health/ready   it can serve, or why not
//! /metrics        Prometheus
//! ```

use std::sync::Arc;

use axum::{Router, routing::any, routing::get};
use http::{HeaderName, Method, header};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate as _,
        predicate::{And, NotForContentType, SizeAbove},
    },
    cors::{AllowHeaders, AllowOrigin, CorsLayer},
};

mod bodies;
mod client;
mod graphql;
mod guard;
mod health;
mod live;
mod media;
mod multipart;
mod pages;
mod read;
mod respond;
mod single;

pub use bodies::Bodies;
pub use client::ClientInfo;
pub use read::Parameters;

use crate::{
    config::{Config, CorsOrigins},
    gateway::Gateway,
};

/// Smaller answers fit into one packet anyway.
const SMALLEST_COMPRESSED: u16 = 1024;

/// All routes.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let config = gateway.config().clone();
    Router::new()
        .route("/graphql", any(graphql::handle).with_state(Arc::new(graphql::Served::new(gateway.clone()))))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(pages::page)
        .layer(compression())
        .layer(cors(&config))
        .with_state(gateway)
}

fn compression() -> CompressionLayer<And<SizeAbove, And<NotForContentType, NotForContentType>>> {
    // Answers are made for one client each, so what matters is the time to make them. Parts would wait for the
    // compressor to have enough.
    let whole = NotForContentType::const_new("multipart/mixed").and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(SMALLEST_COMPRESSED.into()).and(whole))
}

/// Without listed origins it allows none: no header is added, and browsers refuse.
fn cors(config: &Config) -> CorsLayer {
    let origins = match &config.http.cors {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::Listed(origins) => AllowOrigin::list(origins.clone()),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("traceparent")])
        .max_age(std::time::Duration::from_secs(3600))
}
