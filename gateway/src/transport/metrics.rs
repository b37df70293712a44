//! What the transport counts; the gateway's telemetry exports it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::budget::Budget;
use super::latency::Latency;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Its present value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of all subgraphs together.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Replies whose send was answered or given up before: the loser of two sends, mostly.
    pub late_replies: Counter,
    /// Replies with a token, a name or a gateway that doesn't fit what was sent.
    pub forged_replies: Counter,
    /// Times that the NATS client dropped messages because the gateway didn't keep up.
    pub slow_consumer: Counter,
    /// Times that the connection to NATS was lost.
    pub disconnects: Counter,
    /// Subjects that the NATS server refused.
    pub refused_subjects: Counter,
}

/// Counters of one subgraph; they outlive its instances.
#[derive(Debug, Default)]
pub struct SubgraphStats {
    /// Fetches begun.
    pub fetches: Counter,
    /// Fetches that ended with an error of the transport.
    pub failures: Counter,
    /// Further sends of a fetch: the first one got no answer in time, or was refused by a busy instance.
    pub second_sends: Counter,
    /// Sends that an instance refused because it was busy.
    pub busy: Counter,
    /// Sends that nobody was there for.
    pub no_responders: Counter,
    /// Bytes of requests.
    pub sent_bytes: Counter,
    /// Bytes of replies.
    pub received_bytes: Counter,
    /// How long replies take.
    pub latency: Latency,
    /// What is left of second sends.
    pub budget: Budget,
}

impl SubgraphStats {
    /// Grows with everything that instances answered.
    pub(crate) fn signs_of_life(&self) -> u64 {
        self.received_bytes.get() + self.busy.get()
    }
}
