//! The stock and its ledger: no number changes without saying why.

use shop::postgres::constraint;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::event::Verb;
use super::{Product, Store, columns};
use crate::Error;

/// PostgreSQL's `numeric_value_out_of_range`.
const OUT_OF_RANGE: &str = "22003";

impl Store {
    /// Changes the stock by `delta`. A delta rather than a number, so that two who count at once don't undo each other.
    pub async fn adjust_stock(
        &self,
        id: Uuid,
        delta: i32,
        reason: &str,
        changed_by: &str,
    ) -> Result<Product, Error> {
        let sql = concat!(
            "UPDATE products SET stock = stock + $2, version = version + 1, updated_at = now() WHERE id = $1 RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let product: Option<Product> = sqlx::query_as(sql)
            .bind(id)
            .bind(delta)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(wrong_stock)?;
        let product = product.ok_or(Error::NotFound(id))?;
        record_stock_change(&mut transaction, &product, delta, reason, changed_by).await?;
        self.tell(&mut transaction, Verb::Stock, &product).await?;
        transaction.commit().await?;
        Ok(product)
    }
}

/// Writes the ledger's entry of a change that `product` has already seen.
pub async fn record_stock_change(
    transaction: &mut Transaction<'_, Postgres>,
    product: &Product,
    delta: i32,
    reason: &str,
    changed_by: &str,
) -> Result<(), Error> {
    let insert = sqlx::query(
        "INSERT INTO stock_changes (id, product_id, delta, stock_after, reason, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let insert = insert.bind(Uuid::now_v7()).bind(product.id).bind(delta).bind(product.stock);
    insert.bind(reason).bind(changed_by).execute(&mut **transaction).await?;
    Ok(())
}

fn wrong_stock(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|error| error.code());
    match (constraint(&error), code.as_deref()) {
        (Some("products_stock_not_negative"), _) => Error::OutOfStock,
        (_, Some(OUT_OF_RANGE)) => Error::StockTooLarge,
        _ => Error::Database(error),
    }
}
