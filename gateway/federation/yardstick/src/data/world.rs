//! What every field of every object is worth.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use serde_json::{Map, Value as Json, json};

use super::fieldset::{arguments, constant, is_one};
use super::joins::{FieldJoin, Joins};

/// Data without a store, for one operation.
pub struct World<'a> {
    pub joins: &'a Joins,
    seed: u64,
    /// Objects that were handed out, which is how their keys lead back to them.
    known: Mutex<BTreeMap<u64, Name>>,
    /// Root fields of mutations that were called. It goes into their values, so that their order does.
    calls: AtomicU64,
}

/// An object: a number from which its fields follow, and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    id: u64,
    pub ty: Name,
}

/// A field's value.
pub enum Value {
    Null,
    Leaf(Json),
    Object(Thing),
    List(Vec<Value>),
}

/// How long lists are.
const ITEMS: u64 = 2;

impl<'a> World<'a> {
    pub fn new(joins: &'a Joins, seed: u64) -> Self {
        Self { joins, seed, known: Mutex::default(), calls: AtomicU64::new(0) }
    }

    /// The root of an operation.
    pub fn root(&self, ty: Name) -> Thing {
        Thing { id: mix(self.seed), ty }
    }

    /// What a field of an object is worth. `required` is what was sent for what it requires; where nothing could
    /// be sent, it is what the world has.
    pub fn value(&self, of: &Thing, field: &str, sent: &Map<String, Json>, required: Option<Json>) -> Value {
        let Some(definition) = self.joins.definition(&of.ty, field) else { return Value::Null };
        // A subgraph may have arguments of its own, and clients may not see all.
        let all = definition.arguments.iter().filter_map(|argument| {
            let sent = sent.get(argument.name.as_str()).cloned();
            let value = sent.or_else(|| Some(constant(argument.default_value.as_ref()?)))?;
            Some((argument.name.to_string(), value))
        });
        let sent: Map<_, _> = all.collect();
        let answering = self.joins.answering(&of.ty, field);
        let required = match &answering[..] {
            [(_, FieldJoin { requires: Some(set), .. })] => required.unwrap_or_else(|| self.plain(of, set)),
            _ => Json::Null,
        };
        let call = match &self.joins.schema.schema_definition.mutation {
            Some(mutation) if mutation.name == of.ty => self.calls.fetch_add(1, Ordering::Relaxed) + 1,
            _ => 0,
        };
        let text = format!("{field}({}){}", canonical(&sent.into()), canonical(&required));
        let maker = Maker { world: self, field, answering: &answering };
        let seed = hash(mix(of.id ^ call), &text);
        let is_null = seed.is_multiple_of(5) && self.may_be_null(definition, &answering);
        if is_null { Value::Null } else { maker.make(&definition.ty, seed) }
    }

    /// Every other world has nulls. Keys are none: which of several a plan takes is its own affair.
    fn may_be_null(&self, field: &FieldDefinition, answering: &[(usize, &FieldJoin)]) -> bool {
        let is_nullable = answering.iter().all(|(_, join)| !join.ty.is_non_null());
        self.seed.is_multiple_of(2) && is_nullable && !self.joins.is_in_key(&field.name)
    }

    /// The fields of a set as JSON.
    pub fn plain(&self, of: &Thing, set: &SelectionSet) -> Json {
        let mut found = Map::new();
        self.collect(of, set, &mut found);
        found.into()
    }

    fn collect(&self, of: &Thing, set: &SelectionSet, found: &mut Map<String, Json>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let value = self.value(of, &field.name, &arguments(field), None);
                    found.insert(field.name.to_string(), self.json(&value, &field.selection_set));
                }
                Selection::InlineFragment(fragment) => {
                    if fragment.type_condition.as_ref().is_none_or(|it| is_one(self.joins, it, &of.ty)) {
                        self.collect(of, &fragment.selection_set, found);
                    }
                }
                Selection::FragmentSpread(_) => unreachable!("sets of fields have no named fragments"),
            }
        }
    }

    fn json(&self, value: &Value, set: &SelectionSet) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Leaf(leaf) => leaf.clone(),
            Value::Object(thing) => self.plain(thing, set),
            Value::List(items) => items.iter().map(|item| self.json(item, set)).collect(),
        }
    }

    /// The object of a type of which the fields of a key are worth that much.
    ///
    /// # Panics
    /// When that means several: keys are as good as unique.
    pub fn find(&self, ty: &Name, key: &SelectionSet, fields: &Json) -> Option<Thing> {
        let known = self.known.lock().expect("nobody panics holding it").clone();
        let things = known.into_iter().filter(|(_, it)| is_one(self.joins, ty, it));
        let mut found = things.map(|(id, ty)| Thing { id, ty }).filter(|it| self.plain(it, key) == *fields);
        let first = found.next();
        assert!(first.is_none() || found.next().is_none(), "{ty} by {fields} is more than one");
        first
    }

    fn object(&self, ty: Name, id: u64) -> Thing {
        self.known.lock().expect("nobody panics holding it").insert(id, ty.clone());
        Thing { id, ty }
    }
}

/// Makes one field's value.
struct Maker<'a> {
    world: &'a World<'a>,
    field: &'a str,
    answering: &'a [(usize, &'a FieldJoin)],
}

impl Maker<'_> {
    fn make(&self, ty: &Type, seed: u64) -> Value {
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                Value::List((1..=ITEMS).map(|at| self.make(item, mix(seed ^ at))).collect())
            }
            Type::Named(name) | Type::NonNullNamed(name) => self.named(name, seed),
        }
    }

    fn named(&self, name: &Name, seed: u64) -> Value {
        match (name.as_str(), self.world.joins.schema.types.get(name)) {
            ("Int", _) => Value::Leaf(json!(seed % (1 << 31))),
            ("Float", _) => Value::Leaf(json!((seed % (1 << 31)) as f64 + 0.5)),
            ("Boolean", _) => Value::Leaf(json!(seed.is_multiple_of(2))),
            (_, Some(ExtendedType::Enum(_))) => {
                self.one_of(seed, Joins::enum_values).map_or(Value::Null, |it| Value::Leaf(json!(it)))
            }
            (_, Some(ExtendedType::Scalar(_)) | None) => {
                Value::Leaf(json!(format!("{}-{seed:x}", self.field)))
            }
            _ => self
                .one_of(seed, Joins::possible)
                .map_or(Value::Null, |it| Value::Object(self.world.object(it, mix(seed)))),
        }
    }

    /// One of the values or types that everybody knows who can answer the field; where there is none, one that
    /// somebody knows. An interface may have no objects at all.
    fn one_of(&self, seed: u64, known: fn(&Joins, usize, &Name) -> Vec<Name>) -> Option<Name> {
        let joins = self.world.joins;
        let sets: Vec<Vec<Name>> =
            self.answering.iter().map(|(at, join)| known(joins, *at, join.ty.inner_named_type())).collect();
        let mut any: Vec<Name> = sets.iter().flatten().cloned().collect();
        any.sort();
        any.dedup();
        let all: Vec<Name> =
            any.iter().filter(|name| sets.iter().all(|set| set.contains(name))).cloned().collect();
        let choices = if all.is_empty() { any } else { all };
        let at = mix(seed ^ 7).checked_rem(choices.len() as u64)?;
        choices.get(at as usize).cloned()
    }
}

/// JSON in one order of keys.
fn canonical(json: &Json) -> String {
    match json {
        Json::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let fields: Vec<_> =
                sorted.iter().map(|(key, value)| format!("{key}:{}", canonical(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        // A float may have been written without its fraction on the way.
        Json::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |it| it.to_string()),
        leaf => leaf.to_string(),
    }
}

/// FNV-1a, which is the same everywhere, always.
fn hash(seed: u64, text: &str) -> u64 {
    mix(text.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// The finalizer of SplitMix64.
fn mix(seed: u64) -> u64 {
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}
