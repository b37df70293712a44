//! What the service must be told.

use shop::events::EventArgs;
use shop::startup::ServeArgs;

/// The command line of `products`; each argument may also come from the environment.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "products", version, about = "The shop's products: a federation subgraph on NATS")]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// This service's own PostgreSQL database; its tables are made and migrated at start
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: String,
    /// Where its events are kept
    #[command(flatten)]
    pub events: EventArgs,
}
