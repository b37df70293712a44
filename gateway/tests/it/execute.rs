//! Subgraphs composed, operations planned and run over them, all in one process.

#![allow(clippy::unwrap_used, reason = "a test that can't go on ends there")]

mod contexts;
mod entities;
mod enums;
mod failures;
mod graph;
mod inputs;
mod keys;
mod random;
mod requirements;
mod roots;
mod selections;

use graph::{Graph, SubgraphCase};
