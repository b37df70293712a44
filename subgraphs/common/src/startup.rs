//! What each service's `main` does before its own work: the common part of the command line, and the log.

use std::io::IsTerminal;
use std::net::SocketAddr;

use tracing_subscriber::EnvFilter;

/// The arguments that every service takes. Use it with `#[command(flatten)]`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// NATS server, several comma separated; user and password in the URL
    #[arg(long = "nats", env = "NATS_URL", value_name = "URL", hide_env_values = true)]
    pub nats: String,
    /// Also serve the schema over HTTP, with GraphiQL, for development
    #[arg(long, env = "HTTP_ADDR", value_name = "ADDR")]
    pub http: Option<SocketAddr>,
}

/// Logs to standard error; `RUST_LOG` says what, by default everything from `info` up.
pub fn init_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
