//! What the service must be told.

use shop::startup::ServeArgs;

/// The command line of `details`; each argument may also come from the environment.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "details",
    version,
    about = "The shop's details of products and orders: a federation subgraph on NATS"
)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// This service's own PostgreSQL database; its tables are made and migrated at start
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: String,
}
