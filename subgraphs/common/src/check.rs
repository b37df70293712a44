//! `internal.products.check`: what products tells a service that keeps something about its products. Both sides use these
//! types.
//!
//! Nothing is promised, unlike by a [`quote`](crate::quote): a product that exists now may be deleted later.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The verb, after `internal.products.`.
pub const VERB: &str = "check";
/// Most products in one request.
pub const MAX_PRODUCTS: usize = 200;

/// Asks whether some products exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckRequest {
    /// Which products, at most [`MAX_PRODUCTS`].
    pub product_ids: Vec<Uuid>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReply {
    /// The ids that no product has, in the order in which they were asked for. Archived products exist.
    pub unknown: Vec<Uuid>,
}
