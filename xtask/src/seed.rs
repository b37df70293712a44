//! What is in the shop the first time: products with details, people, and orders in every state.
//!
//! All of it goes through the gateway as a user's own doing would; only the first admin comes from auth's command line.
//! An interrupted run is continued: what is there already is recognised by its SKU, e-mail or idempotency key.

mod catalogue;
mod orders;
mod people;
mod picture;
mod state;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::{Client, Refused};
use crate::run_file::User;
use crate::up::{Address, Progress};

pub use state::Seed;

/// Auth's command line.
#[derive(Debug)]
pub struct Auth {
    /// The program.
    pub program: PathBuf,
    /// Where its data is.
    pub environment: Vec<(&'static str, String)>,
}

/// Fills the shop, unless that was done, and returns who can log in.
pub fn run(mut seed: Seed, address: &Address, auth: &Auth, progress: &Progress) -> Result<Vec<User>> {
    if seed.is_complete() {
        return Ok(seed.users().to_vec());
    }
    let line = progress.begin("seed");
    let nobody = Client::new(&address.graphql());
    line.say("people");
    let people = people::register(&nobody, seed.users(), auth).context("can't seed people")?;
    line.say("products");
    let products = catalogue::stock(&people.staff).context("can't seed products")?;
    line.say("orders");
    orders::place(&people, &products).context("can't seed orders")?;
    seed.complete()?;
    line.end(&format!(
        "{} products, {} people, {} orders",
        products.len(),
        seed.users().len(),
        orders::COUNT
    ));
    Ok(seed.users().to_vec())
}

/// Whether the operation was refused with one of these codes.
fn refused_with(outcome: &Result<Value>, codes: &[&str]) -> bool {
    let refused = outcome.as_ref().err().and_then(|cause| cause.downcast_ref::<Refused>());
    refused.is_some_and(|refused| codes.contains(&refused.code.as_str()))
}
