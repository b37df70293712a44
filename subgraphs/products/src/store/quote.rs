//! Prices for the services that sell.

use shop::quote::Quote;
use sqlx::Row;
use uuid::Uuid;

use super::Store;
use super::product::price;
use crate::Error;

impl Store {
    /// The products that have these ids as they are sold now, marked as quoted: none of them is deleted any more.
    pub async fn quote(&self, ids: &[Uuid]) -> Result<Vec<Quote>, Error> {
        let mut transaction = self.pool.begin().await?;
        // Only the first quote writes. Locked in order of id, so that two quotes of the same products can't deadlock.
        let mark = sqlx::query(
            "UPDATE products SET first_quoted_at = now() WHERE id IN (
                 SELECT id FROM products WHERE id = ANY($1) AND first_quoted_at IS NULL ORDER BY id FOR NO KEY UPDATE
             )",
        );
        mark.bind(ids).execute(&mut *transaction).await?;
        // A statement of its own, after the locks: it sees what was committed while we waited for them.
        let read = sqlx::query(
            "SELECT id, sku, name, price_amount, price_currency, archived FROM products
             WHERE id = ANY($1) AND first_quoted_at IS NOT NULL",
        );
        let rows = read.bind(ids).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let quote = |row: &sqlx::postgres::PgRow| {
            Ok(Quote {
                product_id: row.try_get("id")?,
                sku: row.try_get("sku")?,
                name: row.try_get("name")?,
                price: price(row)?,
                archived: row.try_get("archived")?,
            })
        };
        Ok(rows.iter().map(quote).collect::<sqlx::Result<Vec<Quote>>>()?)
    }
}
