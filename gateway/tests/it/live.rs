//! Subscriptions: events from JetStream, and clients on WebSockets and event streams.

mod events;
mod outage;
mod resume;
mod served;
mod slow;
mod socket;
mod streams;
mod swaps;
mod world;
