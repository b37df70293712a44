//! The kit against a real nats-server with the project's rights.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod connection;
mod context;
mod drain;
mod endpoint;
mod http;
mod internal;
#[cfg(feature = "outbox")]
mod outbox;
mod parts;
mod registry;
mod rights;
mod streams;
mod support;
