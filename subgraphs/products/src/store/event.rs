//! What others are told of a product, in the transaction that changes it.

use serde_json::json;
use sqlx::PgConnection;
use tributary_subgraph::outbox::Entity;

use super::{Product, Store};
use crate::Error;

/// What can happen to a product: the last token of an event's subject.
#[derive(Debug, Clone, Copy)]
pub enum Verb {
    /// It is there from now on.
    Created,
    /// What it is called, costs or says changed.
    Updated,
    /// How many there are changed.
    Stock,
    /// It was taken from sale.
    Archived,
    /// It was put back.
    Restored,
    /// It is gone.
    Deleted,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Verb::Created => "created",
            Verb::Updated => "updated",
            Verb::Stock => "stock",
            Verb::Archived => "archived",
            Verb::Restored => "restored",
            Verb::Deleted => "deleted",
        }
    }
}

impl Store {
    /// Tells of a change that `product` has already seen.
    pub(super) async fn tell(
        &self,
        transaction: &mut PgConnection,
        verb: Verb,
        product: &Product,
    ) -> Result<(), Error> {
        self.outbox.write(transaction, verb.as_str(), &entity(product)).await?;
        Ok(())
    }
}

/// Everything but the description, which is long and can be asked for.
fn entity(product: &Product) -> Entity {
    Entity::of("Product", "id", product.id)
        .with("sku", product.sku.as_str())
        .with("name", product.name.as_str())
        .with("category", product.category.as_str())
        .with("price", json!(product.price))
        .with("stock", product.stock)
        .with("archived", product.archived)
        .with("version", product.version)
}
