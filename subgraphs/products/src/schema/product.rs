//! The entity `Product`.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use shop::{Money, Refusal, require_staff};

use super::Loaders;
use crate::store::{Product, StockChange};

/// Something that the shop sells, or sold.
#[Object]
impl Product {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Stock-keeping unit, unique whatever its case.
    async fn sku(&self) -> &str {
        &self.sku
    }

    /// One line.
    async fn name(&self) -> &str {
        &self.name
    }

    /// A few lines.
    async fn description(&self) -> &str {
        &self.description
    }

    /// The price of one.
    async fn price(&self) -> Money {
        self.price
    }

    /// How many are there.
    async fn stock(&self) -> i32 {
        self.stock
    }

    /// The newest entries of the stock's ledger, newest first. For staff.
    async fn stock_changes(&self, ctx: &Context<'_>) -> Result<Vec<StockChange>, Refusal> {
        require_staff(ctx)?;
        let changes = ctx.data_unchecked::<Loaders>().stock_changes.load(self.id).await?;
        Ok(changes.unwrap_or_default())
    }

    /// Grows with each change: of two states the one with the greater version is newer.
    async fn version(&self) -> i64 {
        self.version
    }

    /// What lists can be filtered by.
    async fn category(&self) -> &str {
        &self.category
    }

    /// No longer sold. What was ordered still shows it.
    async fn archived(&self) -> bool {
        self.archived
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// When anything of it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }
}

/// One entry of a product's stock ledger.
#[Object]
impl StockChange {
    /// How many came or, negative, left.
    async fn delta(&self) -> i32 {
        self.delta
    }

    /// How many were there then.
    async fn stock_after(&self) -> i32 {
        self.stock_after
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.reason
    }

    /// The id of the user who did it.
    async fn changed_by(&self) -> &str {
        &self.changed_by
    }

    async fn changed_at(&self) -> DateTime<Utc> {
        self.changed_at
    }
}
