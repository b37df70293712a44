//! `internal.products.quote`, for the services that sell: see [`shop::quote`] for the messages.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use shop::Refusal;
use shop::quote::{MAX_ITEMS, Quote, QuoteReply, QuoteRequest};
use tributary_subgraph::InternalError;

use crate::Error;
use crate::store::Store;

/// Answers the requests on `internal.products.quote`.
pub fn handler(store: Store) -> impl Fn(Bytes, String) -> BoxFuture<'static, Result<Bytes, InternalError>> {
    move |request, caller| {
        let store = store.clone();
        Box::pin(async move {
            let request = parse(&request)?;
            tracing::debug!(%caller, items = request.items.len(), "quoting");
            let reply = quote(&store, &request).await.map_err(failed)?;
            Ok(serde_json::to_vec(&reply).expect("a reply is plain data, which always serialises").into())
        })
    }
}

fn parse(request: &[u8]) -> Result<QuoteRequest, InternalError> {
    let request: QuoteRequest =
        serde_json::from_slice(request).map_err(|error| InternalError::bad_request(error.to_string()))?;
    if request.items.len() > MAX_ITEMS {
        return Err(InternalError::bad_request(format!("at most {MAX_ITEMS} items in one request")));
    }
    Ok(request)
}

/// The caller is told what a client would be told; the log has the cause.
fn failed(error: Error) -> InternalError {
    InternalError::failed(Refusal::from(error).message())
}

/// Each product that was asked for once, in the order of asking.
async fn quote(store: &Store, request: &QuoteRequest) -> Result<QuoteReply, Error> {
    let mut seen = HashSet::new();
    let wanted: Vec<_> =
        request.items.iter().map(|item| item.product_id).filter(|id| seen.insert(*id)).collect();
    let quotes = store.quote(&wanted).await?;
    let mut found: HashMap<_, Quote> = quotes.into_iter().map(|quote| (quote.product_id, quote)).collect();
    let mut reply = QuoteReply::default();
    for id in wanted {
        match found.remove(&id) {
            Some(quote) => reply.quotes.push(quote),
            None => reply.unknown.push(id),
        }
    }
    Ok(reply)
}
