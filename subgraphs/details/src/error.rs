//! What can go wrong with details.

use shop::{MoneyError, Refusal};
use tributary_subgraph::InternalError;
use uuid::Uuid;

/// Why the service refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is written of this product.
    #[error("there are no details of the product {0}")]
    NotFound(Uuid),
    /// No product has this id.
    #[error("no product has this id")]
    UnknownProduct,
    /// An order's amounts don't add up: two currencies, or more than 64 bits.
    #[error("the order's amounts can't be added")]
    Amounts(#[from] MoneyError),
    /// An order weighs more than a 32-bit number of grams.
    #[error("the order is too heavy to be weighed")]
    TooHeavy,
    /// A representation of an order without what `@requires` asks for.
    #[error("the order came without its items, which `details` requires")]
    ItemsMissing,
    /// Products didn't answer.
    #[error("products did not answer")]
    Check(#[from] InternalError),
    /// Products answered something else than was asked for.
    #[error("the answer of products does not fit: {0}")]
    CheckReply(String),
    /// PostgreSQL failed, or we used it wrongly.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let message = error.to_string();
        match error {
            Error::NotFound(_) => Refusal::not_found(message),
            Error::UnknownProduct => Refusal::not_found(message).field("productId"),
            Error::Amounts(error) => Refusal::conflict(format!("{message}: {error}")),
            Error::TooHeavy => Refusal::conflict(message),
            Error::ItemsMissing => Refusal::bad_input(message).field("items"),
            Error::Check(cause) => Refusal::unavailable("products", &cause),
            Error::CheckReply(_) => Refusal::internal(&error),
            Error::Database(error) => shop::postgres::refusal(&error),
        }
    }
}
