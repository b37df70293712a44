//! The graph of this subgraph. `query.rs` and `mutation.rs` are what can be asked; `order.rs` and `user.rs` are the entities.
//! `subscription.graphql` is what the gateway feeds with the events of `store/event.rs`.

mod input;
mod mutation;
mod order;
mod query;
mod user;

use std::collections::HashMap;

use async_graphql::EmptySubscription;
use shop::{Batch, PerRequest, Refusal};
use tributary_subgraph::{EventSubscriptions, FederatedSchema, federated};
use uuid::Uuid;

use crate::number::Number;
use crate::orders::Orders;
use crate::quotes::Quotes;
use crate::store::{Event, Item, Order, Slice, Store};
use mutation::Mutation;
use query::Query;

/// The schema's type.
pub type OrdersSchema = FederatedSchema<Query, Mutation>;

/// The schema on a store, with prices from products.
pub fn schema(store: Store, quotes: Quotes) -> OrdersSchema {
    let loaders = store.clone();
    federated(Query, Mutation, EmptySubscription)
        .data(Orders::new(store.clone(), quotes))
        .data(store)
        .extension(EventSubscriptions::declare(include_str!("schema/subscription.graphql")))
        .extension(PerRequest::new(move || Loaders::new(&loaders)))
        .finish()
}

/// The lookups of one request, each collected into one statement.
pub struct Loaders {
    orders: Batch<Uuid, Order>,
    numbers: Batch<Number, Order>,
    of_customers: Batch<(String, Slice), Vec<Order>>,
    items: Batch<Uuid, Vec<Item>>,
    history: Batch<Uuid, Vec<Event>>,
}

impl Loaders {
    fn new(store: &Store) -> Loaders {
        let [orders, numbers, of_customers, items, history] = std::array::from_fn(|_| store.clone());
        Loaders {
            orders: Batch::new(move |ids: Vec<Uuid>| {
                let store = orders.clone();
                async move { Ok(store.by_ids(&ids).await?) }
            }),
            numbers: Batch::new(move |wanted: Vec<Number>| {
                let store = numbers.clone();
                async move { Ok(store.by_numbers(&wanted).await?) }
            }),
            of_customers: Batch::new(move |wanted| own_pages(of_customers.clone(), wanted)),
            items: Batch::new(move |ids: Vec<Uuid>| {
                let store = items.clone();
                async move { Ok(store.items(&ids).await?) }
            }),
            history: Batch::new(move |ids: Vec<Uuid>| {
                let store = history.clone();
                async move { Ok(store.history(&ids).await?) }
            }),
        }
    }
}

/// One statement for all customers of whom the same part is wanted, which within one request is usually everybody.
async fn own_pages(
    store: Store,
    wanted: Vec<(String, Slice)>,
) -> Result<HashMap<(String, Slice), Vec<Order>>, Refusal> {
    let mut customers: HashMap<Slice, Vec<String>> = HashMap::new();
    for (customer, slice) in wanted {
        customers.entry(slice).or_default().push(customer);
    }
    let mut pages = HashMap::new();
    for (slice, customers) in customers {
        let found = store.of_customers(&customers, slice).await?;
        pages.extend(found.into_iter().map(|(customer, orders)| ((customer, slice), orders)));
    }
    Ok(pages)
}
