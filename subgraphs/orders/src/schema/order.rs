//! The entity `Order`, its lines and its history.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use shop::{Money, Refusal, Role, STAFF_SCOPE, caller};

use super::Loaders;
use super::user::User;
use crate::status::Status;
use crate::store::{Address, Event, EventKind, Item, Order};

/// What somebody bought.
#[Object]
impl Order {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What people call it by: random, with a check digit.
    async fn number(&self) -> &str {
        &self.number
    }

    /// Where it is in its life.
    async fn status(&self) -> Status {
        self.status
    }

    /// What it costs.
    async fn total(&self) -> Money {
        self.total
    }

    /// Who placed it.
    async fn customer(&self) -> User {
        User::new(self.customer_id.clone())
    }

    /// The id of who placed it.
    async fn customer_id(&self) -> ID {
        self.customer_id.as_str().into()
    }

    /// The scope by which anybody's orders may be read: what a subscription compares a token with.
    #[graphql(inaccessible)]
    async fn read_scope(&self) -> &str {
        STAFF_SCOPE
    }

    /// Grows with each change: of two states the one with the greater version is newer.
    async fn version(&self) -> i64 {
        self.version
    }

    /// What was bought, as it was sold.
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<Item>, Refusal> {
        let items = ctx.data_unchecked::<Loaders>().items.load(self.id).await?;
        Ok(items.unwrap_or_default())
    }

    /// Where it goes.
    async fn address(&self) -> &Address {
        &self.address
    }

    /// What happened to it, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        let events = ctx.data_unchecked::<Loaders>().history.load(self.id).await?;
        Ok(events.unwrap_or_default())
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// When anything of it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }
}

/// A line of an order. Name, SKU and price are those of the day of the sale.
#[Object(name = "OrderItem")]
impl Item {
    /// What was sold, as it is today.
    async fn product(&self) -> Product {
        Product { id: self.line.product_id.to_string().into() }
    }

    /// How many.
    async fn quantity(&self) -> i32 {
        self.line.quantity
    }

    /// The price of one.
    async fn unit_price(&self) -> Money {
        self.line.unit_price
    }

    /// The price of all.
    async fn subtotal(&self) -> Result<Money, Refusal> {
        Ok(self.line.subtotal()?)
    }

    /// What it was called.
    async fn name(&self) -> &str {
        &self.line.name
    }

    /// The stock-keeping unit it had.
    async fn sku(&self) -> &str {
        &self.line.sku
    }
}

/// Something that happened to an order.
#[Object(name = "OrderEvent")]
impl Event {
    /// What happened.
    async fn kind(&self) -> EventKind {
        self.kind
    }

    /// The order's status from then on.
    async fn status(&self) -> Status {
        self.status
    }

    /// Who did it; customers see only themselves, staff everybody.
    async fn by(&self, ctx: &Context<'_>) -> Option<User> {
        let caller = caller(ctx)?;
        (caller.is_staff() || caller.id == self.actor_id).then(|| User::new(self.actor_id.clone()))
    }

    /// As what they did it.
    async fn role(&self) -> Role {
        self.actor_role.0
    }

    /// Why.
    async fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

/// A product, of which only the id is known here.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Product {
    id: ID,
}
