//! How long both planners take for the same operation, in one run, taking turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The best time of one call of each, in nanoseconds. Turns are short and many, so that what disturbs the machine
/// disturbs both; the best of them is what the work itself costs.
pub fn beside(mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    let calls = (calls_in(TURN, &mut one), calls_in(TURN, &mut other));
    let mut best = (f64::MAX, f64::MAX);
    for _ in 0..TURNS {
        best.0 = best.0.min(per_call(calls.0, &mut one));
        best.1 = best.1.min(per_call(calls.1, &mut other));
    }
    best
}

const TURNS: usize = 25;
const TURN: Duration = Duration::from_millis(2);

fn calls_in(time: Duration, call: &mut impl FnMut()) -> u32 {
    let begun = Instant::now();
    let mut calls = 0;
    while begun.elapsed() < time {
        call();
        calls += 1;
    }
    calls
}

fn per_call(calls: u32, call: &mut impl FnMut()) -> f64 {
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(&mut *call)();
    }
    begun.elapsed().as_nanos() as f64 / f64::from(calls)
}
