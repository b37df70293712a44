//! The gateway as its users meet it: real sockets, a real nats-server, real subgraphs.

// Helpers of tests may fail like tests: the exception for tests covers only the functions that are marked so.
#![allow(clippy::unwrap_used)]

mod audits;
mod auth;
mod bad_input;
mod cache;
mod cli;
mod dedupe;
mod defer;
mod errors;
mod execute;
mod headers;
mod http;
mod killed;
mod lifecycle;
mod limits;
mod live;
mod logs;
mod net;
mod overrides;
mod random;
mod replan;
mod rolling;
mod shop;
mod support;
mod trusted;
