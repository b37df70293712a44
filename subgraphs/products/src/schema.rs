//! The graph of this subgraph. `query.rs` and `mutation.rs` are what can be asked; `product.rs` is the entity.
//! `subscription.graphql` is what the gateway feeds with the events of `store/event.rs`.

mod input;
mod mutation;
mod product;
mod query;

use std::collections::HashMap;

use async_graphql::EmptySubscription;
use shop::{Batch, PerRequest, Refusal};
use tributary_subgraph::{EventSubscriptions, FederatedSchema, federated};
use uuid::Uuid;

use crate::store::{Product, StockChange, Store};
use mutation::Mutation;
use query::Query;

/// The schema's type.
pub type ProductsSchema = FederatedSchema<Query, Mutation>;

/// The schema on a store.
pub fn schema(store: Store) -> ProductsSchema {
    let loaders = store.clone();
    federated(Query, Mutation, EmptySubscription)
        .data(store)
        .extension(EventSubscriptions::declare(include_str!("schema/subscription.graphql")))
        .extension(PerRequest::new(move || Loaders::new(&loaders)))
        .finish()
}

/// The lookups of one request, each collected into one statement.
pub struct Loaders {
    products: Batch<Uuid, Product>,
    stock_changes: Batch<Uuid, Vec<StockChange>>,
}

impl Loaders {
    fn new(store: &Store) -> Loaders {
        let (products, stock_changes) = (store.clone(), store.clone());
        Loaders {
            products: Batch::new(move |ids: Vec<Uuid>| {
                let store = products.clone();
                async move { Ok::<HashMap<_, _>, Refusal>(store.by_ids(&ids).await?) }
            }),
            stock_changes: Batch::new(move |ids: Vec<Uuid>| {
                let store = stock_changes.clone();
                async move { Ok(store.stock_changes(&ids).await?) }
            }),
        }
    }
}
