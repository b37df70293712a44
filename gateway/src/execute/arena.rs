//! One request's values.

use bytes::Bytes;
use tributary_federation::plan::SlotId;
use tributary_federation::{TypeId, TypeNames, TypeSet};

/// One value of 16 bytes. It refers by index only, so the arena moves between threads as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// No reply has brought it. `explained`: an error says why.
    Absent {
        explained: bool,
    },
    /// A reply brought null. `explained`: an error says why.
    Null {
        explained: bool,
    },
    /// JSON text of a reply.
    Leaf(Span),
    Object(ObjectRef),
    /// `len` values from `start` on.
    List {
        start: u32,
        len: u32,
    },
    /// Stands before an object's slots.
    Head {
        type_id: u32,
        visited: u32,
        explained: bool,
    },
}

const _: () = assert!(size_of::<Value>() == 16);

/// A range of a reply's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub buffer: u32,
    pub start: u32,
    pub len: u32,
}

/// Where an object's head is; its slots follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ObjectRef(pub u32);

/// The request holds more values than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyValues;

/// What a value takes in a reply's text, with its key, where texts aren't long.
const BYTES_OF_A_VALUE: usize = 32;
const UNKNOWN: u32 = u32::MAX;
const ABSENT: Value = Value::Absent { explained: false };

/// All values of a request, and the replies that their text lies in.
#[derive(Debug)]
pub(super) struct Arena {
    values: Vec<Value>,
    buffers: Vec<Bytes>,
    limit: usize,
    /// What stood in places below `base` before the reply that is being read overwrote it.
    journal: Vec<(u32, Value)>,
    base: usize,
    walk: u32,
}

impl Value {
    /// Whether a reply brought something.
    pub fn is_data(self) -> bool {
        matches!(self, Self::Leaf(_) | Self::Object(_) | Self::List { .. })
    }
}

impl ObjectRef {
    /// Where one of its slots is.
    #[inline]
    pub fn place(self, slot: SlotId) -> u32 {
        self.0 + 1 + slot.0
    }
}

impl Arena {
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(u32::MAX as usize);
        Self { values: Vec::new(), buffers: Vec::new(), limit, journal: Vec::new(), base: 0, walk: 0 }
    }

    /// Keeps a reply, whose text values will point into.
    pub fn add_buffer(&mut self, buffer: Bytes) -> u32 {
        // About as many as a reply of that length brings; more make it grow.
        self.values
            .reserve((buffer.len() / BYTES_OF_A_VALUE).min(self.limit.saturating_sub(self.values.len())));
        self.buffers.push(buffer);
        self.buffers.len() as u32 - 1
    }

    /// A leaf's JSON.
    #[inline]
    pub fn text(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        &self.buffers[span.buffer as usize][start..start + span.len as usize]
    }

    #[inline]
    pub fn get(&self, place: u32) -> Value {
        self.values[place as usize]
    }

    #[inline]
    pub fn slot(&self, object: ObjectRef, slot: SlotId) -> Value {
        self.get(object.place(slot))
    }

    #[inline]
    pub fn set(&mut self, place: u32, value: Value) {
        let old = std::mem::replace(&mut self.values[place as usize], value);
        if (place as usize) < self.base && old != value {
            self.journal.push((place, old));
        }
    }

    /// An object of unknown type with nothing in its slots.
    pub fn add_object(&mut self, slots: usize) -> Result<ObjectRef, TooManyValues> {
        let at = self.reserve(slots + 1)?;
        self.values.push(Value::Head { type_id: UNKNOWN, visited: 0, explained: false });
        self.values.resize(self.values.len() + slots, ABSENT);
        Ok(ObjectRef(at))
    }

    /// A list of these values.
    pub fn add_list(&mut self, values: impl ExactSizeIterator<Item = Value>) -> Result<Value, TooManyValues> {
        let len = values.len() as u32;
        let start = self.reserve(values.len())?;
        self.values.extend(values);
        Ok(Value::List { start, len })
    }

    /// An object's runtime type, as far as it is known.
    #[inline]
    pub fn type_of(&self, object: ObjectRef) -> Option<TypeId> {
        match self.get(object.0) {
            Value::Head { type_id, .. } if type_id != UNKNOWN => Some(TypeId(type_id)),
            _ => None,
        }
    }

    /// Whether a guard lets the object pass; one of unknown type passes none.
    #[inline]
    pub fn passes(&self, object: ObjectRef, types: Option<&TypeSet>) -> bool {
        types.is_none_or(|types| self.type_of(object).is_some_and(|id| types.contains(id)))
    }

    /// A reply says that the object is of that type. A concrete type that is known stays; it replaces
    /// the name of an interface, by which interface objects go.
    pub fn learn_type(&mut self, object: ObjectRef, said: Option<TypeId>, names: &TypeNames) {
        let Some(TypeId(said)) = said else { return };
        let Value::Head { type_id, visited, explained } = self.get(object.0) else { return };
        if type_id == UNKNOWN || (type_id != said && names.is_interface(TypeId(type_id))) {
            self.set(object.0, Value::Head { type_id: said, visited, explained });
        }
    }

    /// An error says why the object's type isn't known.
    pub fn explain_object(&mut self, object: ObjectRef) {
        if let Value::Head { type_id, visited, .. } = self.get(object.0) {
            self.set(object.0, Value::Head { type_id, visited, explained: true });
        }
    }

    /// Whether an error says why the object's type isn't known.
    pub fn is_explained(&self, object: ObjectRef) -> bool {
        matches!(self.get(object.0), Value::Head { explained: true, .. })
    }

    /// An error says why there is no data at that place, if there is none.
    pub fn explain(&mut self, place: u32) {
        match self.get(place) {
            Value::Absent { .. } => self.set(place, Value::Absent { explained: true }),
            Value::Null { .. } => self.set(place, Value::Null { explained: true }),
            _ => {}
        }
    }

    /// Begins a walk that wants to meet each object once.
    pub fn begin_walk(&mut self) {
        self.walk += 1;
    }

    /// Whether the walk meets the object for the first time.
    pub fn visit(&mut self, object: ObjectRef) -> bool {
        let walk = self.walk;
        match &mut self.values[object.0 as usize] {
            Value::Head { visited, .. } if *visited != walk => {
                *visited = walk;
                true
            }
            _ => false,
        }
    }

    /// From here on changes can be taken back.
    pub fn begin(&mut self) {
        self.journal.clear();
        self.base = self.values.len();
    }

    /// Changes stay.
    pub fn commit(&mut self) {
        self.journal.clear();
        self.base = 0;
    }

    /// Takes back everything since [`Arena::begin`], so that half a reply leaves no trace.
    pub fn roll_back(&mut self) {
        while let Some((place, value)) = self.journal.pop() {
            self.values[place as usize] = value;
        }
        self.values.truncate(self.base);
        self.base = 0;
    }

    fn reserve(&mut self, more: usize) -> Result<u32, TooManyValues> {
        let at = self.values.len();
        if at + more > self.limit { Err(TooManyValues) } else { Ok(at as u32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(start: u32) -> Value {
        Value::Leaf(Span { buffer: 0, start, len: 1 })
    }

    #[test]
    fn rolling_back_leaves_no_trace() {
        let mut arena = Arena::new(100);
        let object = arena.add_object(2).unwrap();
        arena.set(object.place(SlotId(0)), leaf(1));
        let before = arena.values.clone();
        arena.begin();
        arena.set(object.place(SlotId(0)), leaf(2));
        arena.set(object.place(SlotId(0)), leaf(3));
        arena.learn_type(object, Some(TypeId(7)), &TypeNames::default());
        let inner = arena.add_object(1).unwrap();
        arena.set(object.place(SlotId(1)), Value::Object(inner));
        arena.roll_back();
        assert_eq!(arena.values, before);
    }

    #[test]
    fn concrete_types_stay_and_replace_interfaces() {
        let names =
            TypeNames::new(["Book", "Film", "Media"].map(Into::into)).with_interfaces(TypeSet::of(TypeId(2)));
        let mut arena = Arena::new(100);
        let object = arena.add_object(0).unwrap();
        for (said, known) in
            [(None, None), (Some(2), Some(2)), (Some(0), Some(0)), (Some(2), Some(0)), (Some(1), Some(0))]
        {
            arena.learn_type(object, said.map(TypeId), &names);
            assert_eq!(arena.type_of(object), known.map(TypeId));
        }
    }

    #[test]
    fn values_are_limited() {
        let mut arena = Arena::new(4);
        arena.add_object(2).unwrap();
        assert_eq!(arena.add_object(1), Err(TooManyValues));
        assert!(arena.add_list([leaf(1)].into_iter()).is_ok());
    }
}
