//! What can go wrong with a product.

use shop::Refusal;
use tributary_subgraph::outbox::WriteError;
use uuid::Uuid;

/// Why the store refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such product.
    #[error("there is no product {0}")]
    NotFound(Uuid),
    /// SKUs are unique, whatever their case.
    #[error("another product has this SKU")]
    SkuTaken,
    /// The stock would fall below zero.
    #[error("there are not that many in stock")]
    OutOfStock,
    /// The stock would no longer be a 32-bit integer.
    #[error("the stock would be too large")]
    StockTooLarge,
    /// Orders may refer to it.
    #[error("a price of this product was quoted, so it can only be archived")]
    Quoted,
    /// A cursor of another sort, or of another search's ranks.
    #[error("this cursor belongs to another sort or search")]
    ForeignCursor,
    /// A sort by relevance to nothing.
    #[error("a sort by relevance needs a text to be relevant to")]
    NothingToMatch,
    /// What happened can't be told of, so it doesn't happen.
    #[error("the change can't be told of")]
    Event(#[source] WriteError),
    /// PostgreSQL failed, or we used it wrongly.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Error {
        match error {
            WriteError::Database(error) => Error::Database(error),
            error => Error::Event(error),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let message = error.to_string();
        match error {
            Error::NotFound(_) => Refusal::not_found(message),
            Error::SkuTaken => Refusal::conflict(message).field("sku"),
            Error::OutOfStock => Refusal::conflict(message).field("delta"),
            Error::StockTooLarge => Refusal::bad_input(message).field("delta"),
            Error::Quoted => Refusal::conflict(message),
            Error::ForeignCursor => Refusal::bad_input(message),
            Error::NothingToMatch => Refusal::bad_input(message).field("filter.text"),
            Error::Event(error) => Refusal::internal(&error),
            Error::Database(error) => shop::postgres::refusal(&error),
        }
    }
}
