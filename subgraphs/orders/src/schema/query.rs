//! What can be read.
//!
//! A nullable field is an `Option<Result<…>>`: then its error leaves a null in its own place.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use shop::{Page, PageArgs, Refusal, caller, require_staff, require_user};

use super::Loaders;
use super::user::User;
use crate::number::Number;
use crate::status::{Actor, Status};
use crate::store::{Order, Slice, Store};

/// What can be asked.
pub struct Query;

#[Object]
impl Query {
    /// The order of this number, if it is the caller's or the caller is staff. Another customer's is as if there were none.
    async fn order(&self, ctx: &Context<'_>, number: String) -> Option<Result<Order, Refusal>> {
        if let Err(refusal) = require_user(ctx) {
            return Some(Err(refusal));
        }
        let number: Number = number.parse().ok()?;
        visible(ctx, ctx.data_unchecked::<Loaders>().numbers.load(number).await)
    }

    /// All orders, newest first, a page at a time. For staff.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        status: Option<Status>,
    ) -> Result<Connection<String, Order>, Refusal> {
        require_staff(ctx)?;
        let page = Page::parse(PageArgs { first, after, last, before })?;
        let orders = ctx.data_unchecked::<Store>().list(Slice::from(&page), status).await?;
        Ok(page.connection(orders.into_iter().map(|order| (order.id, order))))
    }

    #[graphql(entity)]
    async fn order_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Order, Refusal>> {
        let id = shop::input::id(&id)?;
        visible(ctx, ctx.data_unchecked::<Loaders>().orders.load(id).await)
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> User {
        User::new(id.to_string())
    }
}

/// The order, unless the caller may not know of it.
fn visible(ctx: &Context<'_>, loaded: Result<Option<Order>, Refusal>) -> Option<Result<Order, Refusal>> {
    let caller = caller(ctx)?;
    let seen = loaded.map(|order| order.filter(|order| Actor::of(&caller, &order.customer_id).is_some()));
    seen.transpose()
}
