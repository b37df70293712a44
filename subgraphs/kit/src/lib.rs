//! Serves any async-graphql schema as a federation subgraph on NATS.
//!
#![doc = "```no_run"]
#![doc = include_str!("../examples/hello.rs")]
#![doc = "```"]
//!
//! [`Subgraph::serve`] announces the subgraph (`nats micro ls` shows it, too), takes queries on a subject that only
//! instances with the very same SDL share, and stops without losing a reply. The wire contract is the documentation of
//! [`tributary_protocol`].
//!
//! # The schema
//! - Begin it with [`federated`]. An entity that fails is then a null and an error with its own path, and the others are
//!   still answered; async-graphql by itself lets the first that fails take all along, and tells the gateway not which.
//! - Any other async-graphql schema is served, too, if it is a federation subgraph: at least one entity, or `enable_federation()`.
//! - async-graphql leaves the `Subscription` type out of `_service.sdl` unless the builder's
//!   `enable_subscription_in_federation()` is called: without it the gateway never sees a subscription.
//! - Its root types are called `Query`, `Mutation` and `Subscription`: async-graphql loses other names in the SDL.
//!
//! # In a resolver's context
//! | `ctx.data_opt::<…>()` | is there |
//! |---|---|
//! | [`Identity`] | when the caller is authenticated |
//! | [`ClientInfo`] | always |
//! | [`Deadline`] | always; the resolver is dropped when it passes |
//! | [`IdempotencyKey`] | when the request has one |
//! | [`TraceContext`] | when the request is traced |
//!
//! # Map
//! ```text
//! subgraph      what the user says                 connection   connect, and say loudly what the server refuses
//!  └ serve      start, run, stop                   internal     calls between services beside the graph
//!     ├ intake  one subscription: take, then drain notices      what the server refuses, and that it is gone
//!     ├ gate    concurrency, counting, replying    http         the same schema for a developer's browser
//!     ├ endpoint one GraphQL request               entities     each fails by itself, with its path
//!     ├ subscriptions, and the rights they need    shutdown     SIGTERM or SIGINT
//!     ├ control  the rest of a request in parts
//!     └ registry `$SRV` PING, INFO, STATS           events       subscriptions that the gateway runs
//!                                                  outbox       events, published exactly if committed
//! ```
//!
//! # Events
//! A subgraph declares subscriptions with [`EventSubscriptions`] and never runs them: the gateway feeds them with events from
//! JetStream. A service with a PostgreSQL database publishes those with the feature `outbox` (the module `outbox`).

mod connection;
mod context;
mod control;
mod endpoint;
mod entities;
mod error;
mod events;
mod gate;
mod http;
mod intake;
mod internal;
mod notices;
#[cfg(feature = "outbox")]
pub mod outbox;
mod registry;
mod serve;
mod shutdown;
mod stats;
mod stream;
mod subgraph;
mod subscriptions;

pub use connection::{ConnectError, connect};
pub use context::{Deadline, IdempotencyKey, TraceContext};
pub use entities::{Entities, FederatedSchema, federated};
pub use error::ServeError;
pub use events::EventSubscriptions;
pub use internal::{Internal, InternalError};
pub use shutdown::shutdown_signal;
pub use subgraph::Subgraph;
pub use tributary_protocol::{ClientInfo, Identity};
