//! `Order.details`, computed from what orders sold and what the products weigh.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object};
use shop::{Money, Refusal};
use uuid::Uuid;

use super::Loaders;
use super::product::Product;
use crate::Error;
use crate::order::{self, Line};

/// An order of the orders service, known here by what `details` requires of it.
pub struct Order {
    pub id: ID,
    pub lines: Option<Vec<Line>>,
}

#[Object]
impl Order {
    async fn id(&self) -> &ID {
        &self.id
    }

    #[graphql(external)]
    async fn items(&self) -> Result<Vec<OrderItem>, Refusal> {
        let lines = self.lines.as_ref().ok_or(Error::ItemsMissing)?;
        Ok(lines.iter().cloned().map(OrderItem).collect())
    }

    /// What the order adds up to.
    #[graphql(requires = "items { quantity unitPrice { amount currency } product { id } }")]
    async fn details(&self) -> Option<Result<OrderDetails, Refusal>> {
        let lines = self.lines.clone().ok_or(Error::ItemsMissing.into());
        Some(lines.map(|lines| OrderDetails { lines }))
    }
}

/// An item of an order, as far as `Order.details` requires it.
pub struct OrderItem(Line);

#[Object]
impl OrderItem {
    #[graphql(external)]
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    #[graphql(external)]
    async fn unit_price(&self) -> Money {
        self.0.unit_price
    }

    #[graphql(external)]
    async fn product(&self) -> Product {
        product(&self.0)
    }
}

/// What an order adds up to.
pub struct OrderDetails {
    lines: Vec<Line>,
}

#[Object]
impl OrderDetails {
    /// The order's items with what each adds up to.
    async fn lines(&self) -> Vec<OrderDetailsLine<'_>> {
        self.lines.iter().map(OrderDetailsLine).collect()
    }

    /// The sum of the lines; null of an order without any.
    async fn total(&self) -> Option<Result<Money, Refusal>> {
        order::total(&self.lines).map_err(Refusal::from).transpose()
    }

    /// What the parcel weighs; null as long as the weight of one of its products isn't known.
    async fn shipping_weight_grams(&self, ctx: &Context<'_>) -> Option<Result<i32, Refusal>> {
        self.weigh(ctx).await.transpose()
    }
}

impl OrderDetails {
    async fn weigh(&self, ctx: &Context<'_>) -> Result<Option<i32>, Refusal> {
        let ids: Vec<Uuid> = self.lines.iter().filter_map(Line::product).collect();
        let details = ctx.data_unchecked::<Loaders>().details.load_many(ids).await?;
        let weights: HashMap<Uuid, i32> =
            details.into_iter().filter_map(|(id, details)| Some((id, details.weight_grams?))).collect();
        Ok(order::shipping_weight_grams(&self.lines, &weights)?)
    }
}

/// An item of an order with what it adds up to.
pub struct OrderDetailsLine<'a>(&'a Line);

#[Object]
impl OrderDetailsLine<'_> {
    /// What was sold, as it is today.
    async fn product(&self) -> Product {
        product(self.0)
    }

    /// How many.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// The price of one, as sold.
    async fn unit_price(&self) -> Money {
        self.0.unit_price
    }

    /// The price of all.
    async fn subtotal(&self) -> Result<Money, Refusal> {
        Ok(self.0.subtotal()?)
    }

    /// What all of them weigh; null if the product's weight isn't known.
    async fn weight_grams(&self, ctx: &Context<'_>) -> Option<Result<i32, Refusal>> {
        let details = match ctx.data_unchecked::<Loaders>().details.load(self.0.product()?).await {
            Ok(details) => details?,
            Err(refusal) => return Some(Err(refusal)),
        };
        self.0.weight_grams(details.weight_grams).map_err(Refusal::from).transpose()
    }
}

fn product(line: &Line) -> Product {
    Product { id: line.product_id.clone().into() }
}
