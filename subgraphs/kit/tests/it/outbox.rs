//! Events from a real PostgreSQL to a real JetStream.

mod relays;
mod stream;
mod world;
