//! The gateway: one GraphQL graph made of subgraphs that are served over NATS.
//!
//! ```text
//!            HTTP                                                     NATS
//! client ──▶ http ──▶ pipeline ──▶ execute ──▶ transport ──────────▶ graphql.<subgraph>.…
//!            │ auth      │ parse, limit,          ▲ replies, deadlines,
//!            │           │ validate, plan         │ second sends
//!            ▼           ▼                        │
//!         telemetry   registry ◀── $SRV, announcements, the last good set
//! ```
//!
//! * [`cli`] is the command line, [`config`] what it means, [`gateway`] the parts put together, [`server`] the
//!   accept loop with its graceful end.
//! * [`http`] is GraphQL over HTTP and everything else that has a URL.
//! * [`pipeline`] is one request's way; it knows nothing of HTTP.
//! * [`cache`] keeps what subgraphs answered for as long as their events allow.
//! * [`execute`] runs a plan, [`transport`] reaches subgraphs, [`registry`] knows which there are.
//! * [`subscription`] says which events a subscription means.
//! * [`trusted`] reads the folder of operations that are run and no others.
//! * [`auth`] verifies tokens, [`telemetry`] logs and counts, [`error`] is what clients read.
//!
//! Start reading at [`pipeline::Pipeline::run`].

pub mod auth;
pub mod cache;
pub mod cli;
pub mod config;
pub mod error;
pub mod execute;
pub mod gateway;
pub mod http;
pub mod pipeline;
pub mod registry;
pub mod server;
pub mod subscription;
pub mod telemetry;
pub mod transport;
pub mod trusted;
