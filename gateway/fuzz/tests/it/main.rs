//! The fuzz targets' properties, on their corpora and on what proptest makes of them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod compose;
mod corpus;
mod execute;
mod mutate;
mod plan;
