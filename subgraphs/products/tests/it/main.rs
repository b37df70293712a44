//! The products service against a real PostgreSQL and, where it is served, a real NATS.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking, in its helpers too")]

mod batching;
mod catalogue;
mod events;
mod killed;
mod lists;
mod outage;
mod quoting;
mod sdl;
mod served;
mod stock;
mod support;
