//! `details --nats URL --database-url URL [--http ADDR]`

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    shop::startup::init_log();
    details::serve(details::Config::parse(), tributary_subgraph::shutdown_signal()).await
}
