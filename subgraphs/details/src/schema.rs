//! The graph of this subgraph. `product.rs` and `order.rs` are the two entities that it adds `details` to.

mod input;
mod mutation;
mod order;
mod product;
mod query;
mod representation;

use async_graphql::EmptySubscription;
use shop::{Batch, PerRequest};
use tributary_subgraph::{FederatedSchema, federated};
use uuid::Uuid;

use crate::products::Products;
use crate::store::{Attribute, Details, Image, Store};
use mutation::Mutation;
use query::Query;

/// The schema's type.
pub type DetailsSchema = FederatedSchema<Query, Mutation>;

/// The schema on a store, with products to ask what exists.
pub fn schema(store: Store, products: Products) -> DetailsSchema {
    let loaders = store.clone();
    federated(Query, Mutation, EmptySubscription)
        .data(store)
        .data(products)
        .extension(PerRequest::new(move || Loaders::new(&loaders)))
        .finish()
}

/// The lookups of one request, each collected into one statement. The keys are products' ids.
pub struct Loaders {
    details: Batch<Uuid, Details>,
    attributes: Batch<Uuid, Vec<Attribute>>,
    images: Batch<Uuid, Vec<Image>>,
}

impl Loaders {
    fn new(store: &Store) -> Loaders {
        let (details, attributes, images) = (store.clone(), store.clone(), store.clone());
        Loaders {
            details: Batch::new(move |ids: Vec<Uuid>| {
                let store = details.clone();
                async move { Ok(store.details(&ids).await?) }
            }),
            attributes: Batch::new(move |ids: Vec<Uuid>| {
                let store = attributes.clone();
                async move { Ok(store.attributes(&ids).await?) }
            }),
            images: Batch::new(move |ids: Vec<Uuid>| {
                let store = images.clone();
                async move { Ok(store.images(&ids).await?) }
            }),
        }
    }
}
