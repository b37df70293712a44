//! What can go wrong, what a client reads of it, and under which code.

use shop::{Currency, MoneyError, Refusal};
use tributary_subgraph::InternalError;
use tributary_subgraph::outbox::WriteError;

use crate::status::Status;

/// A result whose error knows its code.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such order, or the caller may not know of it.
    #[error("there is no such order")]
    NotFound,
    /// An order without lines.
    #[error("an order needs at least one line")]
    NoLines,
    /// More lines than an order may have.
    #[error("an order has at most {most} lines")]
    TooManyLines {
        /// How many it may have.
        most: usize,
    },
    /// A quantity below one, or absurdly high.
    #[error("a quantity is from 1 to {most}")]
    Quantity {
        /// Which line, from 0.
        line: usize,
        /// How many of one product an order may have.
        most: i32,
    },
    /// Two lines of one product.
    #[error("a product stands in two lines; put them together")]
    RepeatedProduct {
        /// The second of the lines, from 0.
        line: usize,
    },
    /// No product has this id.
    #[error("there is no such product")]
    UnknownProduct {
        /// Which line, from 0.
        line: usize,
    },
    /// The product isn't sold any more.
    #[error("{name} is not sold any more")]
    ArchivedProduct {
        /// Which line, from 0.
        line: usize,
        /// Its name.
        name: String,
    },
    /// The products are sold in different currencies.
    #[error("{0} and {1} can't be in one order")]
    MixedCurrencies(Currency, Currency),
    /// The total doesn't fit 64 bits.
    #[error("the total is too large")]
    TooLarge,
    /// Only a pending order's address and lines change.
    #[error("the order is {0}; only a PENDING one can be changed")]
    NotPending(Status),
    /// The status can't follow the present one.
    #[error("an order that is {from} can't become {to}")]
    NoSuchStep {
        /// What it is.
        from: Status,
        /// What was wanted.
        to: Status,
    },
    /// `advanceOrder` was asked to cancel.
    #[error("an order is called off by `cancelOrder`, which asks for a reason")]
    CancelInstead,
    /// The step is for staff.
    #[error("only staff can make {to} what is {from}")]
    StaffOnly {
        /// What it is.
        from: Status,
        /// What was wanted.
        to: Status,
    },
    /// Somebody else changed the order at the same time.
    #[error("the order has just been changed by somebody else; look again")]
    Changed,
    /// The idempotency key was used for another order.
    #[error("this idempotency key was used for an order with other contents")]
    KeyReused,

    /// Products didn't answer.
    #[error("products did not answer")]
    Quote(#[from] InternalError),
    /// Products answered something else than was asked for.
    #[error("the answer of products does not fit: {0}")]
    QuoteReply(String),
    /// What happened can't be told of, so it doesn't happen.
    #[error("the change can't be told of")]
    Event(#[source] WriteError),
    /// PostgreSQL failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// An amount that can't be, such as one of an unknown currency.
    #[error("an amount is not valid")]
    Amount(#[source] MoneyError),
    /// Every number that was tried is taken, which can't be chance.
    #[error("no free order number was found")]
    NoFreeNumber,
}

/// The codes that only this service uses.
mod code {
    pub const TOO_MANY_LINES: &str = "TOO_MANY_LINES";
    pub const BAD_QUANTITY: &str = "BAD_QUANTITY";
    pub const REPEATED_PRODUCT: &str = "REPEATED_PRODUCT";
    pub const UNKNOWN_PRODUCT: &str = "UNKNOWN_PRODUCT";
    pub const ARCHIVED_PRODUCT: &str = "ARCHIVED_PRODUCT";
    pub const MIXED_CURRENCIES: &str = "MIXED_CURRENCIES";
    pub const AMOUNT_TOO_LARGE: &str = "AMOUNT_TOO_LARGE";
    pub const NOT_PENDING: &str = "NOT_PENDING";
    pub const NO_SUCH_STEP: &str = "NO_SUCH_STEP";
    pub const IDEMPOTENCY_KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";
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
        let line_field = |line: &usize, name: &str| format!("input.items.{line}.{name}");
        match &error {
            Error::NotFound => Refusal::not_found(message),
            Error::NoLines => Refusal::bad_input(message).field("input.items"),
            Error::TooManyLines { .. } => Refusal::new(code::TOO_MANY_LINES, message).field("input.items"),
            Error::Quantity { line, .. } => {
                Refusal::new(code::BAD_QUANTITY, message).field(line_field(line, "quantity"))
            }
            Error::RepeatedProduct { line } => {
                Refusal::new(code::REPEATED_PRODUCT, message).field(line_field(line, "productId"))
            }
            Error::UnknownProduct { line } => {
                Refusal::new(code::UNKNOWN_PRODUCT, message).field(line_field(line, "productId"))
            }
            Error::ArchivedProduct { line, .. } => {
                Refusal::new(code::ARCHIVED_PRODUCT, message).field(line_field(line, "productId"))
            }
            Error::MixedCurrencies(..) => Refusal::new(code::MIXED_CURRENCIES, message).field("input.items"),
            Error::TooLarge => Refusal::new(code::AMOUNT_TOO_LARGE, message).field("input.items"),
            Error::NotPending(_) => Refusal::new(code::NOT_PENDING, message),
            Error::NoSuchStep { .. } => Refusal::new(code::NO_SUCH_STEP, message),
            Error::CancelInstead => Refusal::bad_input(message).field("to"),
            Error::StaffOnly { .. } => Refusal::forbidden(message),
            Error::Changed => Refusal::conflict(message),
            Error::KeyReused => Refusal::new(code::IDEMPOTENCY_KEY_REUSED, message),
            Error::Quote(cause) => Refusal::unavailable("products", cause),
            Error::Database(cause) => shop::postgres::refusal(cause),
            Error::QuoteReply(_) | Error::Amount(_) | Error::Event(_) | Error::NoFreeNumber => {
                Refusal::internal(&error)
            }
        }
    }
}
