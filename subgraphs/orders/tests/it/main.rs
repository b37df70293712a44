//! The orders service against a real PostgreSQL, a real NATS and the real products service.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batching;
mod changing;
mod events;
mod idempotency;
mod lists;
mod placing;
mod reading;
mod sdl;
mod served;
mod steps;
mod support;
