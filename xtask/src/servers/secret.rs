//! Generated passwords.

use rand::Rng;
use rand::distr::Alphanumeric;

/// A password of 143 bits that needs no escaping in a URL and begins with a letter (nats-server reads an unquoted
/// one that begins with a digit as a number).
pub fn random_secret() -> String {
    let mut rng = rand::rng();
    let first = char::from(rng.random_range(b'a'..=b'z'));
    let rest = (0..23).map(|_| char::from(rng.sample(Alphanumeric)));
    std::iter::once(first).chain(rest).collect()
}
