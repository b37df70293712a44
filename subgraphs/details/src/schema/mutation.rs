//! What staff may change.

use async_graphql::{Context, ID, Object};
use shop::{Refusal, require_staff};
use uuid::Uuid;

use super::input::ProductDetailsInput;
use super::product::Product;
use crate::store::Store;

/// What can be changed. All of it is for staff and admins.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Writes or changes what is said of a product. Whether the product exists isn't checked.
    async fn set_product_details(
        &self,
        ctx: &Context<'_>,
        product_id: ID,
        input: ProductDetailsInput,
    ) -> Result<Product, Refusal> {
        let staff = require_staff(ctx)?;
        let id = known(&product_id)?;
        ctx.data_unchecked::<Store>().set(id, input.check()?, &staff.id).await?;
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
    shop::input::id(id).ok_or_else(|| Refusal::not_found("no product has this id").field("productId"))
}
