//! Changing an order. Each change compares the status that its decision was made on, in the statement that writes: of
//! two at the same time one waits for the other's row lock, then finds the status gone.

use shop::Caller;
use sqlx::PgConnection;
use uuid::Uuid;

use super::place::insert_lines;
use super::{Address, EventKind, Order, Store, columns};
use crate::error::{Error, Result};
use crate::lines::Contents;
use crate::status::Step;

impl Store {
    /// Takes a step, if the order still stands where the step begins.
    pub async fn step(&self, order: Uuid, step: Step, by: &Caller, note: Option<&str>) -> Result<Order> {
        let sql = concat!(
            "UPDATE orders SET status = $3, version = version + 1, updated_at = now() WHERE id = $1 AND status = $2 RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let update = sqlx::query_as(sql).bind(order).bind(step.from()).bind(step.to());
        let order = update.fetch_optional(&mut *transaction).await?.ok_or(Error::Changed)?;
        self.record(&mut transaction, &order, EventKind::StatusChanged, by, note).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// Sends a pending order elsewhere.
    pub async fn change_address(&self, order: Uuid, address: &Address, by: &Caller) -> Result<Order> {
        let sql = concat!(
            "UPDATE orders SET recipient = $2, line1 = $3, line2 = $4, postal_code = $5, city = $6, region = $7,
                 country = $8, version = version + 1, updated_at = now()
             WHERE id = $1 AND status = 'PENDING' RETURNING ",
            columns!()
        );
        let mut transaction = self.pool.begin().await?;
        let update = sqlx::query_as(sql)
            .bind(order)
            .bind(&address.recipient)
            .bind(&address.line1)
            .bind(&address.line2)
            .bind(&address.postal_code)
            .bind(&address.city)
            .bind(&address.region)
            .bind(&address.country);
        let order = update.fetch_optional(&mut *transaction).await?.ok_or(Error::Changed)?;
        self.record(&mut transaction, &order, EventKind::AddressChanged, by, None).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// Gives a pending order other contents.
    pub async fn change_lines(&self, order: Uuid, contents: &Contents, by: &Caller) -> Result<Order> {
        let sql = concat!(
            "UPDATE orders SET currency = $2, total = $3, version = version + 1, updated_at = now()
             WHERE id = $1 AND status = 'PENDING' RETURNING ",
            columns!()
        );
        let total = contents.total();
        let mut transaction = self.pool.begin().await?;
        let update = sqlx::query_as(sql).bind(order).bind(total.currency.code()).bind(total.amount.0);
        let order: Order = update.fetch_optional(&mut *transaction).await?.ok_or(Error::Changed)?;
        sqlx::query("DELETE FROM order_items WHERE order_id = $1")
            .bind(order.id)
            .execute(&mut *transaction)
            .await?;
        insert_lines(&mut transaction, order.id, contents).await?;
        self.record(&mut transaction, &order, EventKind::LinesChanged, by, None).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// Writes the history's entry of a change that `order` has already seen, and tells others of it.
    pub(super) async fn record(
        &self,
        transaction: &mut PgConnection,
        order: &Order,
        kind: EventKind,
        by: &Caller,
        note: Option<&str>,
    ) -> Result<()> {
        let insert = sqlx::query(
            "INSERT INTO order_events (order_id, kind, status, actor_id, actor_role, note)
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let insert = insert.bind(order.id).bind(kind).bind(order.status);
        insert.bind(&by.id).bind(by.role.as_str()).bind(note).execute(&mut *transaction).await?;
        self.tell(transaction, kind, order).await
    }
}
