//! The tools against real servers.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail as its own lines do")]

mod lifeline;
mod rights;
mod servers;
mod support;
mod test_run;
mod up;
