//! `orders --nats URL --database-url URL [--http ADDR]`

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    shop::startup::init_log();
    orders::serve(orders::Config::parse(), tributary_subgraph::shutdown_signal()).await
}
