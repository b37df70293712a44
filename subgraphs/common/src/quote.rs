//! `internal.products.quote`: what products tells a service that sells them. Both sides use these types.
//!
//! A quote is a promise: the product is marked as quoted in the same transaction, and what was ever quoted is never
//! deleted, only archived. So an order's line can always be resolved.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Money;

/// The verb, after `internal.products.`.
pub const VERB: &str = "quote";
/// Most products in one request.
pub const MAX_ITEMS: usize = 200;

/// Asks for the current prices of some products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuoteRequest {
    /// Which products, at most [`MAX_ITEMS`].
    pub items: Vec<QuoteItem>,
}

/// One product to quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuoteItem {
    /// Which product.
    pub product_id: Uuid,
    /// How many are wanted, where the caller knows; the price doesn't depend on it today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
}

/// The answer. Each product that was asked for is in exactly one of the lists, once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteReply {
    /// The products that exist, archived ones too, in the order in which they were asked for.
    pub quotes: Vec<Quote>,
    /// The ids that no product has.
    pub unknown: Vec<Uuid>,
}

/// A product as it is sold at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Which product.
    pub product_id: Uuid,
    /// The stock-keeping unit.
    pub sku: String,
    /// Its name today.
    pub name: String,
    /// The price of one.
    pub price: Money,
    /// No longer sold: an order must refuse it.
    pub archived: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_plain_json() {
        let text = r#"{"items":[{"productId":"01900000-0000-7000-8000-000000000001"},{"productId":"01900000-0000-7000-8000-000000000002","quantity":3}]}"#;
        let request: QuoteRequest = serde_json::from_str(text).unwrap();
        assert_eq!(request.items[1].quantity, Some(3));
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        assert!(serde_json::from_str::<QuoteRequest>(r#"{"items":[],"price":1}"#).is_err());
    }
}
