//! What orders knows of users: that they have orders. Who they are is for auth to say.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use shop::{Page, PageArgs, Refusal, require_user};

use super::Loaders;
use crate::status::Actor;
use crate::store::{Order, Slice};

/// A user, of whom only the id is known here.
pub struct User {
    id: String,
}

impl User {
    /// The user of that id.
    pub fn new(id: String) -> User {
        User { id }
    }
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    /// The user's orders, newest first, a page at a time. For the user and for staff.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Order>, Refusal> {
        let caller = require_user(ctx)?;
        Actor::of(&caller, &self.id).ok_or_else(|| Refusal::forbidden("these are another user's orders"))?;
        let page = Page::parse(PageArgs { first, after, last, before })?;
        let key = (self.id.clone(), Slice::from(&page));
        let orders = ctx.data_unchecked::<Loaders>().of_customers.load(key).await?;
        Ok(page.connection(orders.unwrap_or_default().into_iter().map(|order| (order.id, order))))
    }
}
