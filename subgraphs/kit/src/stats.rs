//! What an endpoint counts for `$SRV.STATS`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tributary_protocol::service::{self, EndpointStats, Ping};
use tributary_protocol::{ENDPOINT_NAME, Failure, QUEUE_GROUP, Registration};

/// Counters of one endpoint since its start. They are read one by one, so a reader may see a request that is counted
/// but not yet timed: good enough for statistics, and no lock on the way of a request.
pub(crate) struct Stats {
    started: DateTime<Utc>,
    requests: AtomicU64,
    errors: AtomicU64,
    nanoseconds: AtomicU64,
    /// Locked for a failed request only.
    last_error: Mutex<String>,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            started: Utc::now(),
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            last_error: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, elapsed: Duration, failure: Option<&Failure>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(failure) = failure {
            self.errors.fetch_add(1, Ordering::Relaxed);
            *self.last_error() = format!("{}:{}", failure.code, failure.message);
        }
    }

    /// The answer to `$SRV.STATS`.
    pub(crate) fn document(&self, service: Ping, registration: &Registration) -> service::Stats {
        let num_requests = self.requests.load(Ordering::Relaxed);
        let processing_time = self.nanoseconds.load(Ordering::Relaxed);
        let endpoint = EndpointStats {
            name: ENDPOINT_NAME.to_owned(),
            subject: registration.subject.to_string(),
            queue_group: QUEUE_GROUP.to_owned(),
            num_requests,
            num_errors: self.errors.load(Ordering::Relaxed),
            last_error: self.last_error().clone(),
            processing_time,
            average_processing_time: processing_time.checked_div(num_requests).unwrap_or(0),
            data: None,
        };
        let started = self.started.to_rfc3339_opts(SecondsFormat::Nanos, true);
        service::Stats { service, started, endpoints: vec![endpoint] }
    }

    fn last_error(&self) -> std::sync::MutexGuard<'_, String> {
        self.last_error.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
