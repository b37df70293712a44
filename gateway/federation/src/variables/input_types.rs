//! A schema's input types as a small table.

use std::collections::HashMap;
use std::fmt::Write as _;

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::schema::{ExtendedType, Schema};

use crate::json::write_string;

/// Defaults are written out only so far: an input object may be its own field's default, and defaults of
/// defaults multiply. What is left out, the subgraph fills in.
const MAX_DEFAULT_DEPTH: u32 = 16;
const MAX_DEFAULT_BYTES: usize = 16 * 1024;

/// The input types of a schema; made once and shared by all programs over it.
#[derive(Debug, Default)]
pub struct InputTypes {
    types: Vec<InputType>,
    by_name: HashMap<Box<str>, InputTypeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputTypeId(u32);

#[derive(Debug)]
pub(super) struct InputType {
    pub name: Box<str>,
    pub kind: InputKind,
}

#[derive(Debug)]
pub(super) enum InputKind {
    Int,
    Float,
    String,
    Boolean,
    Id,
    /// A custom scalar: any JSON.
    Scalar,
    /// The values that a client may use, sorted.
    Enum(Box<[Box<str>]>),
    Object {
        fields: Box<[InputField]>,
        one_of: bool,
    },
}

#[derive(Debug)]
pub(super) struct InputField {
    pub name: Box<str>,
    pub ty: TypeRef,
    /// Coerced already.
    pub default: Option<Box<str>>,
}

/// A type with its wrappers.
#[derive(Clone, Debug)]
pub(super) struct TypeRef {
    pub non_null: bool,
    pub inner: TypeInner,
}

#[derive(Clone, Debug)]
pub(super) enum TypeInner {
    Named(InputTypeId),
    List(Box<TypeRef>),
}

impl InputTypes {
    /// Reads the input types of a schema. It should be the one that clients see: what it lacks can't be sent.
    pub fn new(api: &Schema) -> Self {
        let mut table = Self::default();
        for name in ["Int", "Float", "String", "Boolean", "ID"] {
            table.add(name, built_in(name));
        }
        for (name, ty) in &api.types {
            if let Some(kind) = input_kind(ty).filter(|_| !table.by_name.contains_key(name.as_str())) {
                table.add(name, kind);
            }
        }
        table.add_fields(api);
        table.add_defaults(api);
        table
    }

    pub(super) fn get(&self, id: InputTypeId) -> &InputType {
        &self.types[id.0 as usize]
    }

    /// A type as the table knows it. Validation has refused names that it lacks; were there one, any JSON passes.
    pub(super) fn resolve(&self, ty: &Type) -> TypeRef {
        let inner = match ty {
            Type::Named(name) | Type::NonNullNamed(name) => {
                let id = self.by_name.get(name.as_str()).or_else(|| self.by_name.get("String"));
                TypeInner::Named(*id.expect("the table begins with the built-in types"))
            }
            Type::List(item) | Type::NonNullList(item) => TypeInner::List(Box::new(self.resolve(item))),
        };
        TypeRef { non_null: ty.is_non_null(), inner }
    }

    /// A type as SDL.
    pub(super) fn display(&self, ty: &TypeRef) -> String {
        let mut text = match &ty.inner {
            TypeInner::Named(id) => self.get(*id).name.to_string(),
            TypeInner::List(item) => format!("[{}]", self.display(item)),
        };
        if ty.non_null {
            text.push('!');
        }
        text
    }

    /// A constant of the document's as coerced JSON. It has been validated.
    pub(super) fn constant(&self, ty: &TypeRef, value: &Value) -> Box<str> {
        let mut out = Vec::new();
        self.write_constant(ty, value, None, 0, &mut out);
        String::from_utf8(out).expect("names, numbers and strings are UTF-8").into()
    }

    fn add(&mut self, name: &str, kind: InputKind) {
        let id = InputTypeId(self.types.len() as u32);
        self.types.push(InputType { name: name.into(), kind });
        self.by_name.insert(name.into(), id);
    }

    /// Fields refer to types, so they come when all types have their numbers.
    fn add_fields(&mut self, api: &Schema) {
        for index in 0..self.types.len() {
            let Some(ExtendedType::InputObject(object)) = api.types.get(&*self.types[index].name) else {
                continue;
            };
            let fields = object.fields.values().map(|field| InputField {
                name: field.name.as_str().into(),
                ty: self.resolve(&field.ty),
                default: None,
            });
            let fields = fields.collect();
            let one_of = object.directives.has("oneOf");
            self.types[index].kind = InputKind::Object { fields, one_of };
        }
    }

    /// Defaults contain the defaults of what they leave out, so they come when all fields are known.
    fn add_defaults(&mut self, api: &Schema) {
        let mut defaults = Vec::new();
        for (index, ty) in self.types.iter().enumerate() {
            let InputKind::Object { fields, .. } = &ty.kind else { continue };
            for (at, field) in fields.iter().enumerate() {
                if let Some(value) = default_of(api, &ty.name, &field.name) {
                    let mut out = Vec::new();
                    self.write_constant(&field.ty, value, Some(api), 0, &mut out);
                    defaults.push((index, at, String::from_utf8(out).expect("all parts are UTF-8")));
                }
            }
        }
        for (index, at, default) in defaults {
            if let InputKind::Object { fields, .. } = &mut self.types[index].kind {
                fields[at].default = Some(default.into());
            }
        }
    }

    /// `api` is where fields' defaults are looked up while the table has none yet.
    fn write_constant(
        &self,
        ty: &TypeRef,
        value: &Value,
        api: Option<&Schema>,
        depth: u32,
        out: &mut Vec<u8>,
    ) {
        match (&ty.inner, value) {
            (_, Value::Null) => out.extend_from_slice(b"null"),
            (TypeInner::List(item), Value::List(values)) => {
                separated(values, (b'[', b']'), out, |value, out| {
                    self.write_constant(item, value, api, depth, out)
                });
            }
            (TypeInner::List(item), single) => {
                out.push(b'[');
                self.write_constant(item, single, api, depth, out);
                out.push(b']');
            }
            (TypeInner::Named(id), Value::Object(entries)) => match &self.get(*id).kind {
                InputKind::Object { fields, .. } => self.write_object(*id, fields, entries, api, depth, out),
                _ => write_untyped(value, out),
            },
            _ => write_untyped(value, out),
        }
    }

    fn write_object(
        &self,
        id: InputTypeId,
        fields: &[InputField],
        entries: &[(apollo_compiler::Name, apollo_compiler::Node<Value>)],
        api: Option<&Schema>,
        depth: u32,
        out: &mut Vec<u8>,
    ) {
        out.push(b'{');
        let mut separator = "";
        for field in fields {
            let start = out.len();
            let _ = write!(Utf8(out), "{separator}\"{}\":", field.name);
            if let Some((_, value)) = entries.iter().find(|(name, _)| *name == *field.name) {
                self.write_constant(&field.ty, value, api, depth, out);
            } else if let Some(default) = &field.default {
                out.extend_from_slice(default.as_bytes());
            } else if let Some(value) = api.and_then(|api| default_of(api, &self.get(id).name, &field.name))
                && depth < MAX_DEFAULT_DEPTH
                && out.len() < MAX_DEFAULT_BYTES
            {
                self.write_constant(&field.ty, value, api, depth + 1, out);
            } else {
                out.truncate(start);
                continue;
            }
            separator = ",";
        }
        out.push(b'}');
    }
}

/// Names go into JSON by `write!`, which wants text.
struct Utf8<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn built_in(name: &str) -> InputKind {
    match name {
        "Int" => InputKind::Int,
        "Float" => InputKind::Float,
        "String" => InputKind::String,
        "Boolean" => InputKind::Boolean,
        "ID" => InputKind::Id,
        _ => InputKind::Scalar,
    }
}

fn input_kind(ty: &ExtendedType) -> Option<InputKind> {
    match ty {
        ExtendedType::Scalar(scalar) => Some(built_in(&scalar.name)),
        ExtendedType::Enum(definition) => {
            let mut values: Vec<Box<str>> =
                definition.values.keys().map(|name| name.as_str().into()).collect();
            values.sort_unstable();
            Some(InputKind::Enum(values.into()))
        }
        ExtendedType::InputObject(_) => Some(InputKind::Object { fields: Box::default(), one_of: false }),
        ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_) => None,
    }
}

fn default_of<'a>(api: &'a Schema, ty: &str, field: &str) -> Option<&'a Value> {
    let ExtendedType::InputObject(object) = api.types.get(ty)? else { return None };
    object.fields.get(field)?.default_value.as_deref()
}

/// A value where no type says more: inside custom scalars, and leaves.
fn write_untyped(value: &Value, out: &mut Vec<u8>) {
    match value {
        // A constant has no variables.
        Value::Null | Value::Variable(_) => out.extend_from_slice(b"null"),
        Value::Boolean(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Int(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Value::Float(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Value::Enum(name) => write_string(name, out),
        Value::String(text) => write_string(text, out),
        Value::List(values) => separated(values, (b'[', b']'), out, |value, out| write_untyped(value, out)),
        Value::Object(entries) => separated(entries, (b'{', b'}'), out, |(name, value), out| {
            write_string(name, out);
            out.push(b':');
            write_untyped(value, out);
        }),
    }
}

fn separated<T>(items: &[T], brackets: (u8, u8), out: &mut Vec<u8>, mut write: impl FnMut(&T, &mut Vec<u8>)) {
    out.push(brackets.0);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets.1);
}
