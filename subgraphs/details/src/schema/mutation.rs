//! What staff may change.

use async_graphql::{Context, ID, Object};
use shop::{Refusal, require_staff};
use uuid::Uuid;

use super::input::ProductDetailsInput;
use super::product::Product;
use crate::Error;
use crate::products::Products;
use crate::store::Store;

/// What can be changed. All of it is for staff and admins.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Writes or changes what is said of a product. Codes: `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`,
    /// `BAD_USER_INPUT`; `SERVICE_UNAVAILABLE` while products can't be asked whether there is such a product.
    async fn set_product_details(
        &self,
        ctx: &Context<'_>,
        product_id: ID,
        input: ProductDetailsInput,
    ) -> Result<Product, Refusal> {
        let staff = require_staff(ctx)?;
        let (id, change) = (known(&product_id)?, input.check()?);
        ctx.data_unchecked::<Products>().must_exist(id).await?;
        ctx.data_unchecked::<Store>().set(id, change, &staff.id).await?;
        Ok(Product { id: product_id })
    }

    /// Removes all that is said of a product.
    async fn remove_product_details(&self, ctx: &Context<'_>, product_id: ID) -> Result<Product, Refusal> {
        require_staff(ctx)?;
        ctx.data_unchecked::<Store>().remove(known(&product_id)?).await?;
        Ok(Product { id: product_id })
    }
}

fn known(id: &ID) -> Result<Uuid, Refusal> {
    Ok(shop::input::id(id).ok_or(Error::UnknownProduct)?)
}
