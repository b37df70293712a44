//! What an order is made of: the lines as asked for, and as priced by products. Pure: no IO.

use std::collections::{HashMap, HashSet};

use shop::quote::{Quote, QuoteReply};
use shop::{Money, MoneyError};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Most lines in one order.
pub const MAX_LINES: usize = 100;
/// Most pieces of one product in one order.
pub const MAX_QUANTITY: i32 = 10_000;

/// So many of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Which product; `None` if the client wrote something that is no id of ours.
    pub product_id: Option<Uuid>,
    /// How many.
    pub quantity: i32,
}

/// Lines that could make an order, if the products exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(Vec<(Uuid, i32)>);

/// A line as it is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldLine {
    /// Which product.
    pub product_id: Uuid,
    /// Its stock-keeping unit at the time.
    pub sku: String,
    /// Its name at the time.
    pub name: String,
    /// Its price at the time.
    pub unit_price: Money,
    /// How many.
    pub quantity: i32,
}

/// The priced contents of an order: never empty, one currency, a total that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    lines: Vec<SoldLine>,
    total: Money,
}

impl Lines {
    /// Checks everything that can be checked without asking products.
    pub fn parse(lines: Vec<Line>) -> Result<Lines> {
        if lines.is_empty() {
            return Err(Error::NoLines);
        }
        if lines.len() > MAX_LINES {
            return Err(Error::TooManyLines { most: MAX_LINES });
        }
        let mut seen = HashSet::with_capacity(lines.len());
        let parse = |(line, asked): (usize, Line)| {
            let product_id = asked.product_id.ok_or(Error::UnknownProduct { line })?;
            if !(1..=MAX_QUANTITY).contains(&asked.quantity) {
                return Err(Error::Quantity { line, most: MAX_QUANTITY });
            }
            if !seen.insert(product_id) {
                return Err(Error::RepeatedProduct { line });
            }
            Ok((product_id, asked.quantity))
        };
        lines.into_iter().enumerate().map(parse).collect::<Result<_>>().map(Lines)
    }

    /// Product and quantity of each line.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, i32)> + '_ {
        self.0.iter().copied()
    }

    /// The contents of an order made of these lines at the quoted prices.
    pub fn price(&self, reply: QuoteReply) -> Result<Contents> {
        let mut quotes: HashMap<Uuid, Quote> =
            reply.quotes.into_iter().map(|quote| (quote.product_id, quote)).collect();
        let unknown: HashSet<Uuid> = reply.unknown.into_iter().collect();
        let sold = self.iter().enumerate().map(|(line, (product_id, quantity))| {
            if unknown.contains(&product_id) {
                return Err(Error::UnknownProduct { line });
            }
            let missing = || Error::QuoteReply(format!("product {product_id} is missing"));
            let quote = quotes.remove(&product_id).ok_or_else(missing)?;
            if quote.archived {
                return Err(Error::ArchivedProduct { line, name: quote.name });
            }
            Ok(SoldLine { product_id, sku: quote.sku, name: quote.name, unit_price: quote.price, quantity })
        });
        Contents::of(sold.collect::<Result<_>>()?)
    }
}

impl Contents {
    fn of(lines: Vec<SoldLine>) -> Result<Contents> {
        let subtotals: Vec<Money> = lines.iter().map(SoldLine::subtotal).collect::<Result<_>>()?;
        let total = Money::checked_sum(subtotals).map_err(of_sum)?.ok_or(Error::NoLines)?;
        Ok(Contents { lines, total })
    }

    /// The lines, in the order in which they were asked for.
    pub fn lines(&self) -> &[SoldLine] {
        &self.lines
    }

    /// What they cost together.
    pub fn total(&self) -> Money {
        self.total
    }
}

impl SoldLine {
    /// What the line costs.
    pub fn subtotal(&self) -> Result<Money> {
        self.unit_price.checked_mul(self.quantity.into()).map_err(of_sum)
    }
}

fn of_sum(error: MoneyError) -> Error {
    match error {
        MoneyError::MixedCurrencies(one, other) => Error::MixedCurrencies(one, other),
        MoneyError::Overflow => Error::TooLarge,
        MoneyError::UnknownCurrency(_) => Error::Amount(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product: u128, quantity: i32) -> Line {
        Line { product_id: Some(Uuid::from_u128(product)), quantity }
    }

    fn quote(product: u128, amount: i64, currency: &str) -> Quote {
        Quote {
            product_id: Uuid::from_u128(product),
            sku: format!("SKU-{product}"),
            name: format!("Product {product}"),
            price: Money::new(amount, currency.parse().unwrap()),
            archived: false,
        }
    }

    fn price(lines: &[Line], quotes: Vec<Quote>) -> Result<Contents> {
        Lines::parse(lines.to_vec())?.price(QuoteReply { quotes, unknown: vec![] })
    }

    #[test]
    fn lines_keep_their_order_and_are_summed() {
        let contents =
            price(&[line(2, 3), line(1, 1)], vec![quote(1, 250, "EUR"), quote(2, 100, "EUR")]).unwrap();
        assert_eq!(contents.total(), Money::new(550, "EUR".parse().unwrap()));
        let names: Vec<&str> = contents.lines().iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["Product 2", "Product 1"]);
    }

    #[test]
    fn wrong_lines_are_refused_before_products_is_asked() {
        assert!(matches!(Lines::parse(vec![]), Err(Error::NoLines)));
        for quantity in [0, -1, i32::MIN, MAX_QUANTITY + 1] {
            let refused = Lines::parse(vec![line(1, 1), line(2, quantity)]);
            assert!(matches!(refused, Err(Error::Quantity { line: 1, .. })), "{quantity}");
        }
        assert!(matches!(
            Lines::parse(vec![line(1, 1), line(1, 1)]),
            Err(Error::RepeatedProduct { line: 1 })
        ));
        let nothing = Line { product_id: None, quantity: 1 };
        assert!(matches!(Lines::parse(vec![nothing]), Err(Error::UnknownProduct { line: 0 })));
        let many = (0..=MAX_LINES as u128).map(|product| line(product, 1)).collect();
        assert!(matches!(Lines::parse(many), Err(Error::TooManyLines { most: MAX_LINES })));
    }

    #[test]
    fn what_products_says_is_heeded() {
        let archived = Quote { archived: true, ..quote(1, 100, "EUR") };
        assert!(matches!(price(&[line(1, 1)], vec![archived]), Err(Error::ArchivedProduct { line: 0, .. })));
        let mixed = price(&[line(1, 1), line(2, 1)], vec![quote(1, 1, "EUR"), quote(2, 1, "JPY")]);
        assert!(matches!(mixed, Err(Error::MixedCurrencies(..))));
        assert!(matches!(price(&[line(1, 2)], vec![quote(1, i64::MAX, "EUR")]), Err(Error::TooLarge)));
        let unknown = QuoteReply { quotes: vec![], unknown: vec![Uuid::from_u128(1)] };
        let lines = Lines::parse(vec![line(1, 1)]).unwrap();
        assert!(matches!(lines.price(unknown), Err(Error::UnknownProduct { line: 0 })));
        assert!(matches!(lines.price(QuoteReply::default()), Err(Error::QuoteReply(_))));
    }
}
