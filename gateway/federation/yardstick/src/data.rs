//! Whether two plans give equal data: synthetic subgraphs that answer both.
//!
//! ```text
//! supergraph ──▶ joins ──▶ world (what every field of every object is worth)
//!                            │
//! subgraphs' SDLs ──▶ server ┴──▶ ours: the gateway's executor ──▶ data ─┐
//!                            ├──▶ theirs: run, project ──▶ data ─────────┼──▶ check
//!                            └──▶ one server that has it all ──▶ data ───┘
//! ```
//!
//! There is no stored data. An object is a number that follows from the way on which it was first met, and a
//! field's value follows from the object, the field's name and its arguments, so that all subgraphs agree without
//! knowing of each other. A subgraph answers only what the supergraph says that it can, and a field with
//! requirements is worth something else where other values are sent for them.
//!
//! Start reading at [`check`] and `world`.

mod check;
mod fieldset;
mod joins;
mod merge;
mod project;
mod rewrite;
mod run;
mod server;
mod world;

pub use check::{Check, Graph, Outcome, THEIRS};
