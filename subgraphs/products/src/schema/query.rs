//! What anyone may read.
//!
//! A nullable field is an `Option<Result<…>>`: then its error leaves a null in its own place. With `Result<Option<…>>`
//! async-graphql leaves the field out of its parent, as if nobody had asked for it.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use shop::{Page, PageArgs, Refusal, require_staff};

use super::Loaders;
use super::input::ProductFilter;
use crate::store::{Listing, Product, Sort, Store};

/// What can be asked.
pub struct Query;

#[Object]
impl Query {
    /// The product with this id, archived or not.
    async fn product(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Product, Refusal>> {
        load(ctx, &id).await.transpose()
    }

    /// The products, a page at a time. Archived ones are listed for staff only, and only if asked for.
    #[allow(clippy::too_many_arguments, reason = "a Relay connection has four arguments of its own")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<ProductFilter>,
        #[graphql(desc = "Newest first if absent.")] sort: Option<Sort>,
    ) -> Result<Connection<String, Product>, Refusal> {
        let page = Page::parse(PageArgs { first, after, last, before })?;
        let filter = filter.unwrap_or_default().check()?;
        if filter.include_archived {
            require_staff(ctx)?;
        }
        // Not a default of the argument: async-graphql takes a variable that wasn't sent for null, and refuses it.
        let sort = sort.unwrap_or_default();
        let listing = Listing { filter, sort, page };
        let products = ctx.data_unchecked::<Store>().list(&listing).await?;
        Ok(listing.page.connection(products))
    }

    #[graphql(entity)]
    async fn product_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Product, Refusal>> {
        load(ctx, &id).await.transpose()
    }
}

async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Product>, Refusal> {
    match shop::input::id(id) {
        Some(id) => ctx.data_unchecked::<Loaders>().products.load(id).await,
        None => Ok(None),
    }
}
