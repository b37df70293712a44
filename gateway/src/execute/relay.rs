//! Tells whether a reply can be passed on as it came.

use std::ops::Range;

use tributary_federation::json::{Kind, Reader};

/// Where the `data` object of a reply is, if the reply is valid JSON and holds nothing beside it.
pub(super) fn data_alone(reply: &[u8]) -> Option<Range<usize>> {
    std::str::from_utf8(reply).ok()?;
    let mut reader = Reader::new(reply);
    reader.begin_object().ok()?;
    if !reader.next_key().ok()??.is("data") || reader.kind().ok()? != Kind::Object {
        return None;
    }
    let data = reader.skip_range().ok()?;
    if reader.next_key().ok()?.is_some() {
        return None;
    }
    reader.end().ok()?;
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_alone_passes() {
        assert_eq!(data_alone(br#"{"data":{"a":1}}"#), Some(8..15));
        assert_eq!(data_alone(b" { \"data\" : {} } \n"), Some(12..14));
        for other in [
            r#"{"data":null}"#,
            r#"{"data":{},"errors":[]}"#,
            r#"{"errors":[],"data":{}}"#,
            r#"{"data":{},"extensions":{}}"#,
            r#"{"data":{},"data":{}}"#,
            r#"{"data":{}} x"#,
            r#"{"data":{"a":}}"#,
            r#"{"data":[]}"#,
            "{}",
            "",
        ] {
            assert_eq!(data_alone(other.as_bytes()), None, "{other}");
        }
        assert_eq!(data_alone(b"{\"data\":{\"a\":\"\xff\"}}"), None);
    }
}
