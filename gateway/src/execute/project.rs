//! Writes the client's answer from the slots.

use bytes::Bytes;
use tributary_federation::TypeSet;
use tributary_federation::json::{Kind, Reader};
use tributary_federation::plan::{
    ConditionId, DeferredId, OutputDeferred, OutputField, OutputId, OutputInner, OutputType, OutputValue,
    Plan,
};

use super::arena::{Arena, ObjectRef, Value};
use super::error::{Errors, ExecutionError};
use super::leaf;
use super::locate::Segment;
use super::result::PREFIX;
use crate::error::PathSegment;

/// One request's answer while it is written.
pub(super) struct Projection<'p, 'a> {
    pub plan: &'p Plan,
    pub arena: &'a Arena,
    pub conditions: &'a [bool],
    pub introspection: &'a [(Box<str>, Bytes)],
    pub errors: &'a mut Errors,
    /// Bytes that the answer may have.
    pub limit: usize,
    room: &'a mut Room,
    out: Vec<u8>,
    path: Vec<Segment<'p>>,
    open: Vec<Open<'p>>,
    /// Bytes of the labels and paths by which the client is told of what comes later: an answer's limit is theirs, too.
    told: usize,
    is_too_large: bool,
}

/// What has been written.
pub(super) struct Written<'p> {
    /// [`PREFIX`] and the data.
    pub body: Vec<u8>,
    /// What of it is still to come.
    pub open: Vec<Open<'p>>,
    /// Bytes that it takes to tell of that.
    pub told: usize,
}

/// A deferred fragment on an object that is in the answer.
#[derive(Debug)]
pub(super) struct Open<'p> {
    pub deferred: DeferredId,
    pub output: OutputId,
    pub object: ObjectRef,
    pub path: Vec<Segment<'p>>,
}

/// How many more objects of an answer something may come later for.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    taken: usize,
    /// An error has said that there are more.
    told: bool,
}

impl Room {
    pub fn new(limit: usize) -> Self {
        Self { limit, taken: 0, told: false }
    }
}

/// A non-null value is missing, and its error is written: what holds it becomes null.
struct Nulled;

/// Why there is nothing to write.
enum Nothing {
    /// No error says why yet.
    Unexplained,
    Explained,
}

/// A value, or a part of a leaf's text.
#[derive(Clone, Copy)]
enum Item<'a> {
    Stored(Value),
    Json(&'a [u8]),
}

impl<'p, 'a> Projection<'p, 'a> {
    pub fn new(
        plan: &'p Plan,
        arena: &'a Arena,
        conditions: &'a [bool],
        introspection: &'a [(Box<str>, Bytes)],
        errors: &'a mut Errors,
        limit: usize,
        room: &'a mut Room,
    ) -> Self {
        let (out, path, open) = (Vec::new(), Vec::new(), Vec::new());
        let (told, is_too_large) = (0, false);
        Self {
            plan,
            arena,
            conditions,
            introspection,
            errors,
            limit,
            room,
            out,
            path,
            open,
            told,
            is_too_large,
        }
    }

    /// `{"data":` and the data. `guess`: about how long it will be.
    pub fn write(mut self, root: ObjectRef, guess: usize) -> Written<'p> {
        self.out.reserve(guess.min(self.limit) + PREFIX.len());
        self.out.extend_from_slice(PREFIX);
        let written = self.object(OutputId(0), root).is_ok();
        self.written(written)
    }

    /// The same of a deferred fragment on one object.
    pub fn write_deferred(mut self, open: &Open<'p>) -> Written<'p> {
        self.path.clone_from(&open.path);
        self.out.extend_from_slice(PREFIX);
        let written = self.checked_object(open.output, open.object).is_ok();
        self.written(written)
    }

    fn written(mut self, written: bool) -> Written<'p> {
        if !written || self.check_size().is_err() {
            self.out.truncate(PREFIX.len());
            self.out.extend_from_slice(b"null");
            self.open.clear();
            self.told = 0;
        }
        self.room.taken += self.open.len();
        Written { body: self.out, open: self.open, told: self.told }
    }

    fn object(&mut self, output: OutputId, object: ObjectRef) -> Result<(), Nulled> {
        self.check_size()?;
        let output = &self.plan.outputs[output.index()];
        let mut separator = b'{';
        for deferred in &output.deferred {
            if self.is_wanted(object, deferred.condition, deferred.types.as_ref()) {
                self.announce(deferred, object);
            }
        }
        for field in &output.fields {
            if !self.is_wanted(object, field.condition, field.types.as_ref()) {
                continue;
            }
            self.out.push(separator);
            separator = b',';
            self.out.extend_from_slice(&field.json_key);
            self.path.push(Segment::Key(&field.key));
            self.field(field, object)?;
            self.path.pop();
        }
        if separator == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        Ok(())
    }

    fn announce(&mut self, deferred: &OutputDeferred, object: ObjectRef) {
        let limit = self.room.limit;
        if self.room.taken + self.open.len() >= limit {
            if !std::mem::replace(&mut self.room.told, true) {
                self.errors.push(|| {
                    let message = format!(
                        "More than {limit} objects have a deferred fragment; --max-deferred-objects changes how many may"
                    );
                    ExecutionError::new("LIMIT_EXCEEDED", message)
                        .with("setting", "--max-deferred-objects")
                        .with("limit", limit)
                });
            }
            return;
        }
        let OutputDeferred { deferred, output, .. } = *deferred;
        let label = self.plan.deferred[deferred.index()].label.as_deref().map_or(0, str::len);
        self.told += label + self.path.iter().map(Segment::length).sum::<usize>();
        self.open.push(Open { deferred, output, object, path: self.path.clone() });
    }

    fn is_wanted(&self, object: ObjectRef, condition: Option<ConditionId>, types: Option<&TypeSet>) -> bool {
        condition.is_none_or(|condition| self.conditions[condition.index()])
            && self.arena.passes(object, types)
    }

    fn field(&mut self, field: &'p OutputField, object: ObjectRef) -> Result<(), Nulled> {
        match &field.value {
            OutputValue::Typename => self.typename(object),
            OutputValue::Introspection => {
                let found = self.introspection.iter().find(|(key, _)| *key == field.key);
                self.out.extend_from_slice(found.map_or(b"null", |(_, json)| json));
                Ok(())
            }
            OutputValue::Withheld { non_null, coordinate } => {
                let path = &self.path;
                self.errors.push(|| {
                    let message = format!("Not authorised to see {coordinate}.");
                    ExecutionError::new("UNAUTHORIZED_FIELD_OR_TYPE", message).at(owned(path))
                });
                self.out.extend_from_slice(b"null");
                if *non_null { Err(Nulled) } else { Ok(()) }
            }
            OutputValue::Slot { slot, ty, coordinate } => {
                self.value(Item::Stored(self.arena.slot(object, *slot)), ty, 0, coordinate)
            }
        }
    }

    /// The object's own type; an interface object that nobody knew more of has none to show.
    fn typename(&mut self, object: ObjectRef) -> Result<(), Nulled> {
        let names = &self.plan.type_names;
        let Some(id) = self.arena.type_of(object).filter(|&id| !names.is_interface(id)) else {
            if !self.arena.is_explained(object) {
                self.missing("__typename");
            }
            return Err(Nulled);
        };
        self.out.push(b'"');
        self.out.extend_from_slice(names.name(id).as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    /// Writes a value of the type's wrapper of that level, or null where it may.
    fn value(
        &mut self,
        item: Item<'_>,
        ty: &OutputType,
        level: usize,
        coordinate: &str,
    ) -> Result<(), Nulled> {
        let (start, depth, open) = (self.out.len(), self.path.len(), self.open.len());
        let Err(why) = self.complete(item, ty, level, coordinate) else { return Ok(()) };
        self.out.truncate(start);
        self.path.truncate(depth);
        // Nothing comes later for an object that isn't there.
        self.open.truncate(open);
        if self.is_too_large {
            return Err(Nulled);
        }
        if !ty.non_null[level] {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        if let Nothing::Unexplained = why {
            self.missing(coordinate);
        }
        Err(Nulled)
    }

    fn complete(
        &mut self,
        item: Item<'_>,
        ty: &OutputType,
        level: usize,
        coordinate: &str,
    ) -> Result<(), Nothing> {
        let is_list = level + 1 < ty.non_null.len();
        match (item, ty.inner) {
            (Item::Stored(Value::Absent { explained } | Value::Null { explained }), _) => {
                Err(if explained { Nothing::Explained } else { Nothing::Unexplained })
            }
            (Item::Json(b"null"), _) => Err(Nothing::Unexplained),
            (Item::Stored(Value::Leaf(span)), _) => {
                let arena = self.arena;
                self.complete(Item::Json(arena.text(span)), ty, level, coordinate)
            }
            (Item::Stored(Value::Object(object)), OutputInner::Object(output)) if !is_list => {
                self.checked_object(output, object)
            }
            (Item::Stored(Value::List { start, len }), _) if is_list => {
                let items = (start..start + len).map(|place| Ok(Item::Stored(self.arena.get(place))));
                self.list(items, ty, level, coordinate)
            }
            (Item::Json(raw), OutputInner::Object(_)) => self.invalid(ty, level, Some(raw), coordinate),
            (Item::Json(raw), _) if is_list => {
                let mut reader = Reader::new(raw);
                if reader.kind() != Ok(Kind::Array) || reader.begin_array().is_err() {
                    return self.invalid(ty, level, Some(raw), coordinate);
                }
                let items = std::iter::from_fn(|| match reader.next_element() {
                    Ok(true) => Some(reader.skip_raw().map(Item::Json)),
                    Ok(false) => None,
                    Err(error) => Some(Err(error)),
                });
                // The text was checked when it was read: there are no errors in it.
                self.list(items.map(|item| item.map_err(|_| Nothing::Unexplained)), ty, level, coordinate)
            }
            (Item::Json(raw), inner) => {
                if leaf::write(self.plan, inner, raw, &mut self.out) {
                    Ok(())
                } else {
                    self.invalid(ty, level, Some(raw), coordinate)
                }
            }
            (Item::Stored(_), _) => self.invalid(ty, level, None, coordinate),
        }
    }

    /// An object that the client may see, as far as its type says.
    fn checked_object(&mut self, output: OutputId, object: ObjectRef) -> Result<(), Nothing> {
        let types = &self.plan.outputs[output.index()].types;
        if !self.arena.passes(object, Some(types)) {
            let explained = self.arena.is_explained(object);
            if !explained && self.is_of_unknown_type(object) {
                let path = &self.path;
                self.errors.push(|| {
                    let message = "Nobody knows the type of this object, and what is selected depends on it.";
                    ExecutionError::new("UNKNOWN_TYPE", message).at(owned(path))
                });
                return Err(Nothing::Explained);
            }
            return Err(if explained { Nothing::Explained } else { Nothing::Unexplained });
        }
        self.object(output, object).map_err(|Nulled| Nothing::Explained)
    }

    /// An interface object whose own type was to be found and wasn't.
    fn is_of_unknown_type(&self, object: ObjectRef) -> bool {
        self.arena.type_of(object).is_some_and(|id| self.plan.type_names.is_interface(id))
    }

    fn list<'i>(
        &mut self,
        items: impl Iterator<Item = Result<Item<'i>, Nothing>>,
        ty: &OutputType,
        level: usize,
        coordinate: &str,
    ) -> Result<(), Nothing> {
        self.check_size().map_err(|Nulled| Nothing::Explained)?;
        self.out.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Segment::Index(index));
            self.value(item?, ty, level + 1, coordinate).map_err(|Nulled| Nothing::Explained)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn check_size(&mut self) -> Result<(), Nulled> {
        if self.is_too_large {
            return Err(Nulled);
        }
        let limit = self.limit;
        if self.out.len() + self.told <= limit + PREFIX.len() {
            return Ok(());
        }
        self.is_too_large = true;
        self.errors.push(|| {
            let message = format!(
                "The answer is larger than {limit} bytes; --max-answer-bytes changes how large it may be"
            );
            ExecutionError::new("LIMIT_EXCEEDED", message)
                .with("setting", "--max-answer-bytes")
                .with("limit", limit)
        });
        Err(Nulled)
    }

    fn missing(&mut self, coordinate: &str) {
        let path = &self.path;
        self.errors.push(|| {
            let message = format!("Cannot return null for non-nullable field {coordinate}.");
            ExecutionError::new("UNEXPECTED_NULL", message).at(owned(path))
        });
    }

    /// A subgraph answered with something else than the type says. What it was isn't repeated: an enum's
    /// value may be one that the client mustn't see.
    fn invalid(
        &mut self,
        ty: &OutputType,
        level: usize,
        raw: Option<&[u8]>,
        coordinate: &str,
    ) -> Result<(), Nothing> {
        let (plan, path) = (self.plan, &self.path);
        self.errors.push(|| {
            let levels = ty.non_null.len() - 1 - level;
            let expected = if levels > 0 { "a list" } else { leaf::expected(plan, ty.inner) };
            let given = match raw.map(|raw| Reader::new(raw).kind()) {
                Some(Ok(Kind::Object)) => "an object",
                Some(Ok(Kind::String)) => "a string",
                Some(Ok(Kind::Number)) => "a number",
                Some(Ok(Kind::Boolean)) => "a Boolean",
                Some(Ok(Kind::Array)) => "a list",
                _ if levels > 0 => "an object",
                _ => "a list",
            };
            let message = match ty.inner {
                OutputInner::Enum(_) if levels == 0 && given == "a string" => {
                    format!("The value of {coordinate} isn't one of {expected}'s.")
                }
                _ => format!("The value of {coordinate} should be {expected} and is {given}."),
            };
            ExecutionError::new("INVALID_VALUE", message).at(owned(path))
        });
        Err(Nothing::Explained)
    }
}

fn owned(path: &[Segment<'_>]) -> Vec<PathSegment> {
    path.iter().map(|&segment| segment.into()).collect()
}
