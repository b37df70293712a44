//! `internal.products.…`, for the other services: see [`shop::quote`] and [`shop::check`] for the messages.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use shop::Refusal;
use shop::check::{CheckReply, CheckRequest, MAX_PRODUCTS};
use shop::quote::{MAX_ITEMS, Quote, QuoteReply, QuoteRequest};
use tributary_subgraph::InternalError;

use crate::Error;
use crate::store::Store;

/// Answers the requests on `internal.products.quote`.
pub fn quote_handler(
    store: Store,
) -> impl Fn(Bytes, String) -> BoxFuture<'static, Result<Bytes, InternalError>> {
    move |request, caller| {
        let store = store.clone();
        Box::pin(async move {
            let request: QuoteRequest = parse(&request)?;
            at_most(MAX_ITEMS, request.items.len())?;
            tracing::debug!(%caller, items = request.items.len(), "quoting");
            answer(quote(&store, &request).await)
        })
    }
}

/// Answers the requests on `internal.products.check`.
pub fn check_handler(
    store: Store,
) -> impl Fn(Bytes, String) -> BoxFuture<'static, Result<Bytes, InternalError>> {
    move |request, _| {
        let store = store.clone();
        Box::pin(async move {
            let request: CheckRequest = parse(&request)?;
            at_most(MAX_PRODUCTS, request.product_ids.len())?;
            answer(check(&store, request).await)
        })
    }
}

fn parse<T: DeserializeOwned>(request: &[u8]) -> Result<T, InternalError> {
    serde_json::from_slice(request).map_err(|error| InternalError::bad_request(error.to_string()))
}

fn at_most(most: usize, count: usize) -> Result<(), InternalError> {
    match count {
        count if count > most => {
            Err(InternalError::bad_request(format!("at most {most} products in one request")))
        }
        _ => Ok(()),
    }
}

/// The caller is told what a client would be told; the log has the cause.
fn answer<T: Serialize>(reply: Result<T, Error>) -> Result<Bytes, InternalError> {
    let reply = reply.map_err(|error| InternalError::failed(Refusal::from(error).message()))?;
    Ok(serde_json::to_vec(&reply).expect("a reply is plain data, which always serialises").into())
}

async fn check(store: &Store, request: CheckRequest) -> Result<CheckReply, Error> {
    let mut seen = HashSet::new();
    let wanted: Vec<_> = request.product_ids.into_iter().filter(|id| seen.insert(*id)).collect();
    let found = store.by_ids(&wanted).await?;
    Ok(CheckReply { unknown: wanted.into_iter().filter(|id| !found.contains_key(id)).collect() })
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
