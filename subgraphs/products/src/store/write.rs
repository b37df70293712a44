//! Creating, changing and removing products.

use shop::postgres::constraint;
use uuid::Uuid;

use super::event::Verb;
use super::stock::record_stock_change;
use super::{NewProduct, Product, ProductChange, Store, columns};
use crate::Error;

impl Store {
    /// Creates a product. What is in stock at the start is the ledger's first entry.
    pub async fn create(&self, new: NewProduct, created_by: &str) -> Result<Product, Error> {
        let sql = concat!(
            "INSERT INTO products (id, sku, name, description, category, price_amount, price_currency, stock)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let product: Product = sqlx::query_as(sql)
            .bind(Uuid::now_v7())
            .bind(&new.sku)
            .bind(&new.name)
            .bind(&new.description)
            .bind(&new.category)
            .bind(new.price.amount.0)
            .bind(new.price.currency.code())
            .bind(new.stock)
            .fetch_one(&mut *transaction)
            .await
            .map_err(sku_taken)?;
        if product.stock != 0 {
            record_stock_change(&mut transaction, &product, product.stock, "initial stock", created_by)
                .await?;
        }
        self.tell(&mut transaction, Verb::Created, &product).await?;
        transaction.commit().await?;
        Ok(product)
    }

    /// Changes what is set in `change`.
    pub async fn update(&self, id: Uuid, change: ProductChange) -> Result<Product, Error> {
        let sql = concat!(
            "UPDATE products SET sku = coalesce($2, sku), name = coalesce($3, name),
                 description = coalesce($4, description), category = coalesce($5, category),
                 price_amount = coalesce($6, price_amount), price_currency = coalesce($7, price_currency),
                 version = version + 1, updated_at = now()
             WHERE id = $1 RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let product: Option<Product> = sqlx::query_as(sql)
            .bind(id)
            .bind(change.sku)
            .bind(change.name)
            .bind(change.description)
            .bind(change.category)
            .bind(change.price.map(|price| price.amount.0))
            .bind(change.price.map(|price| price.currency.code()))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(sku_taken)?;
        let product = product.ok_or(Error::NotFound(id))?;
        self.tell(&mut transaction, Verb::Updated, &product).await?;
        transaction.commit().await?;
        Ok(product)
    }

    /// Takes a product from sale, or puts it back. Doing it twice changes nothing.
    pub async fn set_archived(&self, id: Uuid, archived: bool) -> Result<Product, Error> {
        let sql = concat!(
            "UPDATE products SET archived = $2, version = version + 1, updated_at = now()
             WHERE id = $1 AND archived <> $2 RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let changed: Option<Product> =
            sqlx::query_as(sql).bind(id).bind(archived).fetch_optional(&mut *transaction).await?;
        let Some(product) = changed else {
            transaction.rollback().await?;
            return self.by_ids(&[id]).await?.remove(&id).ok_or(Error::NotFound(id));
        };
        let verb = if archived { Verb::Archived } else { Verb::Restored };
        self.tell(&mut transaction, verb, &product).await?;
        transaction.commit().await?;
        Ok(product)
    }

    /// Deletes a product that was never quoted, and its stock ledger.
    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        // If a quote of it commits while this waits for its row, the condition is checked again, and fails.
        let sql =
            concat!("DELETE FROM products WHERE id = $1 AND first_quoted_at IS NULL RETURNING ", columns!());
        let mut transaction = self.pool.begin().await?;
        let deleted: Option<Product> = sqlx::query_as(sql).bind(id).fetch_optional(&mut *transaction).await?;
        if let Some(mut product) = deleted {
            product.version += 1;
            self.tell(&mut transaction, Verb::Deleted, &product).await?;
            return Ok(transaction.commit().await?);
        }
        transaction.rollback().await?;
        let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM products WHERE id = $1)");
        let exists: bool = exists.bind(id).fetch_one(&self.pool).await?;
        Err(if exists { Error::Quoted } else { Error::NotFound(id) })
    }
}

fn sku_taken(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("products_sku_unique") => Error::SkuTaken,
        _ => Error::Database(error),
    }
}
