//! `Product.details`.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use shop::Refusal;

use super::Loaders;
use crate::store::{Attribute, Details, Dimensions, Image};

/// A product of the products service, known here by its id.
pub struct Product {
    pub id: ID,
}

#[Object]
impl Product {
    async fn id(&self) -> &ID {
        &self.id
    }

    /// What is to be said of it beyond name and price; null if nothing is.
    async fn details(&self, ctx: &Context<'_>) -> Option<Result<Details, Refusal>> {
        let id = shop::input::id(&self.id)?;
        ctx.data_unchecked::<Loaders>().details.load(id).await.transpose()
    }
}

/// What is to be said of a product beyond name and price.
#[Object(name = "ProductDetails")]
impl Details {
    /// The long text, plain, with line breaks.
    async fn text(&self) -> &str {
        &self.text
    }

    /// Its properties, in the order in which they are shown.
    async fn attributes(&self, ctx: &Context<'_>) -> Result<Vec<Attribute>, Refusal> {
        let attributes = ctx.data_unchecked::<Loaders>().attributes.load(self.product_id).await?;
        Ok(attributes.unwrap_or_default())
    }

    /// Its pictures, in the order in which they are shown.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<Image>, Refusal> {
        Ok(ctx.data_unchecked::<Loaders>().images.load(self.product_id).await?.unwrap_or_default())
    }

    /// How large it is, packed.
    async fn dimensions(&self) -> Option<Dimensions> {
        self.dimensions
    }

    /// What it weighs, packed.
    async fn weight_grams(&self) -> Option<i32> {
        self.weight_grams
    }

    /// When anything of it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }
}
