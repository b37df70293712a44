//! What every field is worth: a function of type, id, field and argument, so that all subgraphs agree.

use serde_json::{Value as Json, json};

use super::dice::mix;
use super::world::{COLORS, Required, World};

/// A field's value.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Leaf(Json),
    Object(String, u64),
    List(Vec<Value>),
}

/// How many objects of an entity there are.
const POOL: u64 = 4;

impl World {
    pub fn value(&self, type_name: &str, id: u64, field: &str, argument: i64) -> Value {
        if let Some(key) = key_value(id, field) {
            return key;
        }
        let type_name = if type_name == "J" { "W0" } else { type_name };
        let (object, seed) = (
            self.object(type_name),
            hash(&format!("{}:{id}.{field}({argument})", seed_name(type_name, field))),
        );
        let Some(known) = object.and_then(|object| object.fields.iter().find(|known| known.name == field))
        else {
            return if field.starts_with("color") { self.make("Color", seed, &[]) } else { Value::Null };
        };
        match &known.requires {
            Some(required) => {
                let values = required.iter().map(|one| {
                    let value = self.value(type_name, id, &one.name, one.argument.unwrap_or(3));
                    one.of(&self.told_of(&value, one))
                });
                Value::Leaf(joined(values))
            }
            None => self.make(&known.ty, seed, &self.returned(known)),
        }
    }

    /// A value as JSON, with the fields of its objects that are required.
    fn told_of(&self, value: &Value, required: &Required) -> Json {
        match value {
            Value::Object(type_name, id) => {
                let fields = required.below.iter().filter(|(ty, _)| ty == type_name);
                let pairs =
                    fields.map(|(_, field)| (field.clone(), json_of(&self.value(type_name, *id, field, 3))));
                Json::Object(pairs.collect())
            }
            Value::List(items) => items.iter().map(|item| self.told_of(item, required)).collect(),
            leaf => json_of(leaf),
        }
    }

    /// A value of the type; its objects are of these members.
    fn make(&self, ty: &str, seed: u64, members: &[String]) -> Value {
        let (inner, non_null) = match ty.strip_suffix('!') {
            Some(inner) => (inner, true),
            None => (ty, false),
        };
        if !non_null && seed.is_multiple_of(6) {
            return Value::Null;
        }
        let seed = mix(seed);
        if let Some(item) = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            return Value::List((0..seed % 4).map(|at| self.make(item, mix(seed ^ at), members)).collect());
        }
        match inner {
            "String" => Value::Leaf(json!(format!("s{}", seed % 1000))),
            "ID" => Value::Leaf(json!(format!("i{}", seed % 1000))),
            "Int" => Value::Leaf(json!((seed % 1000) as i64 - 500)),
            "Float" => Value::Leaf(json!((seed % 1000) as f64 / 8.0)),
            "Boolean" => Value::Leaf(json!(seed.is_multiple_of(2))),
            "Color" => Value::Leaf(json!(COLORS[(seed % 3) as usize])),
            "J" => {
                let id = mix(seed) % POOL;
                let members = self.interface_object.as_ref().map_or(1, |it| it.members as u64);
                Value::Object(format!("W{}", id % members), id)
            }
            _ => {
                let member = &members[(seed % members.len() as u64) as usize];
                let id =
                    if member.starts_with(['E', 'C', 'D', 'M']) { mix(seed) % POOL } else { mix(seed) % 64 };
                Value::Object(member.clone(), id)
            }
        }
    }
}

/// What an interface object answers can't depend on the concrete type, which it doesn't know.
fn seed_name<'a>(type_name: &'a str, field: &str) -> &'a str {
    if field.starts_with('j') { "J" } else { type_name }
}

fn key_value(id: u64, field: &str) -> Option<Value> {
    Some(Value::Leaf(match field {
        "id" => json!(id.to_string()),
        "sku" => json!(format!("sku{id}")),
        "ka" => json!(id),
        "kb" => json!(format!("b{id}")),
        "code" => json!(format!("r{id}")),
        "ref" => return Some(Value::Object("Ref".to_owned(), id)),
        _ => return None,
    }))
}

/// The id that a representation's keys mean, if they agree.
pub fn id_of(representation: &serde_json::Map<String, Json>) -> Option<u64> {
    let mut ids = representation.iter().filter_map(|(name, value)| {
        let text = match name.as_str() {
            "id" => value.as_str()?.to_owned(),
            "sku" => value.as_str()?.strip_prefix("sku")?.to_owned(),
            "ka" => value.to_string(),
            "kb" => value.as_str()?.strip_prefix('b')?.to_owned(),
            "ref" => value["code"].as_str()?.strip_prefix('r')?.to_owned(),
            _ => return None,
        };
        text.parse::<u64>().ok()
    });
    let first = ids.next()?;
    ids.all(|other| other == first).then_some(first)
}

pub fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Leaf(leaf) => leaf.clone(),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Object(..) => unreachable!("only leaves are required"),
    }
}

impl Required {
    /// What of a value is required, whatever came with it.
    pub fn of(&self, value: &Json) -> Json {
        match value {
            Json::Array(items) => items.iter().map(|item| self.of(item)).collect(),
            Json::Object(fields) => {
                let mut names: Vec<&str> = self.below.iter().map(|(_, field)| field.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                let there =
                    names.into_iter().filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())));
                Json::Object(there.collect())
            }
            leaf => leaf.clone(),
        }
    }
}

/// What a field that requires others makes of them.
pub fn joined(values: impl Iterator<Item = Json>) -> Json {
    json!(values.map(|value| value.to_string()).collect::<Vec<_>>().join("+"))
}

/// A number for a text.
fn hash(text: &str) -> u64 {
    mix(text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |all, byte| (all ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}
