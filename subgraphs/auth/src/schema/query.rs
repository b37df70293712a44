//! What can be read.
//!
//! A nullable field is an `Option<Result<…>>`: then its error leaves a null in its own place.

use async_graphql::{Context, ID, Object};
use shop::{Refusal, caller};

use super::Loaders;
use super::user::UserObject;

/// What can be asked.
pub struct Query;

#[Object]
impl Query {
    /// Who is logged in; null if nobody is.
    async fn me(&self, ctx: &Context<'_>) -> Option<Result<UserObject, Refusal>> {
        load(ctx, &caller(ctx)?.id).await.transpose()
    }

    #[graphql(entity)]
    async fn user_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Result<UserObject, Refusal>> {
        load(ctx, &id).await.transpose()
    }
}

async fn load(ctx: &Context<'_>, id: &str) -> Result<Option<UserObject>, Refusal> {
    let Some(id) = shop::input::id(id) else { return Ok(None) };
    Ok(ctx.data_unchecked::<Loaders>().users.load(id).await?.map(UserObject::new))
}
