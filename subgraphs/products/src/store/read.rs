//! By id, many at once: what the request's loaders call.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Product, StockChange, Store, columns};
use crate::Error;

/// How much of a product's stock ledger is shown.
const LEDGER_LENGTH: i64 = 50;

impl Store {
    /// The products that have these ids.
    pub async fn by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Product>, Error> {
        let sql = concat!("SELECT ", columns!(), " FROM products WHERE id = ANY($1)");
        let products: Vec<Product> = sqlx::query_as(sql).bind(ids).fetch_all(&self.pool).await?;
        Ok(products.into_iter().map(|product| (product.id, product)).collect())
    }

    /// The newest entries of these products' stock ledgers, newest first.
    pub async fn stock_changes(
        &self,
        product_ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<StockChange>>, Error> {
        // For each product its own short index scan, in one statement.
        let sql = "SELECT change.product_id, delta, stock_after, reason, changed_by, changed_at
                   FROM unnest($1) AS wanted(product_id)
                   CROSS JOIN LATERAL (
                       SELECT * FROM stock_changes WHERE product_id = wanted.product_id ORDER BY id DESC LIMIT $2
                   ) AS change
                   ORDER BY change.product_id, change.id DESC";
        let changes: Vec<StockChange> =
            sqlx::query_as(sql).bind(product_ids).bind(LEDGER_LENGTH).fetch_all(&self.pool).await?;
        let mut by_product: HashMap<Uuid, Vec<StockChange>> = HashMap::new();
        for change in changes {
            by_product.entry(change.product_id).or_default().push(change);
        }
        Ok(by_product)
    }
}
