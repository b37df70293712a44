//! Input, and what of it is right. A `check` turns it into what the rules take, or names the field that is wrong.

use async_graphql::{ID, InputObject};
use shop::{Refusal, input};

use crate::lines::{Line, Lines};
use crate::store::Address;

/// An order to be placed. The prices are those that products asks today.
#[derive(Debug, InputObject)]
pub struct PlaceOrderInput {
    /// 1 to 100 lines, each of another product, all sold in one currency.
    pub items: Vec<OrderItemInput>,
    /// Where it goes.
    pub address: AddressInput,
}

/// So many of a product.
#[derive(Debug, InputObject)]
pub struct OrderItemInput {
    /// Which product.
    product_id: ID,
    /// 1 to 10,000.
    quantity: i32,
}

/// Where an order goes. Each text is one line of at most 200 characters.
#[derive(Debug, InputObject)]
pub struct AddressInput {
    /// Who gets the parcel.
    recipient: String,
    /// Street and house.
    line1: String,
    /// Flat, floor, company.
    line2: Option<String>,
    /// As the country writes it, at most 20 characters.
    postal_code: String,
    /// The town.
    city: String,
    /// State or province, where a country has them.
    region: Option<String>,
    /// ISO 3166-1, two letters.
    country: String,
}

/// The lines that a client wrote.
pub fn lines(items: Vec<OrderItemInput>) -> Result<Lines, Refusal> {
    let line =
        |item: OrderItemInput| Line { product_id: input::id(&item.product_id), quantity: item.quantity };
    Ok(Lines::parse(items.into_iter().map(line).collect())?)
}

impl AddressInput {
    /// The address, `field` being where the client wrote it.
    pub fn check(self, field: &str) -> Result<Address, Refusal> {
        let line = |name: &str, text: &str| input::line(&format!("{field}.{name}"), text, 1..=200);
        let optional = |name: &str, text: Option<String>| {
            let text = text.filter(|text| !text.trim().is_empty());
            text.map(|text| line(name, &text)).transpose()
        };
        Ok(Address {
            recipient: line("recipient", &self.recipient)?,
            line1: line("line1", &self.line1)?,
            line2: optional("line2", self.line2)?,
            postal_code: input::line(&format!("{field}.postalCode"), &self.postal_code, 1..=20)?,
            city: line("city", &self.city)?,
            region: optional("region", self.region)?,
            country: country(&format!("{field}.country"), &self.country)?,
        })
    }
}

fn country(field: &str, text: &str) -> Result<String, Refusal> {
    let code = text.trim().to_ascii_uppercase();
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(code)
    } else {
        Err(Refusal::bad_input("a country is two letters of ISO 3166-1").field(field))
    }
}

/// Why an order is called off.
pub fn reason(text: &str) -> Result<String, Refusal> {
    input::lines("reason", text, 1..=500)
}

/// What staff notes when an order moves on.
pub fn note(text: Option<String>) -> Result<Option<String>, Refusal> {
    let note = text.map(|text| input::lines("note", &text, 0..=500)).transpose()?;
    Ok(note.filter(|note| !note.is_empty()))
}
