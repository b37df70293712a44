//! What the store keeps.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// What is written of a product. Attributes and images are read apart, since many requests want neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Whose.
    pub product_id: Uuid,
    /// The long text.
    pub text: String,
    /// Packed.
    pub dimensions: Option<Dimensions>,
    /// Packed.
    pub weight_grams: Option<i32>,
    /// When anything of it changed last.
    pub updated_at: DateTime<Utc>,
}

/// How large a product is, packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SimpleObject, InputObject)]
#[graphql(name = "ProductDimensions", input_name = "ProductDimensionsInput")]
pub struct Dimensions {
    /// The longest side.
    pub length_mm: i32,
    /// The side beside it.
    pub width_mm: i32,
    /// How high it stands.
    pub height_mm: i32,
}

/// A property of a product: `Colour`, `oak`.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, InputObject)]
#[graphql(name = "ProductAttribute", input_name = "ProductAttributeInput")]
pub struct Attribute {
    /// What is said, unique for a product whatever its case.
    pub name: String,
    /// What is said of it.
    pub value: String,
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, InputObject)]
#[graphql(name = "ProductImage", input_name = "ProductImageInput")]
pub struct Image {
    /// Where it is, `http` or `https`.
    pub url: String,
    /// What it shows, for those who can't see it; empty if it only decorates.
    pub alt: String,
}

/// What to change of a product's details. `None` stays; `Some(None)` is removed; lists are replaced as a whole.
#[derive(Debug, Clone, Default)]
pub struct DetailsChange {
    /// See [`Details::text`].
    pub text: Option<String>,
    /// In the order in which they are shown.
    pub attributes: Option<Vec<Attribute>>,
    /// In the order in which they are shown.
    pub images: Option<Vec<Image>>,
    /// See [`Details::dimensions`].
    pub dimensions: Option<Option<Dimensions>>,
    /// See [`Details::weight_grams`].
    pub weight_grams: Option<Option<i32>>,
}

impl sqlx::FromRow<'_, PgRow> for Details {
    fn from_row(row: &PgRow) -> sqlx::Result<Details> {
        let sides = (row.try_get("length_mm")?, row.try_get("width_mm")?, row.try_get("height_mm")?);
        let dimensions = match sides {
            (Some(length_mm), Some(width_mm), Some(height_mm)) => {
                Some(Dimensions { length_mm, width_mm, height_mm })
            }
            _ => None,
        };
        Ok(Details {
            product_id: row.try_get("product_id")?,
            text: row.try_get("text")?,
            dimensions,
            weight_grams: row.try_get("weight_grams")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
