//! Placing an order, once for each idempotency key.

use shop::Caller;
use shop::postgres::constraint;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{Address, EventKind, Order, Store, columns};
use crate::error::{Error, Result};
use crate::lines::Contents;
use crate::number::Number;

/// How many numbers are tried: of 2^45, even with a billion orders, ten in a row aren't taken by chance.
const NUMBERS_TRIED: usize = 10;

/// An order to be placed.
#[derive(Debug, Clone)]
pub struct NewOrder<'a> {
    /// Who places it.
    pub customer: &'a Caller,
    /// What it is made of.
    pub contents: &'a Contents,
    /// Where it goes.
    pub address: &'a Address,
    /// What the client calls this attempt.
    pub attempt: Option<&'a Attempt>,
}

/// What a client calls its attempt to place an order, so that trying again doesn't place a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The idempotency key, the customer's own.
    pub key: String,
    /// A hash of what the attempt asks for.
    pub fingerprint: [u8; 32],
}

/// What became of an order to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It is placed.
    Now(Order),
    /// The same attempt had placed it before.
    Before(Order),
}

impl Store {
    /// Places an order.
    pub async fn place(&self, new: NewOrder<'_>) -> Result<Placed> {
        for _ in 0..NUMBERS_TRIED {
            let mut transaction = self.pool.begin().await?;
            match insert(&mut transaction, &new, &Number::random()).await {
                Ok(order) => {
                    insert_lines(&mut transaction, order.id, new.contents).await?;
                    self.record(&mut transaction, &order, EventKind::Placed, new.customer, None).await?;
                    transaction.commit().await?;
                    return Ok(Placed::Now(order));
                }
                Err(error) => match constraint(&error) {
                    Some("orders_number_unique") => {}
                    Some("orders_idempotency_unique") => {
                        transaction.rollback().await?;
                        let attempt = new.attempt.ok_or(Error::Changed)?;
                        let order = self.placed_before(&new.customer.id, attempt).await?;
                        return order.map(Placed::Before).ok_or(Error::Changed);
                    }
                    _ => return Err(error.into()),
                },
            }
        }
        Err(Error::NoFreeNumber)
    }

    /// The order that this attempt placed before, if it did; a key that was used for something else is refused.
    pub async fn placed_before(&self, customer: &str, attempt: &Attempt) -> Result<Option<Order>> {
        let sql = "SELECT id, fingerprint FROM orders WHERE customer_id = $1 AND idempotency_key = $2";
        let found: Option<(Uuid, Vec<u8>)> =
            sqlx::query_as(sql).bind(customer).bind(&attempt.key).fetch_optional(&self.pool).await?;
        let Some((id, fingerprint)) = found else { return Ok(None) };
        if fingerprint != attempt.fingerprint {
            return Err(Error::KeyReused);
        }
        Ok(self.by_ids(&[id]).await?.remove(&id))
    }
}

async fn insert(connection: &mut PgConnection, new: &NewOrder<'_>, number: &Number) -> sqlx::Result<Order> {
    let sql = concat!(
        "INSERT INTO orders (id, number, customer_id, status, currency, total, recipient, line1, line2, postal_code,
             city, region, country, idempotency_key, fingerprint)
         VALUES ($1, $2, $3, 'PENDING', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING ",
        columns!()
    );
    let total = new.contents.total();
    sqlx::query_as(sql)
        .bind(Uuid::now_v7())
        .bind(number.as_str())
        .bind(&new.customer.id)
        .bind(total.currency.code())
        .bind(total.amount.0)
        .bind(&new.address.recipient)
        .bind(&new.address.line1)
        .bind(&new.address.line2)
        .bind(&new.address.postal_code)
        .bind(&new.address.city)
        .bind(&new.address.region)
        .bind(&new.address.country)
        .bind(new.attempt.map(|attempt| &attempt.key))
        .bind(new.attempt.map(|attempt| &attempt.fingerprint[..]))
        .fetch_one(connection)
        .await
}

/// Writes the lines of an order that has none, in one statement.
pub async fn insert_lines(
    transaction: &mut Transaction<'_, Postgres>,
    order: Uuid,
    contents: &Contents,
) -> sqlx::Result<()> {
    let lines = contents.lines();
    let insert = sqlx::query(
        "INSERT INTO order_items (order_id, position, product_id, sku, name, unit_price, quantity)
         SELECT $1, position, product_id, sku, name, unit_price, quantity
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::integer[])
             WITH ORDINALITY AS line(product_id, sku, name, unit_price, quantity, position)",
    );
    insert
        .bind(order)
        .bind(lines.iter().map(|line| line.product_id).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.sku.as_str()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.unit_price.amount.0).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.quantity).collect::<Vec<_>>())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
