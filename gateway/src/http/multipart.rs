//! An answer in parts, as `multipart/mixed`.
//!
//! Two forms are spoken: Apollo Client's of 2022 (`deferSpec=20220824`) and that of the incremental delivery
//! draft (`incrementalSpec=v0.2`, and what doesn't say which). Each part ends with the next boundary, so that a
//! client can read it without waiting for the part that follows.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

use crate::{
    execute::{ExecutionError, Increment, Part, Pending},
    pipeline::Parts,
};

/// How parts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `deferSpec=20220824`: each increment says its path and label.
    Apollo,
    /// The draft: increments are announced, and go by an id.
    Draft,
}

const FIRST_BOUNDARY: &[u8] = b"\r\n---";
const HEAD: &[u8] = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n";
const BOUNDARY: &[u8] = b"\r\n---";

impl Form {
    /// As it stands in `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Apollo => r#"multipart/mixed; boundary="-"; deferSpec=20220824"#,
            Self::Draft => r#"multipart/mixed; boundary="-"; incrementalSpec=v0.2"#,
        }
    }

    fn json(self, part: Part) -> Vec<u8> {
        let Part { result, pending, increments, has_next } = part;
        let is_first = result.is_some();
        let mut json = result.map_or_else(|| vec![b'{'], |result| result.into_open_body());
        let mut entries = Entries { json: &mut json, separate: is_first };
        match self {
            Self::Apollo => {
                if !increments.is_empty() {
                    entries.add("incremental", &increments.iter().map(ByPath).collect::<Vec<_>>());
                }
            }
            Self::Draft => {
                if !pending.is_empty() {
                    entries.add("pending", &pending.iter().map(Announced).collect::<Vec<_>>());
                }
                if !increments.is_empty() {
                    let there: Vec<_> =
                        increments.iter().filter(|it| it.result.data() != b"null").map(ById).collect();
                    if !there.is_empty() {
                        entries.add("incremental", &there);
                    }
                    entries.add("completed", &increments.iter().map(Completed).collect::<Vec<_>>());
                }
            }
        }
        entries.add("hasNext", &has_next);
        json.push(b'}');
        json
    }
}

/// The body of an answer in parts. Where they end too soon, a last one says that no other follows.
pub(super) fn body(parts: Parts, form: Form) -> Body {
    let state = Some((parts, FIRST_BOUNDARY));
    Body::from_stream(stream::unfold(state, move |state| async move {
        let (mut parts, before) = state?;
        let part = parts.next().await;
        let has_next = part.as_ref().is_some_and(|part| part.has_next);
        let json = part.map_or_else(|| br#"{"hasNext":false}"#.to_vec(), |part| form.json(part));
        let mut chunk = [before, HEAD, &json, BOUNDARY].concat();
        if !has_next {
            chunk.extend_from_slice(b"--\r\n");
        }
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), has_next.then_some((parts, &b""[..]))))
    }))
}

/// Entries of a JSON object that has been begun.
struct Entries<'a> {
    json: &'a mut Vec<u8>,
    separate: bool,
}

impl Entries<'_> {
    fn add(&mut self, key: &str, value: &impl Serialize) {
        if std::mem::replace(&mut self.separate, true) {
            self.json.push(b',');
        }
        self.json.extend_from_slice(format!("\"{key}\":").as_bytes());
        serde_json::to_writer(&mut *self.json, value).expect("maps have string keys and go to memory");
    }
}

struct Announced<'a>(&'a Pending);
struct ByPath<'a>(&'a Increment);
struct ById<'a>(&'a Increment);
struct Completed<'a>(&'a Increment);

impl Serialize for Announced<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.0.id.to_string())?;
        map.serialize_entry("path", &self.0.path)?;
        if let Some(label) = &self.0.label {
            map.serialize_entry("label", label)?;
        }
        map.end()
    }
}

impl Serialize for ByPath<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Increment { pending, result } = self.0;
        let mut map = serializer.serialize_map(None)?;
        if let Some(label) = &pending.label {
            map.serialize_entry("label", label)?;
        }
        map.serialize_entry("path", &pending.path)?;
        map.serialize_entry("data", raw(result.data()))?;
        errors(&mut map, &result.errors)?;
        map.end()
    }
}

impl Serialize for ById<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Increment { pending, result } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &pending.id.to_string())?;
        map.serialize_entry("data", raw(result.data()))?;
        errors(&mut map, &result.errors)?;
        map.end()
    }
}

impl Serialize for Completed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Increment { pending, result } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &pending.id.to_string())?;
        // Errors that took all of the data; others stand beside it.
        if result.data() == b"null" {
            errors(&mut map, &result.errors)?;
        }
        map.end()
    }
}

fn raw(json: &[u8]) -> &RawValue {
    serde_json::from_slice(json).expect("data is written as JSON")
}

fn errors<M: serde::ser::SerializeMap>(map: &mut M, errors: &[ExecutionError]) -> Result<(), M::Error> {
    if errors.is_empty() { Ok(()) } else { map.serialize_entry("errors", errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_that_end_too_soon_end_the_answer_all_the_same() {
        let part = Part { result: None, pending: Vec::new(), increments: Vec::new(), has_next: true };
        let body = body(Parts::of(vec![part]), Form::Draft);
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let head = "content-type: application/json; charset=utf-8\r\n\r\n";
        let expected = format!(
            "\r\n---\r\n{head}{{\"hasNext\":true}}\r\n---\r\n{head}{{\"hasNext\":false}}\r\n-----\r\n"
        );
        assert_eq!(text, expected);
    }
}
