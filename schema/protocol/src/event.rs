//! Section 5: the subjects of events.

use std::fmt::Write as _;

/// Where every event's subject begins.
pub const EVENTS: &str = "events";

/// Makes a token of a subject of any text: what isn't a letter, digit, `_` or `-` is percent-encoded, byte by byte.
/// Publisher and gateway do so alike, so that an id with dots or wildcards in it means nothing else.
///
/// An empty text has no token.
#[must_use]
pub fn encode_token(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => token.push(char::from(byte)),
            _ => write!(token, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    Some(token)
}

/// `events.<subgraph>.<Type>.<id>.<verb>`: what an event is published on. `None` where one of them is empty.
#[must_use]
pub fn event_subject(subgraph: &str, type_name: &str, id: &str, verb: &str) -> Option<String> {
    let id = encode_token(id)?;
    let plain = |text: &str| encode_token(text).is_some_and(|token| token == text);
    [subgraph, type_name, verb]
        .iter()
        .all(|text| plain(text))
        .then(|| format!("{EVENTS}.{subgraph}.{type_name}.{id}.{verb}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_one_token_whatever_is_in_it() {
        assert_eq!(encode_token("a-B_9").as_deref(), Some("a-B_9"));
        assert_eq!(encode_token("a.b *>").as_deref(), Some("a%2Eb%20%2A%3E"));
        assert_eq!(encode_token("ü%").as_deref(), Some("%C3%BC%25"));
        assert_eq!(encode_token(""), None);
        let subject = event_subject("orders", "Order", "a.b", "placed");
        assert_eq!(subject.as_deref(), Some("events.orders.Order.a%2Eb.placed"));
        assert_eq!(event_subject("orders", "Order", "1", "placed.now"), None);
        assert_eq!(event_subject("orders", "Order", "", "placed"), None);
    }

    proptest! {
        #[test]
        fn different_ids_have_different_tokens(a in ".{1,20}", b in ".{1,20}") {
            let (one, other) = (encode_token(&a).unwrap(), encode_token(&b).unwrap());
            prop_assert_eq!(one == other, a == b);
            prop_assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-%".contains(&byte)));
        }
    }
}
