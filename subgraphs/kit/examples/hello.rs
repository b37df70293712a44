//! A subgraph in one file: `NATS_URL=nats://hello:PASSWORD@HOST cargo run --example hello`.

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use tributary_subgraph::{Subgraph, connect, federated, shutdown_signal};

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("Hello, {}!", name.as_deref().unwrap_or("world"))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let schema = federated(Query, EmptyMutation, EmptySubscription).finish();
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let client = connect("hello", &url).await?;
    Subgraph::new("hello", schema).serve(client, shutdown_signal()).await?;
    Ok(())
}
