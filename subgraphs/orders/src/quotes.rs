//! Prices, from products over NATS. The client never names one.

use std::time::Duration;

use shop::quote::{QuoteItem, QuoteReply, QuoteRequest, VERB};
use tributary_subgraph::Internal;

use crate::error::{Error, Result};
use crate::lines::Lines;

/// How long products may take. Shorter than a gateway waits, so that the client gets an answer that says what failed.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks products for prices.
#[derive(Clone)]
pub struct Quotes(Internal);

impl Quotes {
    /// Asks through `internal`.
    pub fn new(internal: Internal) -> Quotes {
        Quotes(internal)
    }

    /// The current prices of what `lines` has.
    pub async fn of(&self, lines: &Lines) -> Result<QuoteReply> {
        let item = |(product_id, quantity)| QuoteItem { product_id, quantity: u32::try_from(quantity).ok() };
        let request = QuoteRequest { items: lines.iter().map(item).collect() };
        let request = serde_json::to_vec(&request).expect("a request is plain data, which always serialises");
        let reply = self.0.call("products", VERB, request.into(), DEADLINE).await?;
        serde_json::from_slice(&reply).map_err(|error| Error::QuoteReply(error.to_string()))
    }
}
