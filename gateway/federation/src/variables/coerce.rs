//! Coerces one request's values while it copies them.

use super::input_types::{InputField, InputKind, InputType, InputTypes, TypeInner, TypeRef};
use super::{CoercionError, InputPath};
use crate::json::{Kind, Reader, SyntaxError, int32, is_integer, write_string};

/// A client that got this many things wrong has enough to read.
const MAX_ERRORS: usize = 20;

/// One request's coercion.
pub(super) struct Coercion<'a> {
    types: &'a InputTypes,
    pub errors: Vec<CoercionError>,
    variable: String,
    path: Vec<InputPath>,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Coercion<'a> {
    pub fn new(types: &'a InputTypes) -> Self {
        Self { types, errors: Vec::new(), variable: String::new(), path: Vec::new() }
    }

    /// Reads the object of all variables and calls for each; the callee reads the value.
    pub fn variables(
        &mut self,
        text: &str,
        mut each: impl FnMut(&mut Self, &str, &mut Reader<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut reader = Reader::new(text.as_bytes());
        if reader.kind()? == Kind::Null {
            reader.skip()?;
            return reader.end();
        }
        reader.begin_object()?;
        while let Some(key) = reader.next_key()? {
            match key.decode() {
                Some(name) => each(self, &name, &mut reader)?,
                None => reader.skip()?,
            }
        }
        reader.end()
    }

    /// A variable's value, coerced; what is wrong with it is in the errors.
    pub fn variable(&mut self, name: &str, ty: &TypeRef, reader: &mut Reader<'_>) -> Result<Box<str>> {
        name.clone_into(&mut self.variable);
        let mut out = Vec::new();
        self.value(ty, reader, &mut out)?;
        Ok(String::from_utf8(out).expect("it is made of pieces of UTF-8").into())
    }

    pub fn missing_variable(&mut self, name: &str, ty: &str) {
        self.errors.push(CoercionError {
            message: format!("Variable \"${name}\" of required type \"{ty}\" was not provided."),
            variable: name.into(),
            path: Vec::new(),
        });
    }

    fn value(&mut self, ty: &TypeRef, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
        let kind = reader.kind()?;
        if kind == Kind::Null {
            let raw = reader.skip_raw()?;
            if ty.non_null {
                let expected = self.types.display(ty);
                self.error(format!("Expected non-nullable type \"{expected}\" not to be null."));
            }
            out.extend_from_slice(raw);
            return Ok(());
        }
        match &ty.inner {
            TypeInner::List(item) if kind == Kind::Array => self.list(item, reader, out),
            TypeInner::List(item) => {
                out.push(b'[');
                self.value(item, reader, out)?;
                out.push(b']');
                Ok(())
            }
            TypeInner::Named(id) => self.named(self.types.get(*id), kind, reader, out),
        }
    }

    fn list(&mut self, item: &TypeRef, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
        reader.begin_array()?;
        out.push(b'[');
        let mut index = 0;
        while reader.next_element()? {
            if index > 0 {
                out.push(b',');
            }
            self.path.push(InputPath::Index(index));
            self.value(item, reader, out)?;
            self.path.pop();
            index += 1;
        }
        out.push(b']');
        Ok(())
    }

    fn named(
        &mut self,
        ty: &InputType,
        kind: Kind,
        reader: &mut Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if let InputKind::Object { fields, one_of } = &ty.kind
            && kind == Kind::Object
        {
            return self.object(ty, fields, *one_of, reader, out);
        }
        if let (InputKind::Enum(values), Kind::String) = (&ty.kind, kind) {
            return self.enum_value(ty, values, reader, out);
        }
        let raw = reader.skip_raw()?;
        let fits = match (&ty.kind, kind) {
            (InputKind::Int, Kind::Number) => match int32(raw) {
                Some(_) if is_integer(raw) => true,
                Some(value) => {
                    out.extend_from_slice(value.to_string().as_bytes());
                    return Ok(());
                }
                None => false,
            },
            (InputKind::Float, Kind::Number) => is_finite(raw),
            (InputKind::Id, Kind::Number) => is_integer(raw),
            (InputKind::String | InputKind::Id, Kind::String) | (InputKind::Boolean, Kind::Boolean) => true,
            (InputKind::Scalar, _) => true,
            _ => false,
        };
        if !fits {
            self.error(misfit(ty, kind, raw));
        }
        out.extend_from_slice(raw);
        Ok(())
    }

    fn enum_value(
        &mut self,
        ty: &InputType,
        values: &[Box<str>],
        reader: &mut Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let text = reader.text()?;
        let value =
            text.decode().filter(|name| values.binary_search_by(|known| (**known).cmp(&**name)).is_ok());
        match value {
            Some(name) => write_string(&name, out),
            None => {
                let given = shortened(text.quoted());
                self.error(format!("Value {given} does not exist in \"{}\" enum.", ty.name));
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        ty: &InputType,
        fields: &[InputField],
        one_of: bool,
        reader: &mut Reader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let mut seen = vec![false; fields.len()];
        let mut has_null = false;
        reader.begin_object()?;
        out.push(b'{');
        while let Some(key) = reader.next_key()? {
            let Some(index) = fields.iter().position(|field| key.is(&field.name)) else {
                let name = shortened(key.quoted());
                self.error(format!("Field {name} is not defined by type \"{}\".", ty.name));
                reader.skip()?;
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                self.error(format!("Field \"{}\" is given twice.", fields[index].name));
                reader.skip()?;
                continue;
            }
            has_null |= reader.kind()? == Kind::Null;
            self.path.push(InputPath::Field(fields[index].name.clone()));
            write_key(&fields[index].name, out);
            self.value(&fields[index].ty, reader, out)?;
            self.path.pop();
        }
        if one_of && (has_null || seen.iter().filter(|seen| **seen).count() != 1) {
            self.error(format!("Exactly one field of \"{}\" must be given, and not as null.", ty.name));
        }
        self.missing_fields(fields, &seen, out);
        out.push(b'}');
        Ok(())
    }

    fn missing_fields(&mut self, fields: &[InputField], seen: &[bool], out: &mut Vec<u8>) {
        for (field, _) in fields.iter().zip(seen).filter(|(_, seen)| !**seen) {
            if let Some(default) = &field.default {
                write_key(&field.name, out);
                out.extend_from_slice(default.as_bytes());
            } else if field.ty.non_null {
                let ty = self.types.display(&field.ty);
                self.error(format!("Field \"{}\" of required type \"{ty}\" was not provided.", field.name));
            }
        }
    }

    fn error(&mut self, why: String) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        let path: String = self.path.iter().map(ToString::to_string).collect();
        let place = if path.is_empty() { String::new() } else { format!(" at \"{}{path}\"", self.variable) };
        self.errors.push(CoercionError {
            message: format!("Variable \"${}\" got an invalid value{place}; {why}", self.variable),
            variable: self.variable.as_str().into(),
            path: self.path.clone(),
        });
    }
}

fn write_key(name: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn is_finite(number: &[u8]) -> bool {
    std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
}

fn misfit(ty: &InputType, kind: Kind, raw: &[u8]) -> String {
    let given = shortened(raw);
    match (&ty.kind, kind) {
        (InputKind::Int, Kind::Number) if is_integer(raw) => {
            format!("Int cannot represent non 32-bit signed integer value: {given}")
        }
        (InputKind::Int, _) => format!("Int cannot represent non-integer value: {given}"),
        (InputKind::Float, _) => format!("Float cannot represent non numeric value: {given}"),
        (InputKind::String, _) => format!("String cannot represent a non string value: {given}"),
        (InputKind::Boolean, _) => format!("Boolean cannot represent a non boolean value: {given}"),
        (InputKind::Id, _) => format!("ID cannot represent value: {given}"),
        (InputKind::Enum(_), _) => format!("Enum \"{}\" cannot represent non-string value: {given}", ty.name),
        (InputKind::Object { .. }, _) => format!("Expected type \"{}\" to be an object.", ty.name),
        (InputKind::Scalar, _) => format!("\"{}\" cannot represent value: {given}", ty.name),
    }
}

/// Values may be huge, and an error is no place for them.
fn shortened(raw: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(raw);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
