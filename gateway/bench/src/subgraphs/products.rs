//! What is sold.

use async_graphql::{EmptyMutation, EmptySubscription, Object, SimpleObject};
use tributary_subgraph::{FederatedSchema, federated};

use super::control::Control;
use super::keeping::{AGE, cache_control};

#[derive(SimpleObject)]
#[graphql(directive = cache_control::apply(Some(AGE)))]
struct Product {
    upc: String,
    name: Option<&'static str>,
    price: Option<i64>,
    weight: Option<i64>,
}

/// Names, prices and weights; their codes are their numbers from 1.
const PRODUCTS: [(&str, i64, i64); 9] = [
    ("Table", 899, 100),
    ("Couch", 1_299, 1_000),
    ("Glass", 15, 20),
    ("Chair", 499, 100),
    ("TV", 1_299, 1_000),
    ("Lamp", 6_999, 300),
    ("Grill", 3_999, 2_000),
    ("Fridge", 100_000, 6_000),
    ("Sofa", 9_999, 800),
];

fn product(at: usize) -> Option<Product> {
    let (name, price, weight) = *PRODUCTS.get(at)?;
    let upc = (at + 1).to_string();
    Some(Product { upc, name: Some(name), price: Some(price), weight: Some(weight) })
}

pub(super) struct Query;

#[Object]
impl Query {
    async fn top_products(&self, #[graphql(default = 5)] first: Option<i32>) -> Option<Vec<Option<Product>>> {
        let first = usize::try_from(first.unwrap_or(5)).unwrap_or(0);
        Some((0..first.min(PRODUCTS.len())).map(product).collect())
    }

    #[graphql(entity)]
    async fn product_by_upc(&self, upc: String) -> Option<Product> {
        product(upc.parse::<usize>().ok()?.checked_sub(1)?)
    }
}

pub(super) fn schema(control: &Control) -> FederatedSchema<Query> {
    federated(Query, EmptyMutation, EmptySubscription).extension(control.clone()).finish()
}
