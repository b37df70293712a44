//! What the store keeps.

use chrono::{DateTime, Utc};
use shop::Money;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// Something that the shop sells, or sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// UUIDv7: ids made later sort later.
    pub id: Uuid,
    /// Stock-keeping unit, unique whatever its case.
    pub sku: String,
    /// One line.
    pub name: String,
    /// A few lines; the long text is the details service's.
    pub description: String,
    /// A word that lists can be filtered by.
    pub category: String,
    /// Of one.
    pub price: Money,
    /// How many are there.
    pub stock: i32,
    /// No longer sold; what was ordered still shows it.
    pub archived: bool,
    /// How often it changed, from 1.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When anything of it changed last.
    pub updated_at: DateTime<Utc>,
}

/// A product to be created.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// See [`Product::sku`].
    pub sku: String,
    /// See [`Product::name`].
    pub name: String,
    /// See [`Product::description`].
    pub description: String,
    /// See [`Product::category`].
    pub category: String,
    /// See [`Product::price`].
    pub price: Money,
    /// How many are there at the start.
    pub stock: i32,
}

/// What to change of a product; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    /// See [`Product::sku`].
    pub sku: Option<String>,
    /// See [`Product::name`].
    pub name: Option<String>,
    /// See [`Product::description`].
    pub description: Option<String>,
    /// See [`Product::category`].
    pub category: Option<String>,
    /// See [`Product::price`].
    pub price: Option<Money>,
}

/// One entry of a product's stock ledger.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StockChange {
    /// Which product's.
    pub product_id: Uuid,
    /// How many came (or, negative, left).
    pub delta: i32,
    /// How many were there then.
    pub stock_after: i32,
    /// Why.
    pub reason: String,
    /// The id of the user who did it.
    pub changed_by: String,
    /// When.
    pub changed_at: DateTime<Utc>,
}

impl sqlx::FromRow<'_, PgRow> for Product {
    fn from_row(row: &PgRow) -> sqlx::Result<Product> {
        Ok(Product {
            id: row.try_get("id")?,
            sku: row.try_get("sku")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            category: row.try_get("category")?,
            price: price(row)?,
            stock: row.try_get("stock")?,
            archived: row.try_get("archived")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// The columns `price_amount` and `price_currency` of a row.
pub fn price(row: &PgRow) -> sqlx::Result<Money> {
    let currency: &str = row.try_get("price_currency")?;
    let currency = currency.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Money::new(row.try_get("price_amount")?, currency))
}
