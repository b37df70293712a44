//! Order numbers: random, so that nobody counts our orders or guesses a neighbour's, and hard to mistype.

use std::fmt;
use std::str::FromStr;

/// Crockford's base 32: no `I`, `L`, `O` or `U`, which are misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits without the check digit: 45 random bits.
const DIGITS: usize = 9;

/// The number of an order, such as `7K2QM-9XT4C`: nine random digits and a check digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(String);

/// The text is no order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

impl Number {
    /// A new number. That it is unique is for the database to say.
    pub fn random() -> Number {
        let digits: [u8; DIGITS] = std::array::from_fn(|_| rand::random_range(0..32));
        Number::of(&digits)
    }

    /// As people read and write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(digits: &[u8; DIGITS]) -> Number {
        let all = digits.iter().copied().chain([check_digit(digits)]);
        let mut text: String = all.map(|digit| char::from(ALPHABET[usize::from(digit)])).collect();
        text.insert(5, '-');
        Number(text)
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    /// Reads what somebody typed: in any case, with hyphens and spaces anywhere, `O` for zero, `I` or `L` for one.
    fn from_str(text: &str) -> Result<Number, NotANumber> {
        let typed = text.chars().filter(|c| !matches!(c, '-' | ' ')).take(DIGITS + 2);
        let digits: Vec<u8> = typed.map(digit).collect::<Option<_>>().ok_or(NotANumber)?;
        let (&check, data) = digits.split_last().ok_or(NotANumber)?;
        let data: &[u8; DIGITS] = data.try_into().map_err(|_| NotANumber)?;
        if check_digit(data) == check { Ok(Number::of(data)) } else { Err(NotANumber) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn digit(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|&known| char::from(known) == c).map(|position| position as u8)
}

/// The sum of all digits, each weighted with another power of a generator of the field of 32 elements (Horner's
/// rule). A single wrong digit changes it, and so do two that are swapped, wherever they stand.
fn check_digit(digits: &[u8; DIGITS]) -> u8 {
    digits.iter().fold(0, |sum, &digit| times_x(sum ^ digit))
}

/// Multiplies by `x` in GF(2^5), modulo x^5 + x^2 + 1.
fn times_x(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_however_it_is_typed() {
        for _ in 0..200 {
            let number = Number::random();
            assert_eq!(number.as_str().len(), 11);
            for typed in [
                number.to_string(),
                number.as_str().to_lowercase(),
                number.as_str().replace('-', ""),
                number.as_str().replace('0', "o").replace('1', "l"),
                format!(" {number} "),
            ] {
                assert_eq!(typed.parse(), Ok(number.clone()), "{typed}");
            }
        }
    }

    #[test]
    fn one_wrong_digit_and_any_swap_are_noticed() {
        let number = Number::of(&[3, 1, 4, 15, 9, 26, 5, 31, 0]).to_string().replace('-', "");
        let bytes = number.as_bytes();
        for place in 0..bytes.len() {
            for &other in ALPHABET.iter().filter(|&&other| other != bytes[place]) {
                let mut wrong = bytes.to_vec();
                wrong[place] = other;
                assert_eq!(String::from_utf8(wrong).unwrap().parse::<Number>(), Err(NotANumber));
            }
            for with in (place + 1..bytes.len()).filter(|&with| bytes[with] != bytes[place]) {
                let mut swapped = bytes.to_vec();
                swapped.swap(place, with);
                assert_eq!(
                    String::from_utf8(swapped).unwrap().parse::<Number>(),
                    Err(NotANumber),
                    "{place} {with}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", "12345-6789", "ABCDE-FGHJK-M", "UUUUU-UUUUU", "ÄBCDE-12345", "1; drop table"] {
            assert_eq!(text.parse::<Number>(), Err(NotANumber), "{text:?}");
        }
    }
}
