//! Subscriptions: events from JetStream, and clients on WebSockets and event streams.

mod events;
mod outage;
mod resume;
mod revoked;
mod served;
mod slow;
mod socket;
pub mod streams;
mod swaps;
mod wire;
pub mod world;
