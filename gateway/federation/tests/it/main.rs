//! Tests of the crate's public surface.

#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod changes;
mod compose;
mod dice;
mod plan;
mod shop;
mod support;
