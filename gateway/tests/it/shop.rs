//! The whole shop as its customers and its staff meet it: a nats-server, PostgreSQL, MongoDB, the four services and
//! the gateway, asked over HTTP only.
//!
//! Each test starts a shop of its own and walks through one part of it, so that the start is paid a few times, not
//! once for each sentence that is checked.

mod accounts;
mod alone;
mod catalogue;
mod client;
mod example;
mod fixtures;
mod lists;
mod live;
mod orders;
mod outage;
mod rights;
mod sessions;
mod world;
