//! W3C trace context: a request's place in a distributed trace.

use std::fmt;

use http::HeaderMap;

/// The trace that a request belongs to, and the gateway's own span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The whole trace; made here when the client has none.
    pub trace_id: u128,
    /// The gateway's span: what subgraphs name as their parent.
    pub span_id: u64,
    /// Bit 0: sampled.
    pub flags: u8,
    /// Vendors' entries, passed on unread.
    pub state: Option<String>,
}

/// The specification asks to pass on at least this much; more is dropped, as it may be.
const LONGEST_STATE: usize = 512;

impl TraceContext {
    /// Continues the client's trace if it has one, else begins one.
    pub fn of_request(headers: &HeaderMap) -> Self {
        let span_id = random_id(rand::random::<u64>);
        let parent = headers.get("traceparent").and_then(|value| parse(value.to_str().ok()?));
        let Some((trace_id, flags)) = parent else {
            return Self { trace_id: random_id(rand::random::<u128>), span_id, flags: 0, state: None };
        };
        let state = headers
            .get("tracestate")
            .and_then(|value| value.to_str().ok())
            .filter(|state| state.len() <= LONGEST_STATE)
            .map(str::to_owned);
        Self { trace_id, span_id, flags, state }
    }
}

impl fmt::Display for TraceContext {
    /// As the `traceparent` header is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// Zero means "none" for both kinds of id.
fn random_id<T: Default + PartialEq>(make: impl Fn() -> T) -> T {
    loop {
        let id = make();
        if id != T::default() {
            return id;
        }
    }
}

/// The trace id and flags of a `traceparent`. Versions after 00 may append fields, which are skipped.
fn parse(text: &str) -> Option<(u128, u8)> {
    let mut parts = text.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let parent_id = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    let good = version != 0xff && (version != 0 || parts.next().is_none()) && trace_id != 0 && parent_id != 0;
    good.then_some((trace_id, flags as u8))
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    // `from_str_radix` would take upper case and signs.
    let good = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    good.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(traceparent: &'static str) -> TraceContext {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(traceparent));
        headers.insert("tracestate", HeaderValue::from_static("vendor=1"));
        TraceContext::of_request(&headers)
    }

    #[test]
    fn a_clients_trace_is_continued_with_a_span_of_our_own() {
        let trace = of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(trace.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_ne!(trace.span_id, 0x00f0_67aa_0ba9_02b7);
        assert_eq!((trace.flags, trace.state.as_deref()), (1, Some("vendor=1")));
        assert!(trace.to_string().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(trace.to_string().ends_with("-01"));
    }

    #[test]
    fn what_is_malformed_begins_a_new_trace() {
        for text in [
            "",
            "00-xyz",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            let trace = of(text);
            assert_ne!(trace.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, "{text}");
            assert_eq!(trace.state, None, "a state without its trace means nothing");
        }
    }
}
