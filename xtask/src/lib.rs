//! The developer's tools, `cargo xtask up | down | test | bench`, and the private servers that every test uses.
//!
//! ```text
//! servers    real nats-server, PostgreSQL and MongoDB on free loopback ports
//!   └ tools  where their programs come from: PATH, or pinned packages in .tributary/tools
//! process    a child that dies with us, even when we are killed
//! up, down   the whole shop on one machine
//!   └ seed   what is in it the first time, put there through the gateway as a user would
//! test       format, lint, build, and every test
//! bench      what is measured, by a program of its own (gateway/bench)
//! ```
//!
//! Start reading at [`servers`]; the programs' own entry is `main.rs`.

pub mod bench;
mod cargo;
pub mod commands;
pub mod down;
mod http;
mod interrupt;
pub mod process;
pub mod run_file;
mod seed;
pub mod servers;
mod shop;
pub mod test;
pub mod tools;
pub mod up;
pub mod web;
pub mod workspace;
