//! Why a subgraph can't be served.

use std::net::SocketAddr;

use tributary_protocol::NameError;

/// Why [`crate::Subgraph::serve`] gave up. All but [`ServeError::Refused`] and [`ServeError::Lost`] happen before the
/// subgraph is announced.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The subgraph's name, or an internal verb, can't be part of a subject.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The schema has no `_service.sdl`.
    #[error("the schema is no federation subgraph (no entity and no `enable_federation()`): {0}")]
    NoSdl(String),
    /// The connection doesn't take subscriptions.
    #[error("can't subscribe to {subject}: {source}")]
    Subscribe {
        /// The subject.
        subject: String,
        /// What the client says.
        #[source]
        source: async_nats::SubscribeError,
    },
    /// The process's NATS user lacks a right. It is known only of clients that [`crate::connect`] made, and also ends a
    /// subgraph that runs, should its rights be taken away.
    #[error(
        "NATS doesn't let this process {right} {subject}: serve with a credential of the subgraph `{name}`, and give that \
         the rights of PROTOCOL.md, section 1"
    )]
    Refused {
        /// What it may not do: `subscribe to` or `publish to`.
        right: &'static str,
        /// The subject.
        subject: String,
        /// The subgraph.
        name: String,
    },
    /// The connection doesn't take messages.
    #[error("can't announce the subgraph: {0}")]
    Announce(#[source] async_nats::Error),
    /// The HTTP address can't be bound.
    #[error("can't listen on {address} for HTTP: {source}")]
    Http {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The connection closed for good while the subgraph was running.
    #[error("the NATS connection is closed")]
    Lost,
}
