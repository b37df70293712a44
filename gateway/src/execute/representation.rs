//! Turns objects into entity representations, each distinct one once.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use tributary_federation::TypeId;
use tributary_federation::plan::{
    ContextArgument, ContextSource, Lookup, Plan, RepresentationField, RepresentationValue,
};

use super::arena::{Arena, ObjectRef, Value};

/// Which objects wait for which representation's entity.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// For each representation the first and last of its objects.
    ends: Vec<(u32, u32)>,
    /// Each object, and the next of the same representation.
    members: Vec<(ObjectRef, u32)>,
    /// For each object what it lies below, where that tells it from others of the same representation; or empty.
    apart: Vec<ObjectRef>,
}

const NONE: u32 = u32::MAX;

impl Targets {
    /// Objects that wait for one and the same thing.
    pub fn same(objects: &[ObjectRef]) -> Self {
        let mut targets = Self::default();
        for (index, &object) in objects.iter().enumerate() {
            if index == 0 { targets.add_first(object) } else { targets.add_to(0, object) }
        }
        targets
    }

    /// How many representations were sent.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The objects of one representation; the first one leads.
    pub fn of(&self, representation: usize) -> impl Iterator<Item = ObjectRef> + '_ {
        let mut next = self.ends.get(representation).map_or(NONE, |ends| ends.0);
        std::iter::from_fn(move || {
            let &(object, after) = self.members.get(next as usize)?;
            next = after;
            Some(object)
        })
    }

    /// The same with what each lies below, where that matters.
    pub fn apart(&self, representation: usize) -> impl Iterator<Item = (ObjectRef, ObjectRef)> + '_ {
        let mut next = self.ends.get(representation).map_or(NONE, |ends| ends.0);
        std::iter::from_fn(move || {
            let above = *self.apart.get(next as usize)?;
            let (object, after) = self.members[next as usize];
            next = after;
            Some((object, above))
        })
    }

    /// Whether objects of one representation are to be told apart.
    pub fn are_apart(&self) -> bool {
        !self.apart.is_empty()
    }

    /// Every object.
    pub fn all(&self) -> impl Iterator<Item = ObjectRef> + '_ {
        self.members.iter().map(|member| member.0)
    }

    /// Who waits for these representations, in this order; nobody waits for the others.
    pub fn only(&self, representations: impl Iterator<Item = usize>) -> Self {
        let mut rest = Self::default();
        for (at, representation) in representations.enumerate() {
            for (index, object) in self.of(representation).enumerate() {
                if index == 0 { rest.add_first(object) } else { rest.add_to(at, object) }
            }
            rest.apart.extend(self.apart(representation).map(|(_, above)| above));
        }
        rest
    }

    fn add_first(&mut self, object: ObjectRef) {
        let at = self.members.len() as u32;
        self.members.push((object, NONE));
        self.ends.push((at, at));
    }

    fn add_to(&mut self, representation: usize, object: ObjectRef) {
        let at = self.members.len() as u32;
        self.members.push((object, NONE));
        let last = std::mem::replace(&mut self.ends[representation].1, at);
        self.members[last as usize].1 = at;
    }
}

/// Objects that wait for one request.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub objects: Vec<ObjectRef>,
    /// For each the object above that tells it from the same entity elsewhere; empty where that doesn't matter.
    pub apart: Vec<ObjectRef>,
}

/// Why an object isn't sent.
pub(super) struct Unsendable {
    /// An error says already why what it lacks isn't there.
    pub explained: bool,
}

const UNSENDABLE: Unsendable = Unsendable { explained: false };

/// A list of representations.
pub(super) struct Written {
    length: usize,
    /// Who waits for which.
    pub targets: Targets,
    /// The objects that weren't sent for a reason that an error explains.
    pub explained: Vec<ObjectRef>,
    known: Known,
}

impl Written {
    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Where each representation is in what was written.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.known.entries.iter().map(|entry| entry.start..entry.end)
    }
}

/// Writes the list of representations for these objects.
pub(super) fn write(
    plan: &Plan,
    arena: &Arena,
    lookup: &Lookup,
    waiting: &Waiting,
    out: &mut Vec<u8>,
) -> Written {
    let writer = Writer { plan, arena };
    let mut known = Known::new(waiting.objects.len());
    let mut targets = Targets::default();
    let mut explained = Vec::new();
    let begin = out.len();
    out.push(b'[');
    for (at, &object) in waiting.objects.iter().enumerate() {
        let start = out.len();
        if targets.count() > 0 {
            out.push(b',');
        }
        let from = out.len();
        match writer.representation(lookup, object, out) {
            Ok(()) => {
                match known.find_or_add(out, from, arena.type_of(object)) {
                    Some(representation) => {
                        targets.add_to(representation, object);
                        out.truncate(start);
                    }
                    None => targets.add_first(object),
                }
                targets.apart.extend(waiting.apart.get(at));
            }
            Err(why) => {
                out.truncate(start);
                explained.extend(why.explained.then_some(object));
            }
        }
    }
    out.push(b']');
    Written { length: out.len() - begin, targets, explained, known }
}

/// Writes what an object is told by those above it.
pub(super) fn context(
    plan: &Plan,
    arena: &Arena,
    argument: &ContextArgument,
    above: &[ObjectRef],
    out: &mut Vec<u8>,
) -> Result<(), Unsendable> {
    let writer = Writer { plan, arena };
    let fits = |source: &&ContextSource| {
        arena.type_of(above[source.depth]).is_some_and(|own| source.types.contains(own))
    };
    let source = argument.sources.iter().find(fits).ok_or(UNSENDABLE)?;
    writer.only(&source.fields, above[source.depth], argument.required, out)
}

struct Writer<'a> {
    plan: &'a Plan,
    arena: &'a Arena,
}

impl Writer<'_> {
    fn representation(
        &self,
        lookup: &Lookup,
        object: ObjectRef,
        out: &mut Vec<u8>,
    ) -> Result<(), Unsendable> {
        let unknown = || Unsendable { explained: self.arena.is_explained(object) };
        let own = self.arena.type_of(object).ok_or_else(unknown)?;
        let representation =
            lookup.representations.iter().find(|one| one.types.contains(own)).ok_or(UNSENDABLE)?;
        let typename = representation.typename.as_deref().unwrap_or_else(|| self.plan.type_names.name(own));
        out.extend_from_slice(b"{\"__typename\":\"");
        out.extend_from_slice(typename.as_bytes());
        out.push(b'"');
        self.fields(&representation.fields, object, false, out)?;
        out.push(b'}');
        Ok(())
    }

    fn fields(
        &self,
        fields: &[RepresentationField],
        object: ObjectRef,
        mut first: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unsendable> {
        for field in fields.iter().filter(|field| self.arena.passes(object, field.types.as_ref())) {
            if !std::mem::replace(&mut first, false) {
                out.push(b',');
            }
            out.push(b'"');
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            match &field.value {
                RepresentationValue::Typename => {
                    let explained = self.arena.is_explained(object);
                    let id = self.arena.type_of(object).ok_or(Unsendable { explained })?;
                    out.push(b'"');
                    out.extend_from_slice(self.plan.type_names.name(id).as_bytes());
                    out.push(b'"');
                }
                RepresentationValue::Leaf(slot) => {
                    self.value(self.arena.slot(object, *slot), None, field.key, out)?;
                }
                RepresentationValue::Object(slot, fields) => {
                    self.value(self.arena.slot(object, *slot), Some(fields), field.key, out)?;
                }
            }
        }
        Ok(())
    }

    /// The value of the one field that is selected of an object, at any depth.
    fn only(
        &self,
        fields: &[RepresentationField],
        object: ObjectRef,
        required: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unsendable> {
        let own = |field: &&RepresentationField| self.arena.passes(object, field.types.as_ref());
        let wanted = fields.iter().filter(own).find(|field| {
            !matches!(field.value, RepresentationValue::Typename) || &*field.name != "__typename"
        });
        match wanted.map(|field| &field.value) {
            None | Some(RepresentationValue::Typename) => {
                let explained = self.arena.is_explained(object);
                let id = self.arena.type_of(object).ok_or(Unsendable { explained })?;
                serde_json::to_writer(out, self.plan.type_names.name(id)).map_err(|_| UNSENDABLE)
            }
            Some(RepresentationValue::Leaf(slot)) => {
                self.value(self.arena.slot(object, *slot), None, required, out)
            }
            Some(RepresentationValue::Object(slot, inner)) => {
                self.only_below(self.arena.slot(object, *slot), inner, required, out)
            }
        }
    }

    fn only_below(
        &self,
        value: Value,
        fields: &[RepresentationField],
        required: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unsendable> {
        match value {
            Value::Object(object) => self.only(fields, object, required, out),
            Value::List { start, len } => {
                out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.only_below(self.arena.get(start + index), fields, false, out)?;
                }
                out.push(b']');
                Ok(())
            }
            value => self.value(value, None, required, out),
        }
    }

    fn value(
        &self,
        value: Value,
        fields: Option<&[RepresentationField]>,
        key: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unsendable> {
        match (value, fields) {
            (Value::Null { .. }, _) if !key => out.extend_from_slice(b"null"),
            (Value::Null { explained } | Value::Absent { explained }, _) => {
                return Err(Unsendable { explained });
            }
            (Value::Leaf(span), None) => out.extend_from_slice(self.arena.text(span)),
            (Value::Object(object), Some(fields)) => {
                out.push(b'{');
                self.fields(fields, object, true, out)?;
                out.push(b'}');
            }
            (Value::List { start, len }, Some(_)) => {
                out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.value(self.arena.get(start + index), fields, false, out)?;
                }
                out.push(b']');
            }
            // An object where a leaf should be, or the other way round.
            _ => return Err(UNSENDABLE),
        }
        Ok(())
    }
}

/// The distinct representations, by their bytes: an open table of their numbers, made once at full size.
struct Known {
    table: Vec<u32>,
    entries: Vec<Entry>,
    hasher: RandomState,
}

struct Entry {
    hash: u64,
    start: usize,
    end: usize,
    /// Objects of different types may go by one interface's name, and read different fields of the entity.
    own: Option<TypeId>,
}

impl Known {
    fn new(most: usize) -> Self {
        let size = (2 * most).next_power_of_two();
        Self { table: vec![NONE; size], entries: Vec::with_capacity(most), hasher: RandomState::new() }
    }

    /// The number of the representation that is equal to the bytes from `start` on, if it was there before.
    fn find_or_add(&mut self, out: &[u8], start: usize, own: Option<TypeId>) -> Option<usize> {
        let bytes = &out[start..];
        let hash = self.hasher.hash_one(bytes);
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at] != NONE {
            let entry = &self.entries[self.table[at] as usize];
            if entry.hash == hash && entry.own == own && out[entry.start..entry.end] == *bytes {
                return Some(self.table[at] as usize);
            }
            at = (at + 1) & mask;
        }
        self.table[at] = self.entries.len() as u32;
        self.entries.push(Entry { hash, start, end: out.len(), own });
        None
    }
}
