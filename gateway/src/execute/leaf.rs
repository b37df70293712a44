//! Whether a subgraph's leaf is what the client's type says, and how it is written.

use tributary_federation::json::{Kind, Reader, int32, is_integer};
use tributary_federation::plan::{OutputInner, Plan};

/// Writes a leaf that isn't null; `false` when it isn't of that type.
pub(super) fn write(plan: &Plan, ty: OutputInner, raw: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(kind) = Reader::new(raw).kind() else { return false };
    let fits = match (ty, kind) {
        (OutputInner::Int, Kind::Number) => return write_int(raw, out),
        (OutputInner::Id, Kind::Number) => return write_id(raw, out),
        (OutputInner::Float, Kind::Number) => is_finite(raw),
        (OutputInner::String | OutputInner::Id, Kind::String)
        | (OutputInner::Boolean, Kind::Boolean)
        | (OutputInner::Scalar, _) => true,
        (OutputInner::Enum(id), Kind::String) => {
            let text = Reader::new(raw).text().ok().and_then(|text| text.decode());
            text.is_some_and(|value| plan.enums[id.index()].contains(&value))
        }
        _ => false,
    };
    if fits {
        out.extend_from_slice(raw);
    }
    fits
}

/// What a value of that type must be, for error messages.
pub(super) fn expected(plan: &Plan, ty: OutputInner) -> &str {
    match ty {
        OutputInner::Int => "a 32-bit integer",
        OutputInner::Float => "a number",
        OutputInner::String => "a string",
        OutputInner::Boolean => "a Boolean",
        OutputInner::Id => "a string or an integer",
        OutputInner::Scalar => "a scalar",
        OutputInner::Enum(id) => &plan.enums[id.index()].name,
        OutputInner::Object(_) => "an object",
    }
}

fn write_int(raw: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(value) = int32(raw) else { return false };
    if is_integer(raw) {
        out.extend_from_slice(raw);
    } else {
        // `1.0` is an integer to the specification, and not to every client.
        out.extend_from_slice(value.to_string().as_bytes());
    }
    true
}

/// Whether a number's text means a number: `1e999` doesn't.
fn is_finite(raw: &[u8]) -> bool {
    let is_short = raw.len() < 300 && !raw.iter().any(|byte| matches!(byte, b'e' | b'E'));
    is_short || std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok()).is_some_and(f64::is_finite)
}

/// An ID is always written as a string.
fn write_id(raw: &[u8], out: &mut Vec<u8>) -> bool {
    if !is_integer(raw) {
        return false;
    }
    out.push(b'"');
    out.extend_from_slice(raw);
    out.push(b'"');
    true
}
