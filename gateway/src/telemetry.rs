//! What operators see: logs, metrics, and the trace context that joins them with other systems.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

mod metrics;
mod trace;

pub use metrics::{FetchLabels, Metrics, RequestLabels};
pub use trace::TraceContext;

/// Starts logging to standard error; standard output is for results. A second call changes nothing.
pub fn start_logging(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for people who look, and not where they asked for none (no-color.org).
    let coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured).with_writer(io::stderr);
    // An embedding program or a test may have its own subscriber already.
    let _ = match config.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
