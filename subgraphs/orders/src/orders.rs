//! What can be done to orders: the rules, between the graph and the store.

use sha2::{Digest, Sha256};
use shop::Caller;

use crate::error::{Error, Result};
use crate::lines::Lines;
use crate::number::Number;
use crate::quotes::Quotes;
use crate::status::{Actor, Status, Step};
use crate::store::{Address, Attempt, NewOrder, Order, Placed, Store};

/// The orders of all customers.
#[derive(Clone)]
pub struct Orders {
    store: Store,
    quotes: Quotes,
}

impl Orders {
    /// Orders kept in `store` and priced by `quotes`.
    pub fn new(store: Store, quotes: Quotes) -> Orders {
        Orders { store, quotes }
    }

    /// Places an order at today's prices. With an idempotency key it does so once: the same attempt again gets the
    /// order that the first one placed, at the prices of then.
    pub async fn place(
        &self,
        by: &Caller,
        lines: &Lines,
        address: &Address,
        key: Option<String>,
    ) -> Result<Order> {
        let attempt = key.map(|key| Attempt { key, fingerprint: fingerprint(lines, address) });
        if let Some(attempt) = &attempt
            && let Some(order) = self.store.placed_before(&by.id, attempt).await?
        {
            return Ok(order);
        }
        let contents = lines.price(self.quotes.of(lines).await?)?;
        let new = NewOrder { customer: by, contents: &contents, address, attempt: attempt.as_ref() };
        match self.store.place(new).await? {
            Placed::Now(order) => {
                tracing::info!(number = order.number, total = %order.total, "an order was placed");
                Ok(order)
            }
            Placed::Before(order) => Ok(order),
        }
    }

    /// Sends a pending order elsewhere.
    pub async fn change_address(&self, by: &Caller, number: &str, address: &Address) -> Result<Order> {
        let order = self.pending(by, number).await?;
        self.store.change_address(order.id, address, by).await
    }

    /// Gives a pending order other lines, all of them at today's prices.
    pub async fn change_lines(&self, by: &Caller, number: &str, lines: &Lines) -> Result<Order> {
        let order = self.pending(by, number).await?;
        let contents = lines.price(self.quotes.of(lines).await?)?;
        self.store.change_lines(order.id, &contents, by).await
    }

    /// Calls an order off.
    pub async fn cancel(&self, by: &Caller, number: &str, reason: &str) -> Result<Order> {
        self.take_step(by, number, Status::Cancelled, Some(reason)).await
    }

    /// Moves an order on.
    pub async fn advance(&self, by: &Caller, number: &str, to: Status, note: Option<&str>) -> Result<Order> {
        if to == Status::Cancelled {
            return Err(Error::CancelInstead);
        }
        self.take_step(by, number, to, note).await
    }

    async fn take_step(&self, by: &Caller, number: &str, to: Status, note: Option<&str>) -> Result<Order> {
        let (order, actor) = self.known(by, number).await?;
        let from = order.status;
        let step = Step::between(from, to).ok_or(Error::NoSuchStep { from, to })?;
        if !step.is_open_to(actor) {
            return Err(Error::StaffOnly { from, to });
        }
        self.store.step(order.id, step, by, note).await
    }

    async fn pending(&self, by: &Caller, number: &str) -> Result<Order> {
        let (order, _) = self.known(by, number).await?;
        if order.status != Status::Pending {
            return Err(Error::NotPending(order.status));
        }
        Ok(order)
    }

    /// The order of that number and as whom `by` acts on it. Somebody else's order is as if it weren't there.
    async fn known(&self, by: &Caller, number: &str) -> Result<(Order, Actor)> {
        let number: Number = number.parse().map_err(|_| Error::NotFound)?;
        let order = self.store.by_numbers(std::slice::from_ref(&number)).await?.remove(&number);
        let order = order.ok_or(Error::NotFound)?;
        let actor = Actor::of(by, &order.customer_id).ok_or(Error::NotFound)?;
        Ok((order, actor))
    }
}

/// What an attempt asks for, whatever prices are: each part with its length, so that no two run together.
fn fingerprint(lines: &Lines, address: &Address) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    for (product, quantity) in lines.iter() {
        add(product.as_bytes());
        add(&quantity.to_be_bytes());
    }
    let Address { recipient, line1, line2, postal_code, city, region, country } = address;
    for text in [recipient, line1, postal_code, city, country] {
        add(text.as_bytes());
    }
    for text in [line2, region] {
        add(text.as_deref().unwrap_or_default().as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::lines::Line;

    #[test]
    fn a_fingerprint_tells_attempts_apart() {
        let lines =
            |quantity| Lines::parse(vec![Line { product_id: Some(Uuid::from_u128(1)), quantity }]).unwrap();
        let address = |line1: &str, line2: Option<&str>| Address {
            recipient: "Ada".into(),
            line1: line1.into(),
            line2: line2.map(str::to_owned),
            postal_code: "1".into(),
            city: "B".into(),
            region: None,
            country: "DE".into(),
        };
        let one = fingerprint(&lines(1), &address("a", None));
        assert_eq!(one, fingerprint(&lines(1), &address("a", None)));
        assert_ne!(one, fingerprint(&lines(2), &address("a", None)));
        assert_ne!(one, fingerprint(&lines(1), &address("b", None)));
        assert_ne!(one, fingerprint(&lines(1), &address("a", Some("b"))));
    }
}
