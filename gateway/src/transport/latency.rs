//! How long a subgraph takes, to know when it takes too long.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Each power of two of microseconds is divided into this many buckets: 19 % wide at most.
const STEPS: usize = 4;
/// Up to 2^27 µs, about two minutes; longer ones count as that.
const BUCKETS: usize = 27 * STEPS;
/// The percentile is computed again after so many observations, and at first whenever there are twice as many.
const REFRESH: u32 = 64;
/// Old observations lose half of their weight after so many new ones.
const HALF_LIFE: u32 = 4096;

/// A histogram of reply times with a cached 99th percentile.
///
/// Recording is one atomic addition. Readers see the percentile of a moment ago, and races between
/// writers can misplace a few counts while old ones are halved: it decides when to ask again,
/// nothing that has to be exact.
#[derive(Debug)]
pub struct Latency {
    buckets: [AtomicU32; BUCKETS],
    count: AtomicU32,
    p99_micros: AtomicU64,
}

impl Latency {
    /// The 99th percentile; `None` before anything was observed.
    pub fn p99(&self) -> Option<Duration> {
        match self.p99_micros.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }

    /// Adds an observation.
    pub fn record(&self, elapsed: Duration) {
        self.buckets[bucket(elapsed)].fetch_add(1, Ordering::Relaxed);
        let count = self.count.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if count.is_multiple_of(REFRESH) || count < REFRESH && count.is_power_of_two() {
            self.refresh(count.is_multiple_of(HALF_LIFE));
        }
    }

    fn refresh(&self, halve: bool) {
        let counts: Vec<u32> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().copied().map(u64::from).sum();
        let mut above = total / 100;
        let slowest = counts.iter().rposition(|&count| {
            let here = u64::from(count);
            let found = here > above;
            above = above.saturating_sub(here);
            found
        });
        if let Some(index) = slowest {
            self.p99_micros.store(upper_bound(index), Ordering::Relaxed);
        }
        if halve {
            for (bucket, count) in self.buckets.iter().zip(counts) {
                bucket.fetch_sub(count / 2, Ordering::Relaxed);
            }
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU32::new(0)),
            count: AtomicU32::new(0),
            p99_micros: AtomicU64::new(0),
        }
    }
}

fn bucket(elapsed: Duration) -> usize {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).max(STEPS as u64);
    let power = micros.ilog2() as usize;
    let step = (micros >> (power - 2)) as usize & (STEPS - 1);
    (power * STEPS + step).min(BUCKETS - 1)
}

/// The first value, in microseconds, that is too large for the bucket.
fn upper_bound(bucket: usize) -> u64 {
    let (power, step) = (bucket / STEPS, bucket % STEPS);
    ((STEPS + step + 1) as u64) << power >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_below_its_buckets_bound_and_near_it() {
        for micros in (4..5000).chain([1 << 20, 3 << 20, (1 << 26) + 5]) {
            let bound = upper_bound(bucket(Duration::from_micros(micros)));
            assert!(micros < bound && bound <= micros + micros / 4 + 1, "{micros} {bound}");
        }
        assert_eq!(bucket(Duration::ZERO), bucket(Duration::from_micros(4)));
        assert_eq!(bucket(Duration::from_secs(3600)), BUCKETS - 1);
    }

    #[test]
    fn the_percentile_is_found_and_forgets() {
        let latency = Latency::default();
        assert_eq!(latency.p99(), None);
        latency.record(Duration::from_millis(800));
        assert!(latency.p99().unwrap() >= Duration::from_millis(800), "what little is known counts");
        for n in 0..6400 {
            latency.record(Duration::from_millis(if n % 50 == 0 { 800 } else { 2 }));
        }
        let p99 = latency.p99().unwrap();
        assert!((Duration::from_millis(800)..Duration::from_millis(1000)).contains(&p99), "{p99:?}");
        for _ in 0..40_000 {
            latency.record(Duration::from_millis(2));
        }
        assert!(latency.p99().unwrap() < Duration::from_millis(3));
    }
}
