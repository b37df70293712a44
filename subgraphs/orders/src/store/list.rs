//! Lists by keyset. An id is a UUIDv7, so it sorts by time and is the whole cursor.

use std::collections::HashMap;

use shop::Page;
use uuid::Uuid;

use super::read::grouped;
use super::{Order, Store, columns};
use crate::error::Result;
use crate::status::Status;

/// Which part of a list, newest first: a [`Page`] that can be the key of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    older_than: Option<Uuid>,
    newer_than: Option<Uuid>,
    oldest_first: bool,
    rows: i64,
}

impl From<&Page<Uuid>> for Slice {
    fn from(page: &Page<Uuid>) -> Slice {
        Slice {
            older_than: page.after,
            newer_than: page.before,
            oldest_first: page.backward,
            rows: page.fetch(),
        }
    }
}

/// The end of a list's statement: `$1` to `$3` are a slice's bounds and length. It is a literal for each direction, so
/// that an index scan can stop early in either.
macro_rules! slice {
    ($direction:literal) => {
        concat!(
            "($1::uuid IS NULL OR id < $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id ",
            $direction,
            " LIMIT $3"
        )
    };
}

impl Store {
    /// A part of the list of all orders, or of those of one status.
    pub async fn list(&self, slice: Slice, status: Option<Status>) -> Result<Vec<Order>> {
        macro_rules! statement {
            ($direction:literal) => {
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM orders WHERE ($4::text IS NULL OR status = $4) AND ",
                    slice!($direction)
                )
            };
        }
        let sql = if slice.oldest_first { statement!("ASC") } else { statement!("DESC") };
        let query = sqlx::query_as(sql).bind(slice.older_than).bind(slice.newer_than).bind(slice.rows);
        Ok(query.bind(status).fetch_all(&self.pool).await?)
    }

    /// The same part of each of these customers' lists: one statement, an index scan for each customer.
    pub async fn of_customers(
        &self,
        customers: &[String],
        slice: Slice,
    ) -> Result<HashMap<String, Vec<Order>>> {
        macro_rules! statement {
            ($direction:literal) => {
                concat!(
                    "SELECT listed.* FROM unnest($4::text[]) AS wanted(customer) CROSS JOIN LATERAL (SELECT ",
                    columns!(),
                    " FROM orders WHERE customer_id = wanted.customer AND ",
                    slice!($direction),
                    ") AS listed ORDER BY listed.id ",
                    $direction
                )
            };
        }
        let sql = if slice.oldest_first { statement!("ASC") } else { statement!("DESC") };
        let query = sqlx::query_as(sql).bind(slice.older_than).bind(slice.newer_than).bind(slice.rows);
        let orders: Vec<Order> = query.bind(customers).fetch_all(&self.pool).await?;
        Ok(grouped(orders, |order| order.customer_id.clone()))
    }
}
