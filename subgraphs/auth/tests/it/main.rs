//! The auth service against a real MongoDB and, where it is served, a real NATS.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod commands;
mod entities;
mod keys;
mod revoked;
mod roles;
mod sdl;
mod served;
mod sessions;
mod support;
mod throttle;
