//! Ctrl-C, SIGTERM and a closed terminal.

use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

/// Hears that we are to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<(Mutex<bool>, Condvar)>);

impl Interrupt {
    /// From here on the first signal is heard here instead of ending the process; a second one ends it at once, and the
    /// children with it. Once in a process.
    pub fn install() -> Result<Self> {
        let interrupt = Self::default();
        let hears = interrupt.clone();
        let handler = move || {
            if hears.heard() {
                exit(130);
            }
            hears.hear();
        };
        ctrlc::set_handler(handler).context("can't listen for signals")?;
        Ok(interrupt)
    }

    /// Whether we are to stop.
    pub fn heard(&self) -> bool {
        self.within(Duration::ZERO)
    }

    /// Waits until we are to stop.
    pub fn wait(&self) {
        while !self.within(Duration::from_secs(3600)) {}
    }

    /// Waits at most this long; says whether we are to stop.
    pub fn within(&self, limit: Duration) -> bool {
        let (heard, changed) = &*self.0;
        // A flag can't be left half changed by a panic.
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(heard, limit, |heard| !*heard);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn hear(&self) {
        let (heard, changed) = &*self.0;
        *heard.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }
}
