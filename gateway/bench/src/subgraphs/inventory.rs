//! What there is of each product.

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, Object, SimpleObject};
use tributary_subgraph::{FederatedSchema, federated};

use super::control::Control;
use super::keeping::{AGE, cache_control};

#[derive(SimpleObject)]
#[graphql(complex, directive = cache_control::apply(Some(AGE)))]
struct Product {
    upc: String,
    #[graphql(external)]
    weight: Option<i64>,
    #[graphql(external)]
    price: Option<i64>,
    in_stock: Option<bool>,
}

#[ComplexObject]
impl Product {
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> Option<i64> {
        match (self.price?, self.weight?) {
            (1001.., _) => Some(0),
            (_, weight) => Some(weight / 2),
        }
    }
}

/// Whether the products from 1 on are there.
const IN_STOCK: [bool; 9] = [true, false, false, false, true, true, true, false, true];

pub(super) struct Query;

#[Object]
impl Query {
    /// As in the public benchmark, what it is told of price and weight isn't looked at: its estimates are null.
    #[graphql(entity)]
    async fn product_by_upc(&self, upc: String) -> Option<Product> {
        let in_stock = *IN_STOCK.get(upc.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some(Product { upc, weight: None, price: None, in_stock: Some(in_stock) })
    }
}

pub(super) fn schema(control: &Control) -> FederatedSchema<Query> {
    federated(Query, EmptyMutation, EmptySubscription).extension(control.clone()).finish()
}
