//! What staff may change.

use async_graphql::{Context, ID, Object};
use shop::{Refusal, require_staff};
use uuid::Uuid;

use super::input::{self, CreateProductInput, UpdateProductInput};
use crate::store::{Product, Store};

/// What can be changed. All of it is for staff and admins.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Creates a product.
    async fn create_product(&self, ctx: &Context<'_>, input: CreateProductInput) -> Result<Product, Refusal> {
        let staff = require_staff(ctx)?;
        Ok(store(ctx).create(input.check()?, &staff.id).await?)
    }

    /// Changes a product.
    async fn update_product(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: UpdateProductInput,
    ) -> Result<Product, Refusal> {
        require_staff(ctx)?;
        Ok(store(ctx).update(known(&id)?, input.check()?).await?)
    }

    /// Takes a product from sale. Lists no longer show it, orders that have it still do.
    async fn archive_product(&self, ctx: &Context<'_>, id: ID) -> Result<Product, Refusal> {
        require_staff(ctx)?;
        Ok(store(ctx).set_archived(known(&id)?, true).await?)
    }

    /// Puts an archived product back on sale.
    async fn restore_product(&self, ctx: &Context<'_>, id: ID) -> Result<Product, Refusal> {
        require_staff(ctx)?;
        Ok(store(ctx).set_archived(known(&id)?, false).await?)
    }

    /// Deletes a product whose price was never quoted to anyone, and returns its id. Others can only be archived.
    async fn delete_product(&self, ctx: &Context<'_>, id: ID) -> Result<ID, Refusal> {
        require_staff(ctx)?;
        store(ctx).delete(known(&id)?).await?;
        Ok(id)
    }

    /// Changes how many there are by a delta, never below zero, and says why in the ledger.
    async fn adjust_stock(
        &self,
        ctx: &Context<'_>,
        id: ID,
        delta: i32,
        reason: String,
    ) -> Result<Product, Refusal> {
        let staff = require_staff(ctx)?;
        let (delta, reason) = (input::delta(delta)?, input::reason(&reason)?);
        Ok(store(ctx).adjust_stock(known(&id)?, delta, &reason, &staff.id).await?)
    }
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked()
}

fn known(id: &ID) -> Result<Uuid, Refusal> {
    shop::input::id(id).ok_or_else(|| Refusal::not_found("there is no such product").field("id"))
}
