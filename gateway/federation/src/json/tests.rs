use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

fn ours(text: &[u8]) -> Option<&[u8]> {
    std::str::from_utf8(text).ok()?;
    let mut reader = Reader::new(text);
    let raw = reader.skip_raw().ok()?;
    reader.end().ok()?;
    Some(raw)
}

fn theirs(text: &[u8]) -> Option<&[u8]> {
    serde_json::from_slice::<&RawValue>(text).ok().map(|raw| raw.get().as_bytes())
}

/// Reads a whole value piece by piece and writes it again.
fn rebuild(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
    match reader.kind()? {
        Kind::Object => {
            reader.begin_object()?;
            out.push(b'{');
            let mut comma = None;
            while let Some(key) = reader.next_key()? {
                out.extend(comma.replace(b','));
                out.extend_from_slice(key.quoted());
                out.push(b':');
                rebuild(reader, out)?;
            }
            out.push(b'}');
        }
        Kind::Array => {
            reader.begin_array()?;
            out.push(b'[');
            let mut comma = None;
            while reader.next_element()? {
                out.extend(comma.replace(b','));
                rebuild(reader, out)?;
            }
            out.push(b']');
        }
        _ => out.extend_from_slice(reader.skip_raw()?),
    }
    Ok(())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::vec((".{0,9}", inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn accepts_and_refuses_the_grammar() {
    let cases = [
        "0",
        "-0",
        "01",
        "-",
        "1.",
        "1.5",
        ".5",
        "1e",
        "1e+",
        "1E-9",
        "+1",
        "NaN",
        "true",
        "tru",
        "truex",
        "null",
        r#""""#,
        r#""\u12aF""#,
        r#""\u12g4""#,
        r#""\x""#,
        r#"""#,
        "\"a\nb\"",
        "\"\u{7f}\"",
        r#""\ud800""#,
        "[]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2",
        "{}",
        r#"{"a":1}"#,
        r#"{"a":1,}"#,
        r#"{"a" 1}"#,
        r#"{a:1}"#,
        r#"{"a":}"#,
        "[}",
        "{]",
        " [ 1 , { } ] ",
        "",
        " ",
        "1 1",
        "[[]]",
        r#"{"a":{},"b":[]}"#,
        r#"{"a":{} "b":[]}"#,
        "[{}{}]",
        "[[] []]",
        "\u{feff}1",
    ];
    for case in cases {
        assert_eq!(ours(case.as_bytes()), theirs(case.as_bytes()), "{case}");
    }
    assert_eq!(ours(b"\"\xff\""), None);
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(ours(nested(MAX_DEPTH as usize).as_bytes()).is_some());
    assert_eq!(ours(nested(MAX_DEPTH as usize + 1).as_bytes()), None);
    assert_eq!(ours("[".repeat(1_000_000).as_bytes()), None);
    let siblings = format!("[{}]", vec!["[[]]"; 500].join(","));
    assert!(ours(siblings.as_bytes()).is_some());
}

#[test]
fn integers_of_32_bits() {
    for (text, value) in [
        ("1", Some(1)),
        ("-2147483648", Some(i32::MIN)),
        ("2147483648", None),
        ("1.0", Some(1)),
        ("1e2", Some(100)),
        ("1.5", None),
        ("1e400", None),
    ] {
        assert_eq!(int32(text.as_bytes()), value, "{text}");
    }
}

#[test]
fn keys_are_compared_decoded() {
    let mut reader = Reader::new(br#"{"\u0061b":1}"#);
    reader.begin_object().unwrap();
    let key = reader.next_key().unwrap().unwrap();
    assert!(key.is("ab") && !key.is("\\u0061b"));
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_valid_text(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(ours(text.as_bytes()), Some(text.as_bytes()));
        let mut again = Vec::new();
        rebuild(&mut Reader::new(text.as_bytes()), &mut again).unwrap();
        prop_assert_eq!(String::from_utf8(again).unwrap(), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_text(value in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        prop_assert_eq!(ours(&text), theirs(&text));
        text.truncate(at);
        prop_assert_eq!(ours(&text), theirs(&text));
    }

    #[test]
    fn agrees_with_serde_json_on_json_like_text(text in r#"([\[\]{},:"0-9.eE+\- \\untrfalse]|true|null|"a":){0,24}"#) {
        prop_assert_eq!(ours(text.as_bytes()), theirs(text.as_bytes()));
    }
}

#[test]
fn a_string_ends_where_it_ends_however_long_it_is() {
    for length in 0..100 {
        let plain = "é".repeat(length / 2) + &"x".repeat(length % 2);
        for (special, good) in
            [("\"", true), ("\\n\"", true), ("\n\"", false), ("\u{1f}\"", false), ("", false)]
        {
            let text = format!("\"{plain}{special}");
            assert_eq!(Reader::new(text.as_bytes()).skip().is_ok(), good, "{text:?}");
            // What follows isn't looked at.
            let text = format!("{text} \"{plain}");
            let found = Reader::new(text.as_bytes()).skip_raw();
            if good {
                assert_eq!(found.unwrap().len(), plain.len() + special.len() + 1, "{text:?}");
            }
        }
    }
}
