//! Whether a product exists, asked of products over NATS.

use std::time::Duration;

use shop::check::{CheckReply, CheckRequest, VERB};
use tributary_subgraph::Internal;
use uuid::Uuid;

use crate::Error;

/// How long products may take. Shorter than a gateway waits, so that the client gets an answer that says what failed.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks products.
#[derive(Clone)]
pub struct Products(Internal);

impl Products {
    /// Asks through `internal`.
    pub fn new(internal: Internal) -> Products {
        Products(internal)
    }

    /// Refuses an id that no product has. While products is away nothing can be said of any id, so all are refused.
    pub async fn must_exist(&self, id: Uuid) -> Result<(), Error> {
        let request = CheckRequest { product_ids: vec![id] };
        let request = serde_json::to_vec(&request).expect("a request is plain data, which always serialises");
        let reply = self.0.call("products", VERB, request.into(), DEADLINE).await?;
        let reply: CheckReply =
            serde_json::from_slice(&reply).map_err(|error| Error::CheckReply(error.to_string()))?;
        if reply.unknown.contains(&id) { Err(Error::UnknownProduct) } else { Ok(()) }
    }
}
