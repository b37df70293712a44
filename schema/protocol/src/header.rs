//! Header names, exactly as they are sent: NATS compares them case-sensitively.

use async_nats::header::{HeaderMap, HeaderName, IntoHeaderValue};

/// What is left of the deadline in milliseconds, counted from receipt.
pub const TIMEOUT_MS: &str = "Graphql-Timeout-Ms";
/// The verified claims, see [`crate::Identity`].
pub const IDENTITY: &str = "Graphql-Identity";
/// The client's address as the gateway saw it.
pub const CLIENT_ADDRESS: &str = "Graphql-Client-Address";
/// The client's user agent as the gateway saw it.
pub const CLIENT_AGENT: &str = "Graphql-Client-Agent";
/// What the requester can take, comma separated: `parts`.
pub const ACCEPT: &str = "Graphql-Accept";
/// Which instance answered, or announces itself.
pub const INSTANCE: &str = "Graphql-Instance";
/// `up` or `down` in an announcement.
pub const STATE: &str = "Graphql-State";
/// `<n>/<total>`, from 1.
pub const PART: &str = "Graphql-Part";
/// The token under which an instance hears the rest of a request.
pub const CONTROL: &str = "Graphql-Control";
/// What a reply or a control message of a stream is, see [`crate::stream`].
pub const STREAM: &str = "Graphql-Stream";
/// The number of a stream's message.
pub const SEQ: &str = "Graphql-Seq";
/// The number of the last message of a stream that has come.
pub const ACK: &str = "Graphql-Ack";
/// In a failure whose code would mean "not executed": the operation did run, only its result can't be sent.
pub const EXECUTED: &str = "Graphql-Executed";
/// What makes a repeated mutation recognisable.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// W3C trace context, the vendors' part.
pub const TRACESTATE: &str = "tracestate";
/// A failure's code, as the NATS Services API names it.
pub const ERROR_CODE: &str = "Nats-Service-Error-Code";
/// A failure's text, as the NATS Services API names it.
pub const ERROR: &str = "Nats-Service-Error";

/// What [`ACCEPT`] says of a requester that takes parts.
pub const ACCEPT_PARTS: &str = "parts";

/// Reads a header's first value.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(HeaderName::from_static(name)).map(async_nats::HeaderValue::as_str)
}

/// Sets a header. `HeaderMap::insert` copies a name that it gets as text, and checks it, each time.
pub fn set(headers: &mut HeaderMap, name: &'static str, value: impl IntoHeaderValue) {
    headers.insert(HeaderName::from_static(name), value);
}

/// Whether a requester says that it takes a reply in parts.
#[must_use]
pub fn accepts_parts(headers: &HeaderMap) -> bool {
    get(headers, ACCEPT).is_some_and(|accept| accept.split(',').any(|item| item.trim() == ACCEPT_PARTS))
}

/// Makes any text a header value: printable ASCII on one line. Everything else becomes `?`, since a value with a line
/// break would be another header.
#[must_use]
pub fn ascii(text: &str) -> String {
    text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect()
}

/// Whether a client's header may be forwarded under this name: lower-case, no `graphql-*` and no `nats-*` (those are
/// the gateway's word), and a name that the wire can carry.
#[must_use]
pub fn is_forwardable(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_graphic() && byte != b':' && !byte.is_ascii_uppercase();
    let reserved = ["graphql-", "nats-"].iter().any(|prefix| name.starts_with(prefix));
    let own = [IDEMPOTENCY_KEY, TRACEPARENT, TRACESTATE].iter().any(|own| own.eq_ignore_ascii_case(name));
    !name.is_empty() && name.bytes().all(token) && !reserved && !own
}

/// How many bytes the headers take on the wire. The server counts them into `max_payload`.
#[must_use]
pub fn wire_size(headers: &HeaderMap) -> usize {
    if headers.is_empty() {
        return 0;
    }
    let line = |name: &str, value: &str| name.len() + ": ".len() + value.len() + "\r\n".len();
    let lines: usize = headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| line(name.as_ref(), value.as_str())))
        .sum();
    "NATS/1.0\r\n".len() + lines + "\r\n".len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_forwarded() {
        for name in ["accept-language", "x-request-id", "x_1"] {
            assert!(is_forwardable(name), "{name:?} was refused");
        }
        for name in [
            "",
            "Accept-Language",
            "graphql-identity",
            "nats-service-error",
            "a:b",
            "a b",
            "ü",
            "traceparent",
            "idempotency-key",
        ] {
            assert!(!is_forwardable(name), "{name:?} was taken");
        }
    }

    #[test]
    fn the_size_is_that_of_the_wire() {
        let mut headers = HeaderMap::new();
        assert_eq!(wire_size(&headers), 0);
        headers.insert(PART, "1/2");
        assert_eq!(wire_size(&headers), "NATS/1.0\r\nGraphql-Part: 1/2\r\n\r\n".len());
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_value(text in ".*") {
            let value = ascii(&text);
            prop_assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            prop_assert!(value.parse::<async_nats::HeaderValue>().is_ok());
        }

        #[test]
        fn a_plain_value_is_kept(text in "[ -~]*") {
            prop_assert_eq!(ascii(&text), text);
        }
    }
}
