//! A service whose products' stock changes, and which tells of it.

use sqlx::PgPool;
use tributary_subgraph::outbox::{Entity, Outbox, Relay};
use tributary_subgraph::{connect, shutdown_signal};

/// Sells one, and tells of it, or does neither.
async fn sell(pool: &PgPool, outbox: &Outbox, id: i64) -> anyhow::Result<()> {
    let mut transaction = pool.begin().await?;
    let sql =
        "UPDATE products SET stock = stock - 1, version = version + 1 WHERE id = $1 RETURNING stock, version";
    let (stock, version): (i32, i64) = sqlx::query_as(sql).bind(id).fetch_one(&mut *transaction).await?;
    let product = Entity::of("Product", "id", id).with("stock", stock).with("version", version);
    outbox.write(&mut transaction, "stock", &product).await?;
    Ok(transaction.commit().await?)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = PgPool::connect(&std::env::var("DATABASE_URL")?).await?;
    let client = connect("products", &std::env::var("NATS_URL")?).await?;
    let outbox = Outbox::new("products")?;
    let relay = Relay::new(&outbox, pool.clone(), client);
    // In a subgraph: `subgraph.serve(client, shutdown_signal())`.
    let service = async {
        sell(&pool, &outbox, 1).await?;
        shutdown_signal().await;
        Ok(())
    };
    relay.beside(service).await
}
