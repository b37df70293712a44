//! What others are told of an order, in the transaction that changes it.

use serde_json::json;
use shop::STAFF_SCOPE;
use sqlx::PgConnection;
use tributary_subgraph::outbox::Entity;

use super::{EventKind, Order, Store};
use crate::error::Result;

impl EventKind {
    /// The last token of an event's subject.
    fn verb(self) -> &'static str {
        match self {
            EventKind::Placed => "placed",
            EventKind::StatusChanged => "status",
            EventKind::AddressChanged | EventKind::LinesChanged => "updated",
        }
    }
}

impl Store {
    /// Tells of a change that `order` has already seen.
    pub(super) async fn tell(
        &self,
        transaction: &mut PgConnection,
        kind: EventKind,
        order: &Order,
    ) -> Result<()> {
        self.outbox.write(transaction, kind.verb(), &entity(order)).await?;
        Ok(())
    }
}

/// No address, no name: who the customer is, only auth says, and only to those who may know.
fn entity(order: &Order) -> Entity {
    Entity::of("Order", "id", order.id)
        .with("number", order.number.as_str())
        .with("status", order.status.to_string())
        .with("total", json!(order.total))
        .with("customerId", order.customer_id.as_str())
        .with("customer", json!({ "__typename": "User", "id": order.customer_id }))
        .with("readScope", STAFF_SCOPE)
        .with("version", order.version)
}
