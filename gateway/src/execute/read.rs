//! Reads a subgraph's reply straight into slots.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use tributary_federation::TypeId;
use tributary_federation::json::{Kind, Reader, SyntaxError, Text};
use tributary_federation::plan::{FetchSource, Lookup, Plan, Read, ReadField, ReadId, ReadTypename};

use super::arena::{Arena, ObjectRef, Span, TooManyValues, Value};
use super::merge::share;
use super::representation::Targets;

/// Why a reply is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the reply isn't JSON: {0}")]
    Syntax(#[from] SyntaxError),
    #[error("{0}")]
    Form(&'static str),
    #[error("the request holds more values than it may")]
    TooManyValues,
}

impl From<TooManyValues> for ReadError {
    fn from(_: TooManyValues) -> Self {
        Self::TooManyValues
    }
}

type Result<T> = std::result::Result<T, ReadError>;

/// What a reply brought besides its data.
#[derive(Debug, Default)]
pub(super) struct Outcome<'r> {
    /// The `errors` list, if it isn't empty.
    pub errors: Option<&'r [u8]>,
    /// `data` (or an `_entities` list) is missing; there are errors that say why.
    pub hollow: bool,
    /// Entities that are null: the lookup, and which of its representations.
    pub null_entities: Vec<(usize, usize)>,
    /// A list had another length than the same list in an earlier reply.
    pub uneven: bool,
    /// Where the parts of the reply are that are to be kept: the lookup, which of its representations, and the
    /// entity's text; of a root selection `data` alone.
    pub parts: Vec<(usize, usize, Range<usize>)>,
}

/// Reads one reply.
pub(super) struct ReplyReader<'a, 'r> {
    plan: &'a Plan,
    arena: &'a mut Arena,
    json: Reader<'r>,
    buffer: u32,
    /// Elements of lists that are still being read.
    stack: Vec<Value>,
    /// Whether its parts are to be kept.
    keeps: bool,
    outcome: Outcome<'r>,
}

impl<'a, 'r> ReplyReader<'a, 'r> {
    /// `text` is the UTF-8 of the arena's buffer of that number.
    pub fn new(plan: &'a Plan, arena: &'a mut Arena, buffer: u32, text: &'r str) -> Self {
        Self::of_kept(plan, arena, buffer, text.as_bytes())
    }

    /// The same of a part of an earlier reply, which was read once.
    pub fn of_kept(plan: &'a Plan, arena: &'a mut Arena, buffer: u32, text: &'r [u8]) -> Self {
        let (json, stack, outcome) = (Reader::new(text), Vec::new(), Outcome::default());
        Self { plan, arena, json, buffer, stack, keeps: false, outcome }
    }

    /// Notes where the reply's parts are.
    pub fn keeping(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Reads a kept entity, or a kept root selection, into the objects that wait for that representation. Returns
    /// whether it fits what is there already.
    pub fn kept(mut self, read: ReadId, targets: &Targets, representation: usize) -> Result<bool> {
        self.entity(read, targets, representation)?;
        Ok(!self.outcome.uneven)
    }

    /// Reads the whole reply into the objects that were asked for.
    pub fn reply(mut self, source: &FetchSource, targets: &[Targets]) -> Result<Outcome<'r>> {
        if self.json.kind()? != Kind::Object {
            return Err(ReadError::Form("the reply isn't an object"));
        }
        let mut has_data = false;
        self.json.begin_object()?;
        while let Some(key) = self.json.next_key()? {
            if key.is("data") {
                has_data |= self.data(source, targets)?;
            } else if key.is("errors") {
                self.errors()?;
            } else {
                self.json.skip()?;
            }
        }
        self.json.end()?;
        self.outcome.hollow |= !has_data;
        if self.outcome.hollow && self.outcome.errors.is_none() {
            return Err(ReadError::Form("the reply has neither the data nor errors"));
        }
        Ok(self.outcome)
    }

    fn errors(&mut self) -> Result<()> {
        match self.json.kind()? {
            Kind::Null => self.json.skip()?,
            Kind::Array => {
                let raw = self.json.skip_raw()?;
                let mut list = Reader::new(raw);
                list.begin_array()?;
                self.outcome.errors = list.next_element()?.then_some(raw);
            }
            _ => return Err(ReadError::Form("the reply's errors aren't a list")),
        }
        Ok(())
    }

    fn data(&mut self, source: &FetchSource, targets: &[Targets]) -> Result<bool> {
        match (self.json.kind()?, source) {
            (Kind::Null, _) => {
                self.json.skip()?;
                Ok(false)
            }
            (Kind::Object, FetchSource::Root { read, .. }) => {
                self.part((0, 0), *read, &targets[0])?;
                Ok(true)
            }
            (Kind::Object, FetchSource::Entities(lookups)) => {
                self.lookups(lookups, targets)?;
                Ok(true)
            }
            _ => Err(ReadError::Form("the reply's data isn't an object")),
        }
    }

    fn lookups(&mut self, lookups: &[Lookup], targets: &[Targets]) -> Result<()> {
        let mut missing = targets.iter().filter(|targets| targets.count() > 0).count();
        self.json.begin_object()?;
        while let Some(key) = self.json.next_key()? {
            match lookups.iter().position(|lookup| key.is(&lookup.key)) {
                Some(at) => {
                    let answered = self.entities(at, lookups[at].read, &targets[at])?;
                    missing = missing.saturating_sub(usize::from(answered && targets[at].count() > 0));
                }
                None => self.json.skip()?,
            }
        }
        self.outcome.hollow |= missing > 0;
        Ok(())
    }

    /// One `_entities` list, which has an element for each representation.
    fn entities(&mut self, lookup: usize, read: ReadId, targets: &Targets) -> Result<bool> {
        match self.json.kind()? {
            Kind::Array => self.json.begin_array()?,
            Kind::Null => {
                self.json.skip()?;
                return Ok(false);
            }
            _ => return Err(ReadError::Form("_entities isn't a list")),
        }
        let mut count = 0;
        while self.json.next_element()? {
            if count == targets.count() {
                return Err(ReadError::Form("_entities has more elements than representations were sent"));
            }
            match self.json.kind()? {
                Kind::Object => self.part((lookup, count), read, targets)?,
                Kind::Null => {
                    self.json.skip()?;
                    self.outcome.null_entities.push((lookup, count));
                }
                _ => return Err(ReadError::Form("an element of _entities isn't an object")),
            }
            count += 1;
        }
        if count < targets.count() {
            return Err(ReadError::Form("_entities has fewer elements than representations were sent"));
        }
        Ok(true)
    }

    /// One entity, or a root selection.
    fn part(
        &mut self,
        (lookup, representation): (usize, usize),
        read: ReadId,
        targets: &Targets,
    ) -> Result<()> {
        let start = self.json.position();
        self.entity(read, targets, representation)?;
        if self.keeps {
            self.outcome.parts.push((lookup, representation, start..self.json.position()));
        }
        Ok(())
    }

    /// One entity, for all objects that it was asked for.
    fn entity(&mut self, read: ReadId, targets: &Targets, representation: usize) -> Result<()> {
        if targets.are_apart() {
            return self.entity_apart(read, targets, representation);
        }
        let mut objects = targets.of(representation);
        let Some(first) = objects.next() else {
            self.json.skip()?;
            return Ok(());
        };
        self.object(read, Some(first))?;
        for other in objects {
            share(self.plan, self.arena, read, first, other);
        }
        Ok(())
    }

    /// The same where objects that lie below different ones don't share what is below them: it is read anew for
    /// each.
    fn entity_apart(&mut self, read: ReadId, targets: &Targets, representation: usize) -> Result<()> {
        let (start, mut end) = (self.json, None);
        let mut leads: HashMap<ObjectRef, ObjectRef> = HashMap::new();
        for (object, above) in targets.apart(representation) {
            match leads.entry(above) {
                Entry::Occupied(lead) => share(self.plan, self.arena, read, *lead.get(), object),
                Entry::Vacant(new) => {
                    new.insert(object);
                    self.json = start;
                    self.object(read, Some(object))?;
                    end = Some(self.json);
                }
            }
        }
        match end {
            Some(end) => self.json = end,
            None => self.json.skip()?,
        }
        Ok(())
    }

    fn object(&mut self, read: ReadId, existing: Option<ObjectRef>) -> Result<ObjectRef> {
        let plan = self.plan;
        let read = &plan.reads[read.index()];
        let object = match existing {
            Some(object) => object,
            None => self.arena.add_object(plan.shapes[read.shape.index()].slots.len())?,
        };
        self.json.begin_object()?;
        let said = match read.typename {
            ReadTypename::Keep => None,
            ReadTypename::Static(id) => Some(id),
            ReadTypename::Dynamic => self.typename_ahead()?,
        };
        self.arena.learn_type(object, said, &plan.type_names);
        let mut expected = 0;
        while let Some(key) = self.json.next_key()? {
            match self.field(read, object, &mut expected, key) {
                Some(field) => {
                    let place = object.place(field.slot);
                    let value = self.value(field.read, self.arena.get(place))?;
                    self.arena.set(place, value);
                }
                None => self.json.skip()?,
            }
        }
        Ok(object)
    }

    /// The field that a key of this object's is, most likely the one after the last.
    #[inline]
    fn field<'p>(
        &self,
        read: &'p Read,
        object: ObjectRef,
        expected: &mut usize,
        key: Text<'_>,
    ) -> Option<&'p ReadField> {
        let passes = |field: &ReadField| self.arena.passes(object, field.types.as_ref());
        while let Some(field) = read.fields.get(*expected) {
            if !passes(field) {
                *expected += 1;
            } else if key.is(&field.key) {
                *expected += 1;
                return Some(field);
            } else {
                break;
            }
        }
        if key.is("__typename") && read.typename == ReadTypename::Dynamic {
            return None;
        }
        let at = read.fields.iter().position(|field| key.is(&field.key) && passes(field))?;
        *expected = at + 1;
        Some(&read.fields[at])
    }

    /// The `__typename` of the object that was just entered, which decides how its other fields are read. It is
    /// asked for first; wherever else it comes, the object is read twice.
    fn typename_ahead(&self) -> Result<Option<TypeId>> {
        let mut ahead = self.json;
        while let Some(key) = ahead.next_key()? {
            if !key.is("__typename") {
                ahead.skip()?;
                continue;
            }
            if ahead.kind()? != Kind::String {
                return Ok(None);
            }
            return Ok(ahead.text()?.decode().and_then(|name| self.plan.type_names.id(&name)));
        }
        Ok(None)
    }

    /// The next value, merged with what stands where it will go.
    fn value(&mut self, read: Option<ReadId>, old: Value) -> Result<Value> {
        match (self.json.kind()?, read) {
            (Kind::Null, _) => {
                self.json.skip()?;
                Ok(if old.is_data() { old } else { Value::Null { explained: false } })
            }
            (Kind::Object, Some(read)) => {
                let existing = if let Value::Object(object) = old { Some(object) } else { None };
                self.object(read, existing).map(Value::Object)
            }
            (Kind::Array, Some(read)) => match old {
                Value::List { start, len } => self.list_again(read, start, len),
                _ => self.list(read),
            },
            // A leaf; or something else than an object where one should be, which projection will refuse.
            _ => {
                let range = self.json.skip_range()?;
                let (start, len) = (range.start as u32, range.len() as u32);
                Ok(Value::Leaf(Span { buffer: self.buffer, start, len }))
            }
        }
    }

    fn list(&mut self, read: ReadId) -> Result<Value> {
        let bottom = self.stack.len();
        self.json.begin_array()?;
        while self.json.next_element()? {
            let value = self.value(Some(read), Value::Absent { explained: false })?;
            self.stack.push(value);
        }
        Ok(self.arena.add_list(self.stack.drain(bottom..))?)
    }

    /// Another subgraph's idea of a list that is there already: merged element by element. Elements that the
    /// list lacks are passed over.
    fn list_again(&mut self, read: ReadId, start: u32, len: u32) -> Result<Value> {
        let mut count = 0;
        self.json.begin_array()?;
        while self.json.next_element()? {
            if count < len {
                let value = self.value(Some(read), self.arena.get(start + count))?;
                self.arena.set(start + count, value);
            } else {
                self.json.skip()?;
            }
            count = count.saturating_add(1);
        }
        self.outcome.uneven |= count != len;
        Ok(Value::List { start, len })
    }
}
