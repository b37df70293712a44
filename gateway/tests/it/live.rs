//! Subscriptions: events from JetStream, and clients on WebSockets and event streams.

mod clients;
mod events;
mod metrics;
mod outage;
mod resume;
mod revoked;
mod served;
mod single;
mod slow;
mod snapshot;
mod socket;
pub mod streams;
mod swaps;
mod wire;
pub mod world;
