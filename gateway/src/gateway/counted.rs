//! What parts of the gateway count by themselves, read when Prometheus asks.

use std::sync::{Arc, Weak};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::{
    auth::{RevocationState, Revocations},
    cache::EntityCache,
    pipeline::Operations,
    registry::Registry,
    subscription::Hub,
    transport::{SubgraphStats, Transport},
};

/// Where to read it.
pub(super) struct Counted {
    pub(super) operations: Arc<Operations>,
    pub(super) registry: Registry,
    pub(super) transport: Transport,
    pub(super) revocations: Option<Arc<Revocations>>,
    pub(super) hub: Weak<Hub>,
    pub(super) cache: Option<Arc<EntityCache>>,
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counted")
    }
}

impl Counted {
    fn gauges(&self) -> [(&'static str, &'static str, i64); 10] {
        let (entries, bytes) = self.operations.cache_size();
        let status = self.registry.status().borrow().clone();
        let (topics, feeds) = self.hub.upgrade().map(|hub| hub.counts()).unwrap_or_default();
        [
            ("plan_cache_entries", "Operations kept prepared", entries as i64),
            ("plan_cache_bytes", "Bytes of operations kept prepared", bytes as i64),
            ("supergraph_generation", "Number of the supergraph served", status.generation as i64),
            ("composition_diagnostics", "What is wrong with the graph", status.diagnostics.len() as i64),
            ("subgraphs", "Subgraphs in the supergraph or left out of it", status.subgraphs.len() as i64),
            ("ready", "1 while requests can be served", i64::from(status.ready)),
            ("nats_connected", "1 while the connection to NATS is up", i64::from(status.connected)),
            ("fetches_waiting", "Sends that wait for a reply", self.transport.waiting() as i64),
            ("subscription_topics", "Subscriptions that differ in what they ask", topics as i64),
            ("event_feeds", "Patterns of subjects that are read from the stream", feeds as i64),
        ]
    }

    fn counters(&self) -> [(&'static str, &'static str, u64); 10] {
        let (registry, link) = (self.registry.metrics(), self.transport.link().metrics());
        [
            ("compositions", "Times that SDLs were composed", registry.compositions.get()),
            (
                "failed_compositions",
                "Compositions that left something out",
                registry.failed_compositions.get(),
            ),
            ("supergraph_swaps", "Supergraphs that became live", registry.swaps.get()),
            ("instances_up", "Instances of subgraphs that came", registry.instances_up.get()),
            ("instances_down", "Instances of subgraphs that went", registry.instances_down.get()),
            ("late_replies", "Replies that came after their request had ended", link.late_replies.get()),
            ("forged_replies", "Replies that don't fit what was sent", link.forged_replies.get()),
            ("slow_consumer", "Times that messages from NATS were dropped", link.slow_consumer.get()),
            ("nats_disconnects", "Times that the connection to NATS was lost", link.disconnects.get()),
            ("refused_subjects", "Subjects that the NATS server refused", link.refused_subjects.get()),
        ]
    }
}

impl Counted {
    fn encode_revocations(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(revocations) = &self.revocations else { return Ok(()) };
        let status = revocations.status();
        let gauges = [
            ("revoked_sessions", "Revoked sessions that are remembered", status.sessions as i64),
            (
                "revocations_usable",
                "1 while enough is known of revoked sessions to take tokens",
                i64::from(status.state == RevocationState::Read),
            ),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        if let Some(age) = status.age_seconds {
            let (name, help) = ("revocations_age_seconds", "Time since all revoked sessions were known");
            let gauge = ConstGauge::new(age);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

impl Counted {
    fn encode_cache(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let status = cache.status();
        let gauges = [
            ("entity_cache_entries", "Entities and root selections that are kept", status.entries as i64),
            ("entity_cache_bytes", "Bytes of what is kept", status.bytes as i64),
            (
                "entity_cache_usable",
                "1 while every event is heard, so that what is kept is used",
                i64::from(status.usable),
            ),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counters = [
            ("entity_cache_hits", "Entities and root selections that were kept", status.hits),
            ("entity_cache_misses", "Those that could have been, and were asked for", status.misses),
            (
                "entity_cache_invalidations",
                "Things that events told of and somebody depended on",
                status.dropped,
            ),
            ("entity_cache_forgotten", "Times that everything was forgotten", status.forgotten),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

/// A counter of one subgraph: its name, its help, and where it is.
type PerSubgraph = (&'static str, &'static str, fn(&SubgraphStats) -> u64);

const PER_SUBGRAPH: [PerSubgraph; 5] = [
    ("subgraph_second_sends", "Queries sent once more", |stats| stats.second_sends.get()),
    ("subgraph_busy", "Sends that an instance refused because it was busy", |stats| stats.busy.get()),
    ("subgraph_no_responders", "Sends that nobody was there for", |stats| stats.no_responders.get()),
    ("subgraph_sent_bytes", "Bytes of requests", |stats| stats.sent_bytes.get()),
    ("subgraph_received_bytes", "Bytes of replies", |stats| stats.received_bytes.get()),
];

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, value) in self.gauges() {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        for (name, help, value) in self.counters() {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        self.encode_revocations(&mut encoder)?;
        self.encode_cache(&mut encoder)?;
        let subgraphs = self.registry.subgraph_stats();
        for (name, help, value) in PER_SUBGRAPH {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (subgraph, stats) in &subgraphs {
                ConstCounter::new(value(stats))
                    .encode(family.encode_family(&[("subgraph", &**subgraph)])?)?;
            }
        }
        Ok(())
    }
}
