//! The gateway's side of NATS against real servers: the transport, and the registry on it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test says what it didn't expect")]

mod bridge;
mod failures;
mod forget;
mod outages;
mod parts;
mod plain;
pub mod raw;
pub mod registry;
mod rogues;
mod rolling;
mod sends;
mod support;
