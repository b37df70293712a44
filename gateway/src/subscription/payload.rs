//! What an event brings, and how it becomes the reply of the fetch that it stands for.

use apollo_compiler::ast::{Definition, Document, Selection};
use apollo_compiler::{Schema, schema::ExtendedType};
use serde_json::{Map, Value};
use tributary_federation::event::PayloadShape;

/// An event's payload: a representation of the object that it tells about.
#[derive(Debug)]
pub struct Payload {
    /// What it says.
    pub fields: Map<String, Value>,
    /// What it has, which decides about the plan.
    pub shape: PayloadShape,
}

/// A payload that isn't one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It can't be read.
    #[error("the event's payload isn't JSON")]
    NoJson,
    /// It is something else.
    #[error("the event's payload is no JSON object with a __typename")]
    NoRepresentation,
}

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// Where it is no JSON object with a `__typename` (PROTOCOL.md, section 5).
    pub fn read(bytes: &[u8]) -> Result<Self, PayloadError> {
        match serde_json::from_slice(bytes).map_err(|_| PayloadError::NoJson)? {
            Value::Object(fields) if fields.get("__typename").is_some_and(Value::is_string) => {
                Ok(Self { shape: shape(&fields), fields })
            }
            _ => Err(PayloadError::NoRepresentation),
        }
    }
}

/// What an object has. A null counts as a leaf: where it stands for an object, planning doesn't take it, since it says
/// nothing of what would be in there.
fn shape(fields: &Map<String, Value>) -> PayloadShape {
    let mut shape = PayloadShape::default();
    for (name, value) in fields {
        match (&**name, value) {
            ("__typename", Value::String(typename)) => shape.typename = Some(typename.as_str().into()),
            _ => drop(shape.fields.insert(name.as_str().into(), below(value))),
        }
    }
    shape
}

/// What all objects in a value have.
fn below(value: &Value) -> Option<PayloadShape> {
    match value {
        Value::Object(fields) => Some(shape(fields)),
        Value::Array(items) => {
            let mut items = items.iter().filter(|item| !item.is_null());
            let first = below(items.next()?)?;
            Some(items.fold(first, |shape, item| match below(item) {
                Some(other) => common(shape, &other),
                None => PayloadShape::default(),
            }))
        }
        _ => None,
    }
}

fn common(mut one: PayloadShape, other: &PayloadShape) -> PayloadShape {
    if one.typename != other.typename {
        one.typename = None;
    }
    let fields = std::mem::take(&mut one.fields);
    for (name, below) in fields {
        match (below, other.fields.get(&name)) {
            (Some(below), Some(Some(other))) => drop(one.fields.insert(name, Some(common(below, other)))),
            (None, Some(None)) => drop(one.fields.insert(name, None)),
            // An object in one of them and none in the other: nothing is certain.
            _ => {}
        }
    }
    one
}

/// The selection of a plan's first fetch, by which a payload is written as that fetch's reply: fields under the
/// response keys that the plan reads.
#[derive(Debug)]
pub struct Reply(Vec<Selected>);

#[derive(Debug)]
struct Selected {
    /// The response key as JSON, with its colon.
    key: Box<str>,
    field: Box<str>,
    below: Vec<Selected>,
}

impl Reply {
    /// Reads the text of a plan's first fetch, for payloads of one type. `None`: it is no operation.
    pub fn new(query: &str, schema: &Schema, typename: &str) -> Option<Self> {
        let document = Document::parse(query, "fetch.graphql").ok()?;
        let operation = document.definitions.iter().find_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        })?;
        // The root field's objects are the payload; what is below them has types that the plan is certain of.
        let mut selected = Vec::new();
        for root in &operation.selection_set {
            let Selection::Field(root) = root else { continue };
            let mut below = Vec::new();
            read(&root.selection_set, &|on| may_be(schema, typename, on), &mut below);
            selected.push(Selected { key: key(root.response_name()), field: "".into(), below });
        }
        Some(Self(selected))
    }

    /// The fetch's reply as an execution result.
    pub fn write(&self, payload: &Map<String, Value>) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"data\":{");
        for (at, root) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(root.key.as_bytes());
            object(&root.below, payload, &mut out);
        }
        out.extend_from_slice(b"}}");
        out
    }
}

fn key(name: &str) -> Box<str> {
    format!("\"{name}\":").into()
}

fn read(selections: &[Selection], applies: &dyn Fn(&str) -> bool, into: &mut Vec<Selected>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let mut below = Vec::new();
                read(&field.selection_set, &|_| true, &mut below);
                into.push(Selected {
                    key: key(field.response_name()),
                    field: field.name.as_str().into(),
                    below,
                });
            }
            Selection::InlineFragment(fragment) => {
                if fragment.type_condition.as_ref().is_none_or(|on| applies(on)) {
                    read(&fragment.selection_set, applies, into);
                }
            }
            // Fetches have none.
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Whether objects of that type are of the other one. What clients can't see isn't in their schema, and isn't asked
/// for on any other type than it is for.
fn may_be(schema: &Schema, typename: &str, on: &str) -> bool {
    typename == on
        || match schema.types.get(on) {
            Some(ExtendedType::Union(union)) => {
                union.members.iter().any(|member| member.as_str() == typename)
            }
            Some(ExtendedType::Interface(_)) => match schema.types.get(typename) {
                Some(ExtendedType::Object(object)) => {
                    object.implements_interfaces.iter().any(|interface| interface.as_str() == on)
                }
                _ => false,
            },
            _ => false,
        }
}

/// What the payload lacks is left out: the plan didn't count on it.
fn object(selected: &[Selected], fields: &Map<String, Value>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut separate = false;
    for Selected { key, field, below } in selected {
        let Some(found) = fields.get(&**field) else { continue };
        if std::mem::replace(&mut separate, true) {
            out.push(b',');
        }
        out.extend_from_slice(key.as_bytes());
        value(below, found, out);
    }
    out.push(b'}');
}

fn value(below: &[Selected], found: &Value, out: &mut Vec<u8>) {
    match found {
        Value::Object(fields) if !below.is_empty() => object(below, fields, out),
        Value::Array(items) if !below.is_empty() => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                value(below, item, out);
            }
            out.push(b']');
        }
        other => serde_json::to_writer(out, other).expect("values have string keys and go to memory"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(value: Value) -> Payload {
        Payload::read(value.to_string().as_bytes()).unwrap()
    }

    /// `{a b{c}}`
    fn shown(shape: &PayloadShape) -> String {
        let mut fields = Vec::new();
        for (name, below) in &shape.fields {
            fields.push(format!("{name}{}", below.as_ref().map(shown).unwrap_or_default()));
        }
        format!("{{{}}}", fields.join(" "))
    }

    #[test]
    fn a_shape_has_what_every_object_has() {
        for (value, expected) in [
            (json!({"id": 1, "name": null}), "{id name}"),
            (json!({"buyer": {"__typename": "User", "id": 1}}), "{buyer{id}}"),
            (json!({"lines": [{"a": 1, "b": 2}, {"b": 1, "c": 1}]}), "{lines{b}}"),
            (json!({"lines": [{"a": 1}, null]}), "{lines{a}}"),
            (json!({"lines": []}), "{lines}"),
            (json!({"lines": [null]}), "{lines}"),
            (json!({"tags": ["a", "b"]}), "{tags}"),
            (json!({"rows": [[{"a": 1}], [{"a": 2, "b": 1}]]}), "{rows{a}}"),
            (json!({"lines": [{"a": {"x": 1}}, {"a": 1}]}), "{lines{}}"),
        ] {
            let mut value = value;
            value["__typename"] = "T".into();
            let payload = payload(value.clone());
            assert_eq!(shown(&payload.shape), expected, "{value}");
            assert_eq!(payload.shape.typename.as_deref(), Some("T"));
        }
    }

    #[test]
    fn what_is_no_representation_is_refused() {
        for (text, why) in [
            ("", PayloadError::NoJson),
            ("{\"__typename\":\"T\"", PayloadError::NoJson),
            ("[1]", PayloadError::NoRepresentation),
            ("{\"id\":1}", PayloadError::NoRepresentation),
            ("{\"__typename\":1}", PayloadError::NoRepresentation),
        ] {
            assert_eq!(Payload::read(text.as_bytes()).unwrap_err(), why, "{text}");
        }
        let deep = format!("{{\"__typename\":\"T\",\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Payload::read(deep.as_bytes()).unwrap_err(), PayloadError::NoJson);
    }

    #[test]
    fn a_payload_is_written_as_the_reply() {
        let schema = Schema::parse(
            "type Query { a: Int } interface Node { id: ID } union Any = Order | User
             type Order implements Node { id: ID } type User implements Node { id: ID }",
            "s",
        )
        .unwrap();
        let query = "subscription($id:ID!){o:orderUpdated(id:$id){__typename i:id lines{n:count @include(if:$x) product{id}} \
                     ...on Order{state:status} ...on User{name} ...on Node{m:memo} ...on Any{k:kind}}}";
        let reply = Reply::new(query, &schema, "Order").unwrap();
        let payload = payload(json!({
            "__typename": "Order", "id": "1", "status": "A\"B", "name": "x", "memo": null, "kind": 1.50,
            "lines": [{"count": 1, "product": {"id": 2, "more": 3}}, {"count": 2}, null],
        }));
        assert_eq!(
            String::from_utf8(reply.write(&payload.fields)).unwrap(),
            r#"{"data":{"o":{"__typename":"Order","i":"1","lines":[{"n":1,"product":{"id":2}},{"n":2},null],"state":"A\"B","m":null,"k":1.5}}}"#
        );
    }
}
