//! What the store keeps.

use chrono::{DateTime, Utc};
use shop::{Currency, Money, Role};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::lines::SoldLine;
use crate::status::Status;

/// What somebody bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// UUIDv7: ids made later sort later.
    pub id: Uuid,
    /// What people call it by.
    pub number: String,
    /// The user who placed it.
    pub customer_id: String,
    /// Where it is in its life.
    pub status: Status,
    /// What it costs.
    pub total: Money,
    /// Where it goes.
    pub address: Address,
    /// How often it changed, from 1.
    pub version: i64,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When anything of it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, async_graphql::SimpleObject, sqlx::FromRow)]
pub struct Address {
    /// Who gets the parcel.
    pub recipient: String,
    /// Street and house.
    pub line1: String,
    /// Flat, floor, company.
    pub line2: Option<String>,
    /// As the country writes it.
    pub postal_code: String,
    /// The town.
    pub city: String,
    /// State or province, where a country has them.
    pub region: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: String,
}

/// A line of an order, as it was sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Whose it is.
    pub order_id: Uuid,
    /// What was sold.
    pub line: SoldLine,
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Event {
    /// To which order.
    pub order_id: Uuid,
    /// What.
    pub kind: EventKind,
    /// The order's status from then on.
    pub status: Status,
    /// The user who did it.
    pub actor_id: String,
    /// As what they did it.
    #[sqlx(try_from = "String")]
    pub actor_role: ActorRole,
    /// Why.
    pub note: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum, sqlx::Type)]
#[graphql(name = "OrderEventKind")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// It was placed.
    Placed,
    /// It goes to another address.
    AddressChanged,
    /// It has other lines.
    LinesChanged,
    /// It took a step.
    StatusChanged,
}

/// A [`Role`] as the database has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorRole(pub Role);

impl TryFrom<String> for ActorRole {
    type Error = String;

    fn try_from(name: String) -> Result<ActorRole, String> {
        Role::parse(&name).map(ActorRole).ok_or_else(|| format!("`{name}` is no role"))
    }
}

impl sqlx::FromRow<'_, PgRow> for Order {
    fn from_row(row: &PgRow) -> sqlx::Result<Order> {
        Ok(Order {
            id: row.try_get("id")?,
            number: row.try_get("number")?,
            customer_id: row.try_get("customer_id")?,
            status: row.try_get("status")?,
            total: Money::new(row.try_get("total")?, currency(row)?),
            address: Address::from_row(row)?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl sqlx::FromRow<'_, PgRow> for Item {
    fn from_row(row: &PgRow) -> sqlx::Result<Item> {
        let line = SoldLine {
            product_id: row.try_get("product_id")?,
            sku: row.try_get("sku")?,
            name: row.try_get("name")?,
            unit_price: Money::new(row.try_get("unit_price")?, currency(row)?),
            quantity: row.try_get("quantity")?,
        };
        Ok(Item { order_id: row.try_get("order_id")?, line })
    }
}

fn currency(row: &PgRow) -> sqlx::Result<Currency> {
    let code: &str = row.try_get("currency")?;
    code.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
