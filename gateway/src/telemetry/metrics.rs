//! The gateway's metrics, in Prometheus' text format.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Labels of a finished request. All values come from small sets: an operation's name is the client's
/// invention, so it is logged, not a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `query`, `mutation`, `subscription`, or `none` where it didn't get that far.
    pub kind: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The code of the first error that the gateway itself refused the request with, or empty.
    pub code: &'static str,
}

/// Labels of a fetch from a subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FetchLabels {
    /// The subgraph's name.
    pub subgraph: Arc<str>,
    /// `ok`, or the error's code.
    pub outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SubgraphLabel {
    subgraph: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TransportLabel {
    transport: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhatLabel {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

/// Everything that is counted.
pub struct Metrics {
    registry: guarded::Registered,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<KindLabel, Histogram>,
    fetches: Family<FetchLabels, Counter>,
    fetch_seconds: Family<SubgraphLabel, Histogram>,
    /// Requests that are being answered.
    pub in_flight: Gauge,
    /// Requests that ended because their client left.
    pub abandoned: Counter,
    /// Operations found prepared.
    pub plan_cache_hits: Counter,
    /// Operations that had to be prepared.
    pub plan_cache_misses: Counter,
    /// Seconds of preparing: parsing, validating, planning.
    pub planning_seconds: Histogram,
    /// Requests planned again because a subgraph's schema changed under them.
    pub replans: Counter,
    deduplicated: Family<WhatLabel, Counter>,
    /// Error messages withheld from clients.
    pub masked_errors: Counter,
    connections: Family<TransportLabel, Gauge>,
    /// Subscriptions of clients.
    pub subscriptions: Gauge,
    subscriptions_ended: Family<CodeLabel, Counter>,
    /// Results that clients were told of their subscriptions.
    pub subscription_results: Counter,
    /// Events read from the stream.
    pub events: Counter,
    /// Times that events were lost for all who had subscribed to them.
    pub event_gaps: Counter,
    /// Times that a client came back and was told what it had missed.
    pub catch_ups: Counter,
}

/// The registry behind a lock that is taken at scrapes and at registration only.
mod guarded {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use prometheus_client::registry::Registry;

    pub(super) struct Registered(pub(super) Mutex<Registry>);

    impl Registered {
        pub(super) fn lock(&self) -> MutexGuard<'_, Registry> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// From a quarter of a millisecond to eight seconds.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: guarded::Registered(Registry::with_prefix("tributary").into()),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            fetches: Family::default(),
            fetch_seconds: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            abandoned: Counter::default(),
            plan_cache_hits: Counter::default(),
            plan_cache_misses: Counter::default(),
            planning_seconds: seconds(),
            replans: Counter::default(),
            deduplicated: Family::default(),
            masked_errors: Counter::default(),
            connections: Family::default(),
            subscriptions: Gauge::default(),
            subscriptions_ended: Family::default(),
            subscription_results: Counter::default(),
            events: Counter::default(),
            event_gaps: Counter::default(),
            catch_ups: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&self) {
        let mut guard = self.registry.lock();
        let r = &mut *guard;
        r.register("requests", "Requests answered on /graphql", self.requests.clone());
        r.register("request_seconds", "Time to answer a request", self.request_seconds.clone());
        r.register("requests_in_flight", "Requests being answered", self.in_flight.clone());
        r.register("requests_abandoned", "Requests whose client left", self.abandoned.clone());
        r.register("subgraph_fetches", "Fetches from subgraphs", self.fetches.clone());
        r.register("subgraph_fetch_seconds", "Time of a fetch from a subgraph", self.fetch_seconds.clone());
        r.register("plan_cache_hits", "Operations found prepared", self.plan_cache_hits.clone());
        r.register("plan_cache_misses", "Operations that had to be prepared", self.plan_cache_misses.clone());
        r.register("planning_seconds", "Time to parse, validate and plan", self.planning_seconds.clone());
        r.register("replans", "Requests planned again on a newer supergraph", self.replans.clone());
        r.register(
            "deduplicated",
            "Queries that waited for an equal one under way",
            self.deduplicated.clone(),
        );
        r.register("masked_errors", "Error messages withheld from clients", self.masked_errors.clone());
        r.register("connections", "Connections that carry subscriptions", self.connections.clone());
        r.register("subscriptions", "Subscriptions of clients", self.subscriptions.clone());
        r.register(
            "subscriptions_ended",
            "Subscriptions that ended, by code",
            self.subscriptions_ended.clone(),
        );
        r.register(
            "subscription_results",
            "Results told to subscribed clients",
            self.subscription_results.clone(),
        );
        r.register("events", "Events read from the stream", self.events.clone());
        r.register(
            "event_gaps",
            "Times that events were lost for all who subscribed to them",
            self.event_gaps.clone(),
        );
        r.register("catch_ups", "Times that a client was told what it had missed", self.catch_ups.clone());
    }

    /// Open connections of a transport that carries subscriptions.
    pub fn connections(&self, transport: &'static str) -> Gauge {
        self.connections.get_or_create(&TransportLabel { transport }).clone()
    }

    /// Counts a subscription's end: with that code, or with none where nobody is to blame.
    pub fn subscription_ended(&self, code: Option<&'static str>) {
        self.subscriptions_ended.get_or_create(&CodeLabel { code: code.unwrap_or_default() }).inc();
    }

    /// Adds what another part of the gateway counts by itself.
    pub fn collect_from(&self, collector: impl Collector) {
        self.registry.lock().register_collector(Box::new(collector));
    }

    /// Counts an answered request.
    pub fn request(&self, labels: RequestLabels, took: Duration) {
        self.request_seconds.get_or_create(&KindLabel { kind: labels.kind }).observe(took.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a fetch.
    pub fn fetch(&self, subgraph: Arc<str>, outcome: &'static str, took: Duration) {
        let label = SubgraphLabel { subgraph };
        self.fetch_seconds.get_or_create(&label).observe(took.as_secs_f64());
        let labels = FetchLabels { subgraph: label.subgraph, outcome };
        self.fetches.get_or_create(&labels).inc();
    }

    /// Counts queries that wait for an equal one under way: each a `fetch`, or a client's `query`.
    pub fn deduplicated(&self, what: &'static str) -> Counter {
        self.deduplicated.get_or_create(&WhatLabel { what }).clone()
    }

    /// All metrics as text.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry.lock())?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.request(RequestLabels { kind: "query", status: 200, code: "" }, Duration::from_millis(3));
        metrics.fetch("products".into(), "ok", Duration::from_millis(2));
        let text = metrics.render().unwrap();
        assert!(text.contains(r#"tributary_requests_total{kind="query",status="200",code=""} 1"#), "{text}");
        assert!(
            text.contains(r#"tributary_subgraph_fetches_total{subgraph="products",outcome="ok"} 1"#),
            "{text}"
        );
        assert!(text.contains("tributary_plan_cache_misses_total 0"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
