//! The query that shows that everything works: one answer from all four services.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::address::Address;
use crate::http::Client;
use crate::interrupt::Interrupt;
use crate::run_file::User;

/// The README's example.
pub const QUERY: &str = "{ me { email orders(first: 2) { nodes { number status total { amount currency } customer { email } \
details { shippingWeightGrams lines { quantity subtotal { amount } product { name stock details { attributes { name value } } } } } } } } \
products(first: 3) { nodes { name price { amount currency } details { images { url } } } } }";

const LIMIT: Duration = Duration::from_secs(30);

/// Asks until the answer is whole. Without users of ours there is nobody to ask as.
pub fn check(address: &Address, users: &[User], interrupt: &Interrupt) -> Result<()> {
    let Some(customer) = users.iter().find(|user| user.role == "customer") else { return Ok(()) };
    let client = Client::new(&address.graphql());
    let client =
        client.login(&customer.email, &customer.password).context("a seeded customer can't log in")?;
    let until = Instant::now() + LIMIT;
    loop {
        let cause = match client.ask(QUERY, &json!({})) {
            Ok(data) if is_whole(&data) => return Ok(()),
            Ok(data) => format!("something is missing: {data}"),
            Err(cause) => format!("{cause:#}"),
        };
        if interrupt.heard() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("the example query isn't answered: {cause}");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn is_whole(data: &Value) -> bool {
    let orders = data.pointer("/me/orders/nodes").and_then(Value::as_array);
    let products = data.pointer("/products/nodes").and_then(Value::as_array);
    orders.is_some_and(|orders| orders.len() == 2) && products.is_some_and(|products| products.len() == 3)
}
