//! Input, and what of it is right. A `check` turns it into what the store takes, or names the field that is wrong.

use async_graphql::InputObject;
use shop::{Currency, Money, MoneyInput, Refusal, input};

use crate::store::{Filter, NewProduct, ProductChange};

/// Which products to list. All that is set must hold.
#[derive(Debug, Default, InputObject)]
pub struct ProductFilter {
    /// Exactly this category.
    category: Option<String>,
    /// The least price; only products of its currency.
    price_from: Option<MoneyInput>,
    /// The highest price; only products of its currency.
    price_to: Option<MoneyInput>,
    /// A SKU, or words to be found in name, SKU, category or description; `"in quotes"`, `or` and `-not` work.
    text: Option<String>,
    /// Archived products too. For staff.
    include_archived: Option<bool>,
}

/// A product to be created.
#[derive(Debug, InputObject)]
pub struct CreateProductInput {
    /// 1 to 64 letters, digits and `. _ -`; unique whatever its case.
    sku: String,
    /// One line of 1 to 200 characters.
    name: String,
    /// At most 5,000 characters; empty if absent.
    description: Option<String>,
    /// One line of 1 to 64 characters.
    category: String,
    /// The price of one, not negative.
    price: MoneyInput,
    /// How many are there; none if absent.
    stock: Option<i32>,
}

/// What to change of a product. What is absent or null stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdateProductInput {
    /// 1 to 64 letters, digits and `. _ -`; unique whatever its case.
    sku: Option<String>,
    /// One line of 1 to 200 characters.
    name: Option<String>,
    /// At most 5,000 characters.
    description: Option<String>,
    /// One line of 1 to 64 characters.
    category: Option<String>,
    /// The price of one, not negative. What was ordered keeps the price it was sold for.
    price: Option<MoneyInput>,
}

impl ProductFilter {
    pub fn check(self) -> Result<Filter, Refusal> {
        let bound = |price: Option<MoneyInput>, field: &str| -> Result<Option<Money>, Refusal> {
            price.map(Money::try_from).transpose().map_err(|error| Refusal::from(error).field(field))
        };
        let from = bound(self.price_from, "filter.priceFrom.currency")?;
        let to = bound(self.price_to, "filter.priceTo.currency")?;
        let text = self.text.map(|text| input::line("filter.text", &text, 0..=200)).transpose()?;
        Ok(Filter {
            category: self.category,
            currency: common_currency(from, to)?,
            price_from: from.map(|price| price.amount),
            price_to: to.map(|price| price.amount),
            text: text.filter(|text| !text.is_empty()),
            include_archived: self.include_archived.unwrap_or_default(),
        })
    }
}

fn common_currency(from: Option<Money>, to: Option<Money>) -> Result<Option<Currency>, Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if from.currency != to.currency => {
            Err(Refusal::bad_input("both prices are of one currency").field("filter.priceTo.currency"))
        }
        (from, to) => Ok(from.or(to).map(|price| price.currency)),
    }
}

impl CreateProductInput {
    pub fn check(self) -> Result<NewProduct, Refusal> {
        let stock = self.stock.unwrap_or_default();
        if stock < 0 {
            return Err(Refusal::bad_input("a stock is not negative").field("stock"));
        }
        Ok(NewProduct {
            sku: sku(self.sku)?,
            name: name(self.name)?,
            description: description(self.description.unwrap_or_default())?,
            category: category(self.category)?,
            price: price(self.price)?,
            stock,
        })
    }
}

impl UpdateProductInput {
    pub fn check(self) -> Result<ProductChange, Refusal> {
        Ok(ProductChange {
            sku: self.sku.map(sku).transpose()?,
            name: self.name.map(name).transpose()?,
            description: self.description.map(description).transpose()?,
            category: self.category.map(category).transpose()?,
            price: self.price.map(price).transpose()?,
        })
    }
}

fn sku(text: String) -> Result<String, Refusal> {
    let sku = input::line("sku", &text, 1..=64)?;
    if !sku.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err(Refusal::bad_input("a SKU has letters, digits and `. _ -` only").field("sku"));
    }
    Ok(sku)
}

fn name(text: String) -> Result<String, Refusal> {
    input::line("name", &text, 1..=200)
}

fn description(text: String) -> Result<String, Refusal> {
    input::lines("description", &text, 0..=5_000)
}

fn category(text: String) -> Result<String, Refusal> {
    input::line("category", &text, 1..=64)
}

fn price(price: MoneyInput) -> Result<Money, Refusal> {
    let price = Money::try_from(price).map_err(|error| Refusal::from(error).field("price.currency"))?;
    if price.amount.0 < 0 {
        return Err(Refusal::bad_input("a price is not negative").field("price.amount"));
    }
    Ok(price)
}

/// The reason of a stock change.
pub fn reason(text: &str) -> Result<String, Refusal> {
    input::line("reason", text, 1..=500)
}

/// The delta of a stock change.
pub fn delta(delta: i32) -> Result<i32, Refusal> {
    if delta == 0 {
        return Err(Refusal::bad_input("a delta of 0 changes nothing").field("delta"));
    }
    Ok(delta)
}
