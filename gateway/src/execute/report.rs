//! Says in the client's terms what went wrong in a fetch: errors get the client's paths, and the places that
//! they explain are marked, so that no second error is made of the same null.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use serde_json::{Map, Value as Json};
use tributary_federation::plan::{Fetch, FetchSource, PathStep, Plan, ReadId};

use super::FetchFailure;
use super::arena::{Arena, ObjectRef, Value};
use super::error::{Errors, ExecutionError, Origin};
use super::locate::{Place, Segment, each_place};
use super::merge;
use super::read::Outcome;
use super::representation::Targets;
use crate::error::PathSegment;

/// How many further places one error of a whole fetch names.
const MORE_PATHS: usize = 10;

/// What went wrong in one fetch, and where its objects are.
pub(super) struct Report<'a, 'p> {
    pub plan: &'p Plan,
    pub arena: &'a mut Arena,
    pub errors: &'a mut Errors,
    pub root: ObjectRef,
    pub fetch: &'p Fetch,
    pub targets: &'a [Targets],
    pub service: &'a str,
}

/// What an error is about: which lookup, and which of its representations.
type Subject = (usize, usize);

/// A subgraph's error with what it is about.
struct Located {
    error: ExecutionError,
    /// `None`: the fetch as a whole.
    subject: Option<Subject>,
    /// The client's path from the object on.
    rest: Vec<PathSegment>,
}

/// The client's path to an object that an error is about.
#[derive(Clone, PartialEq)]
struct Base {
    path: Vec<PathSegment>,
    /// The object is beyond what the client asked for, where the path ends.
    hidden: bool,
}

impl<'p> Report<'_, 'p> {
    /// There is no usable reply: one error, at the first place that lacks something.
    pub fn failure(mut self, failure: FetchFailure) {
        self.explain_everything();
        if self.errors.room() == 0 {
            return self.errors.leave_out(1);
        }
        let mut paths = self.first_places(1 + MORE_PATHS).into_iter();
        let mut error = ExecutionError::new(failure.code, failure.message)
            .at(paths.next().unwrap_or_default())
            .with("service", self.service);
        if let Some(setting) = failure.setting {
            error = error.with("setting", setting);
        }
        let more: Vec<_> = paths.collect();
        if !more.is_empty() {
            error = error.with("paths", serde_json::to_value(more).unwrap_or_default());
        }
        self.errors.push(|| error);
    }

    /// Two subgraphs don't agree about a list's length.
    pub fn uneven(&mut self) {
        let path = self.first_places(1).pop().unwrap_or_default();
        let service = self.service;
        self.errors.push(|| {
            let message = "Subgraphs answered with lists of different lengths for one field";
            ExecutionError::new("LIST_LENGTH_MISMATCH", message).at(path).with("service", service)
        });
    }

    /// The subgraph answered with errors (and perhaps with data, which is merged already).
    pub fn subgraph_errors(mut self, outcome: &Outcome<'_>) {
        let Some(raw) = outcome.errors else { return };
        if outcome.hollow {
            self.explain_everything();
        }
        let list: Vec<Json> = serde_json::from_slice(raw).unwrap_or_else(|_| vec![Json::Null]);
        let mut located = Vec::new();
        for error in list {
            let subject = self.subject(&error);
            let rest = self.mark(&error, subject, outcome);
            if located.len() < self.errors.room() {
                located.push(Located { error: self.translated(error), subject, rest });
            } else {
                self.errors.leave_out(1);
            }
        }
        self.emit(located);
    }

    /// Which lookup and representation an error's path is about.
    fn subject(&self, error: &Json) -> Option<Subject> {
        let path = error.get("path")?.as_array()?;
        match &self.fetch.source {
            FetchSource::Root { .. } => (!path.is_empty()).then_some((0, 0)),
            FetchSource::Entities(lookups) => {
                let key = path.first()?.as_str()?;
                let lookup = lookups.iter().position(|lookup| *lookup.key == *key)?;
                let index = usize::try_from(path.get(1)?.as_u64()?).ok()?;
                (index < self.targets[lookup].count()).then_some((lookup, index))
            }
        }
    }

    /// Marks what an error explains; the client's path from the object on.
    fn mark(
        &mut self,
        error: &Json,
        subject: Option<(usize, usize)>,
        outcome: &Outcome<'_>,
    ) -> Vec<PathSegment> {
        let Some((lookup, representation)) = subject else {
            self.explain_everything();
            return Vec::new();
        };
        let path = error.get("path").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let path = match self.fetch.source {
            FetchSource::Root { .. } => path,
            FetchSource::Entities(_) => &path[2..],
        };
        let (_, read) = self.aim(lookup);
        let is_null = outcome.null_entities.contains(&(lookup, representation));
        let mut rest = None;
        for object in self.targets[lookup].of(representation) {
            let keys = Trail { plan: self.plan, arena: self.arena }.follow(read, object, path);
            rest.get_or_insert(keys);
            // The error reached the entity itself, or was carried up to it.
            if path.is_empty() || is_null {
                merge::explain(self.plan, self.arena, read, object);
            }
        }
        rest.unwrap_or_default()
    }

    /// A subgraph's error in our form; what doesn't look like an error is one nevertheless.
    fn translated(&self, error: Json) -> ExecutionError {
        let Json::Object(mut error) = error else { return self.wordless() };
        let mut extensions = match error.remove("extensions") {
            Some(Json::Object(extensions)) => extensions,
            _ => Map::new(),
        };
        let code = match extensions.remove("code") {
            Some(Json::String(code)) => Some(code.into()),
            Some(other) => {
                extensions.insert("code".to_owned(), other);
                None
            }
            None => None,
        };
        let base = self.wordless();
        let message = match error.remove("message") {
            Some(Json::String(message)) => message.into(),
            _ => base.message,
        };
        extensions.insert("service".to_owned(), self.service.into());
        ExecutionError { message, code, extensions, ..base }
    }

    fn wordless(&self) -> ExecutionError {
        ExecutionError {
            message: "The subgraph answered with an error".into(),
            path: Vec::new(),
            code: None,
            extensions: Map::from_iter([("service".to_owned(), self.service.into())]),
            origin: Origin::Subgraph(self.fetch.subgraph),
        }
    }

    /// Writes each error once for every place in the answer that its object has.
    fn emit(&mut self, located: Vec<Located>) {
        let bases = self.bases(&located);
        let whole = located.iter().any(|located| located.subject.is_none()).then(|| self.whole_fetch());
        for Located { error, subject, rest } in located {
            let places = match subject {
                Some(subject) => bases.get(&subject).map_or(&[][..], Vec::as_slice),
                None => whole.as_slice(),
            };
            if places.is_empty() {
                self.errors.push(|| error.clone());
            }
            for Base { path, hidden } in places {
                self.errors.push(|| {
                    let rest = if *hidden { &[] } else { &*rest };
                    error.clone().at([path, rest].concat())
                });
            }
        }
    }

    /// Where in the answer the objects are that errors are about.
    fn bases(&self, located: &[Located]) -> HashMap<Subject, Vec<Base>> {
        let subjects: HashSet<_> = located.iter().filter_map(|located| located.subject).collect();
        let mut bases: HashMap<_, Vec<_>> = HashMap::new();
        let room = self.errors.room();
        for lookup in 0..self.targets.len() {
            let mut waiting: HashMap<ObjectRef, Subject> = HashMap::new();
            for &subject in subjects.iter().filter(|subject| subject.0 == lookup) {
                waiting.extend(self.targets[lookup].of(subject.1).map(|object| (object, subject)));
            }
            if waiting.is_empty() {
                continue;
            }
            each_place(self.plan, self.arena, self.root, self.aim(lookup).0, |place| {
                if let Some(&subject) = waiting.get(&place.object) {
                    let found = bases.entry(subject).or_default();
                    let base = Base { path: place.path(), hidden: place.hidden };
                    // Ways that differ only in what the client doesn't see are one.
                    if found.len() < room && found.last() != Some(&base) {
                        found.push(base);
                    }
                }
                ControlFlow::Continue(())
            });
        }
        bases
    }

    /// The place of an error that is about a fetch as a whole. One about the root has no path.
    fn whole_fetch(&self) -> Base {
        let path = match &self.fetch.source {
            FetchSource::Root { path, .. } if path.is_empty() => Vec::new(),
            _ => self.first_places(1).pop().unwrap_or_default(),
        };
        Base { path, hidden: false }
    }

    /// The first fields of the answer that wait for this fetch.
    fn first_places(&self, most: usize) -> Vec<Vec<PathSegment>> {
        let mut found: Vec<Vec<PathSegment>> = Vec::new();
        for (lookup, targets) in self.targets.iter().enumerate() {
            let objects: HashSet<_> = targets.all().collect();
            let (path, read) = self.aim(lookup);
            each_place(self.plan, self.arena, self.root, path, |place| {
                if objects.contains(&place.object) {
                    let path = self.field_at(&place, read);
                    if found.last() != Some(&path) {
                        found.push(path);
                    }
                }
                if found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if found.len() >= most {
                break;
            }
        }
        found
    }

    /// The path to the first field of an object that the client waits for.
    fn field_at(&self, place: &Place<'_, 'p>, read: ReadId) -> Vec<PathSegment> {
        let read = &self.plan.reads[read.index()];
        let slots = &self.plan.shapes[read.shape.index()].slots;
        let mut fields =
            read.fields.iter().filter(|field| self.arena.passes(place.object, field.types.as_ref()));
        let key = fields.find_map(|field| slots[field.slot.index()].key.as_deref()).filter(|_| !place.hidden);
        let mut path = place.path();
        path.extend(key.map(|key| Segment::Key(key).into()));
        path
    }

    fn explain_everything(&mut self) {
        for lookup in 0..self.targets.len() {
            let read = self.aim(lookup).1;
            for object in self.targets[lookup].all() {
                merge::explain(self.plan, self.arena, read, object);
            }
        }
    }

    /// Where a lookup's objects are, and how its reply is read.
    fn aim(&self, lookup: usize) -> (&'p [PathStep], ReadId) {
        match &self.fetch.source {
            FetchSource::Root { path, read } => (path, *read),
            FetchSource::Entities(lookups) => (&lookups[lookup].path, lookups[lookup].read),
        }
    }
}

/// Follows a subgraph's error path through an object of the answer.
struct Trail<'a> {
    plan: &'a Plan,
    arena: &'a mut Arena,
}

/// Where on its way a path is.
#[derive(Clone, Copy)]
enum At {
    Object(ObjectRef),
    Place(u32),
    /// Beyond a null, or inside a leaf: the rest only has names.
    Beyond,
}

impl Trail<'_> {
    /// Marks the first place without data; the client's names for all of the path, up to what isn't the client's.
    fn follow(&mut self, read: ReadId, object: ObjectRef, path: &[Json]) -> Vec<PathSegment> {
        let (mut at, mut read, mut names, mut visible) = (At::Object(object), Some(read), Vec::new(), true);
        for segment in path {
            at = self.enter(at);
            match (segment, read) {
                (Json::String(key), Some(id)) => {
                    let object = if let At::Object(object) = at { Some(object) } else { None };
                    let Some((name, place, next)) = self.field(id, object, key) else { break };
                    visible &= name.is_some();
                    names.extend(name.filter(|_| visible).map(|name| Segment::Key(name).into()));
                    (at, read) = (place.map_or(At::Beyond, At::Place), next);
                }
                // Inside a leaf names mean nothing, and stay.
                (Json::String(key), None) if visible => names.push(Segment::Key(key).into()),
                (index, _) => {
                    let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                    names.extend(index.filter(|_| visible).map(PathSegment::Index));
                    at = index.map_or(At::Beyond, |index| self.element(at, index));
                }
            }
        }
        self.enter(at);
        names
    }

    /// What is in a place; if nothing is, the error explains it.
    fn enter(&mut self, at: At) -> At {
        let At::Place(place) = at else { return at };
        self.arena.explain(place);
        match self.arena.get(place) {
            Value::Object(object) => At::Object(object),
            Value::List { .. } => at,
            _ => At::Beyond,
        }
    }

    fn element(&self, at: At, index: usize) -> At {
        match at {
            At::Place(place) => match self.arena.get(place) {
                Value::List { start, len } if index < len as usize => At::Place(start + index as u32),
                _ => At::Beyond,
            },
            _ => At::Beyond,
        }
    }

    /// The client's name of a reply's key, where its value is, and how objects in it are read.
    fn field(
        &self,
        read: ReadId,
        object: Option<ObjectRef>,
        key: &str,
    ) -> Option<(Option<&str>, Option<u32>, Option<ReadId>)> {
        let read = &self.plan.reads[read.index()];
        let mut fields = read.fields.iter().filter(|field| *field.key == *key);
        let field = match object.filter(|&object| self.arena.type_of(object).is_some()) {
            Some(object) => fields.find(|field| self.arena.passes(object, field.types.as_ref())),
            None => fields.next(),
        }?;
        let name = self.plan.shapes[read.shape.index()].slots[field.slot.index()].key.as_deref();
        Some((name, object.map(|object| object.place(field.slot)), field.read))
    }
}
