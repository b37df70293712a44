//! The way in for the gateway: this subgraph has no root field of its own, only entities.
//!
//! A nullable field is an `Option<Result<…>>`: then its error leaves a null in its own place. With `Result<Option<…>>`
//! async-graphql leaves the field out of its parent, as if nobody had asked for it.

use async_graphql::{ID, Object};
use shop::Refusal;

use super::order::Order;
use super::product::Product;
use super::representation::ItemRepresentation;

/// What can be asked.
pub struct Query;

#[Object]
impl Query {
    /// Any id is taken: whether the product exists is not for this service to say.
    #[graphql(entity)]
    async fn product_by_id(&self, id: ID) -> Product {
        Product { id }
    }

    /// `items` is what `Order.details` requires; the gateway leaves it out when `details` isn't asked for.
    #[graphql(entity)]
    async fn order_by_id(
        &self,
        #[graphql(key)] id: ID,
        items: Option<Vec<ItemRepresentation>>,
    ) -> Option<Result<Order, Refusal>> {
        let lines = items.map(|items| items.into_iter().map(ItemRepresentation::line).collect()).transpose();
        Some(lines.map(|lines| Order { id, lines }))
    }
}
