//! The graph of this subgraph. `product.rs` and `order.rs` are the two entities that it adds `details` to.

mod input;
mod mutation;
mod order;
mod product;
mod query;
mod representation;

use async_graphql::{EmptySubscription, Schema};
use shop::entities::{Entities, NumberedEntities};
use shop::{Batch, PerRequest};
use uuid::Uuid;

use crate::store::{Attribute, Details, Image, Store};
use mutation::Mutation;
use query::Query;

/// The schema's type.
pub type DetailsSchema = Schema<Entities<Query>, Mutation, EmptySubscription>;

/// The schema on a store.
pub fn schema(store: Store) -> DetailsSchema {
    let loaders = store.clone();
    Schema::build(Entities(Query), Mutation, EmptySubscription)
        .enable_federation()
        .data(store)
        .extension(NumberedEntities)
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
