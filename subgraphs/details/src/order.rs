//! What an order's lines add up to. Pure: the lines come from orders, the weights from the store.

use std::collections::HashMap;

use shop::Money;
use uuid::Uuid;

use crate::Error;

/// A line of an order, as sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What; an id that isn't one of ours is nobody's weight.
    pub product_id: String,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price: Money,
}

impl Line {
    /// The price of all of the line.
    pub fn subtotal(&self) -> Result<Money, Error> {
        Ok(self.unit_price.checked_mul(self.quantity.into())?)
    }

    /// What all of the line weighs, if the weight of one is known.
    pub fn weight_grams(&self, of_one: Option<i32>) -> Result<Option<i32>, Error> {
        let weight = |of_one: i32| of_one.checked_mul(self.quantity).ok_or(Error::TooHeavy);
        of_one.map(weight).transpose()
    }

    /// The product's id, if it has the form of one.
    pub fn product(&self) -> Option<Uuid> {
        shop::input::id(&self.product_id)
    }
}

/// The sum of the lines' subtotals; `None` of an order without lines.
pub fn total(lines: &[Line]) -> Result<Option<Money>, Error> {
    let subtotals = lines.iter().map(Line::subtotal).collect::<Result<Vec<_>, _>>()?;
    Ok(Money::checked_sum(subtotals)?)
}

/// What all lines weigh together; `None` as long as the weight of one product isn't known, because a parcel that is
/// heavier than it says is what a shipping weight is there to prevent.
pub fn shipping_weight_grams(lines: &[Line], weights: &HashMap<Uuid, i32>) -> Result<Option<i32>, Error> {
    let mut sum = 0i32;
    for line in lines {
        let of_one = line.product().and_then(|id| weights.get(&id).copied());
        let Some(weight) = line.weight_grams(of_one)? else { return Ok(None) };
        sum = sum.checked_add(weight).ok_or(Error::TooHeavy)?;
    }
    Ok(Some(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    const DESK: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

    fn line(product: Uuid, quantity: i32, amount: i64, currency: &str) -> Line {
        let unit_price = Money::new(amount, currency.parse().unwrap());
        Line { product_id: product.to_string(), quantity, unit_price }
    }

    #[test]
    fn amounts_are_added_without_losing_any() {
        let lines = [line(LAMP, 3, 1999, "EUR"), line(DESK, 1, 40_000, "EUR")];
        assert_eq!(lines[0].subtotal().unwrap().amount.0, 5997);
        assert_eq!(total(&lines).unwrap().unwrap().amount.0, 45_997);
        assert_eq!(total(&[]).unwrap(), None);
    }

    #[test]
    fn what_does_not_add_up_is_an_error() {
        assert!(matches!(total(&[line(LAMP, 1, 1, "EUR"), line(DESK, 1, 1, "JPY")]), Err(Error::Amounts(_))));
        assert!(matches!(line(LAMP, 2, i64::MAX, "EUR").subtotal(), Err(Error::Amounts(_))));
        let heavy = [line(LAMP, i32::MAX, 1, "EUR"), line(DESK, 1, 1, "EUR")];
        let weights = HashMap::from([(LAMP, 1), (DESK, 1)]);
        assert!(matches!(shipping_weight_grams(&heavy, &weights), Err(Error::TooHeavy)));
        assert!(matches!(heavy[0].weight_grams(Some(2)), Err(Error::TooHeavy)));
    }

    #[test]
    fn a_weight_is_known_when_all_are() {
        let lines = [line(LAMP, 3, 1, "EUR"), line(DESK, 1, 1, "EUR")];
        let weight = |weights: &[(Uuid, i32)]| {
            shipping_weight_grams(&lines, &weights.iter().copied().collect()).unwrap()
        };
        assert_eq!(weight(&[(LAMP, 700), (DESK, 20_000)]), Some(22_100));
        assert_eq!(weight(&[(LAMP, 700)]), None);
        assert_eq!(shipping_weight_grams(&[], &HashMap::new()).unwrap(), Some(0));
    }
}
