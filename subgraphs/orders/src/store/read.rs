//! By id or number, many at once: what the request's loaders call.

use std::collections::HashMap;
use std::hash::Hash;

use uuid::Uuid;

use super::{Event, Item, Order, Store, columns};
use crate::error::Result;
use crate::number::Number;

impl Store {
    /// The orders that have these ids.
    pub async fn by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Order>> {
        let sql = concat!("SELECT ", columns!(), " FROM orders WHERE id = ANY($1)");
        let orders: Vec<Order> = sqlx::query_as(sql).bind(ids).fetch_all(&self.pool).await?;
        Ok(orders.into_iter().map(|order| (order.id, order)).collect())
    }

    /// The orders that have these numbers.
    pub async fn by_numbers(&self, numbers: &[Number]) -> Result<HashMap<Number, Order>> {
        let sql = concat!("SELECT ", columns!(), " FROM orders WHERE number = ANY($1)");
        let wanted: Vec<&str> = numbers.iter().map(Number::as_str).collect();
        let orders: Vec<Order> = sqlx::query_as(sql).bind(wanted).fetch_all(&self.pool).await?;
        Ok(orders.into_iter().filter_map(|order| Some((order.number.parse().ok()?, order))).collect())
    }

    /// The lines of these orders, each order's as they were asked for.
    pub async fn items(&self, order_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Item>>> {
        let sql = "SELECT order_id, product_id, sku, name, unit_price, currency, quantity
                   FROM order_items JOIN orders ON orders.id = order_id
                   WHERE order_id = ANY($1) ORDER BY order_id, position";
        let items: Vec<Item> = sqlx::query_as(sql).bind(order_ids).fetch_all(&self.pool).await?;
        Ok(grouped(items, |item| item.order_id))
    }

    /// What happened to these orders, oldest first.
    pub async fn history(&self, order_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Event>>> {
        let sql = "SELECT order_id, kind, status, actor_id, actor_role, note, at
                   FROM order_events WHERE order_id = ANY($1) ORDER BY order_id, id";
        let events: Vec<Event> = sqlx::query_as(sql).bind(order_ids).fetch_all(&self.pool).await?;
        Ok(grouped(events, |event| event.order_id))
    }
}

/// The rows of each key, in the order in which they came.
pub fn grouped<K: Eq + Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
