//! Money: an amount in minor units of one currency. Nothing here rounds, and nothing overflows silently.

use std::fmt;

use async_graphql::{
    ComplexObject, InputObject, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value,
};
use serde::{Deserialize, Serialize};

use crate::{Currency, Refusal};

/// An amount in a currency's minor unit (cents of a euro, whole yen), a signed 64-bit integer.
///
/// It is written as a JSON number. Clients whose numbers are doubles (JavaScript) may send it as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinorUnits(pub i64);

/// An amount in a currency's minor unit (cents of a euro, whole yen): a signed 64-bit integer, as a number or a string.
#[Scalar]
impl ScalarType for MinorUnits {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        parsed.map(MinorUnits).ok_or_else(|| InputValueError::custom("not a whole number of 64 bits"))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// An amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, SimpleObject, Serialize, Deserialize)]
#[graphql(complex, shareable)]
pub struct Money {
    /// In the currency's minor unit.
    pub amount: MinorUnits,
    /// Which currency; in the graph its code.
    #[graphql(skip)]
    pub currency: Currency,
}

#[ComplexObject]
impl Money {
    /// The currency's code by ISO 4217.
    async fn currency(&self) -> &str {
        self.currency.code()
    }
}

/// An amount of one currency.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct MoneyInput {
    /// In the currency's minor unit.
    pub amount: MinorUnits,
    /// The currency's code by ISO 4217.
    pub currency: String,
}

/// Why an amount can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code isn't one of ISO 4217's.
    #[error("`{0}` is no currency of ISO 4217")]
    UnknownCurrency(String),
    /// Two currencies met in one sum.
    #[error("{0} and {1} can't be added: one currency only")]
    MixedCurrencies(Currency, Currency),
    /// The result has more than 64 bits.
    #[error("the amount is too large")]
    Overflow,
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Refusal {
        Refusal::bad_input(error.to_string())
    }
}

impl Money {
    /// `amount` minor units of `currency`.
    pub fn new(amount: i64, currency: Currency) -> Money {
        Money { amount: MinorUnits(amount), currency }
    }

    /// Nothing, in `currency`.
    pub fn zero(currency: Currency) -> Money {
        Money::new(0, currency)
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let amount = self.amount.0.checked_add(other.amount.0).ok_or(MoneyError::Overflow)?;
        Ok(Money::new(amount, self.currency))
    }

    /// This amount `quantity` times, if it fits.
    pub fn checked_mul(self, quantity: i64) -> Result<Money, MoneyError> {
        let amount = self.amount.0.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Money::new(amount, self.currency))
    }

    /// The sum of all; `None` of none, since nothing has no currency.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Money>) -> Result<Option<Money>, MoneyError> {
        amounts.into_iter().try_fold(None, |sum: Option<Money>, amount| match sum {
            None => Ok(Some(amount)),
            Some(sum) => sum.checked_add(amount).map(Some),
        })
    }
}

impl TryFrom<MoneyInput> for Money {
    type Error = MoneyError;

    fn try_from(input: MoneyInput) -> Result<Money, MoneyError> {
        Ok(Money { amount: input.amount, currency: input.currency.parse()? })
    }
}

/// With the currency's decimals, for logs and messages: `12.34 EUR`, `500 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let sign = if self.amount.0 < 0 { "-" } else { "" };
        let magnitude = self.amount.0.unsigned_abs();
        let unit = 10u64.pow(exponent);
        write!(f, "{sign}{}", magnitude / unit)?;
        if exponent > 0 {
            write!(f, ".{:0width$}", magnitude % unit, width = exponent as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::InputType;
    use proptest::prelude::*;

    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn sums_and_products_are_checked() {
        assert_eq!(money(150, "EUR").checked_add(money(-50, "EUR")), Ok(money(100, "EUR")));
        assert_eq!(money(i64::MAX, "EUR").checked_add(money(1, "EUR")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MAX / 2, "EUR").checked_mul(3), Err(MoneyError::Overflow));
        let (euro, yen) = ("EUR".parse().unwrap(), "JPY".parse().unwrap());
        assert_eq!(money(1, "EUR").checked_add(money(1, "JPY")), Err(MoneyError::MixedCurrencies(euro, yen)));
        assert_eq!(Money::checked_sum([]), Ok(None));
        assert_eq!(Money::checked_sum([money(1, "EUR"), money(2, "EUR")]), Ok(Some(money(3, "EUR"))));
    }

    #[test]
    fn it_is_shown_with_the_currencys_decimals() {
        assert_eq!(money(1234, "EUR").to_string(), "12.34 EUR");
        assert_eq!(money(-5, "EUR").to_string(), "-0.05 EUR");
        assert_eq!(money(500, "JPY").to_string(), "500 JPY");
        assert_eq!(money(1_005, "KWD").to_string(), "1.005 KWD");
        assert_eq!(money(i64::MIN, "EUR").to_string(), "-92233720368547758.08 EUR");
    }

    #[test]
    fn between_services_it_is_two_plain_fields() {
        let json = serde_json::to_string(&money(1999, "EUR")).unwrap();
        assert_eq!(json, r#"{"amount":1999,"currency":"EUR"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money(1999, "EUR"));
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"ZZZ"}"#).is_err());
    }

    #[test]
    fn minor_units_are_whole_numbers_or_strings_of_them() {
        let parse = |json: serde_json::Value| {
            <MinorUnits as InputType>::parse(Some(Value::from_json(json).unwrap())).ok().map(|units| units.0)
        };
        assert_eq!(parse(serde_json::json!(42)), Some(42));
        assert_eq!(parse(serde_json::json!("9223372036854775807")), Some(i64::MAX));
        for bad in [
            serde_json::json!(1.5),
            serde_json::json!("1.0"),
            serde_json::json!("9223372036854775808"),
            serde_json::json!(true),
        ] {
            assert_eq!(parse(bad.clone()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn checked_arithmetic_agrees_with_128_bits(a: i64, b: i64, quantity: i64) {
            let sum = i128::from(a) + i128::from(b);
            prop_assert_eq!(money(a, "EUR").checked_add(money(b, "EUR")).ok().map(|m| i128::from(m.amount.0)),
                i64::try_from(sum).is_ok().then_some(sum));
            let product = i128::from(a) * i128::from(quantity);
            prop_assert_eq!(money(a, "EUR").checked_mul(quantity).ok().map(|m| i128::from(m.amount.0)),
                i64::try_from(product).is_ok().then_some(product));
        }
    }
}
