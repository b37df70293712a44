//! Finds objects in the answer again.

use std::ops::ControlFlow;

use tributary_federation::plan::{PathStep, Plan, ShapeId};

use super::arena::{Arena, ObjectRef, Value};
use crate::error::PathSegment;

/// How far an error's path is searched for. Shared entities are met once for each way that leads to them.
const MAX_STEPS: usize = 1_000_000;

/// The objects at the end of a path, in the answer's order, each once however many ways lead to it.
pub(super) fn objects(arena: &mut Arena, root: ObjectRef, path: &[PathStep]) -> Vec<ObjectRef> {
    let mut front = vec![root];
    for step in path {
        arena.begin_walk();
        let mut next = Vec::with_capacity(front.len());
        for object in front {
            if arena.passes(object, step.types.as_ref()) {
                collect(arena, arena.slot(object, step.slot), &mut next);
            }
        }
        front = next;
    }
    front
}

/// The same with the objects above each: one for each step of the path, the root first. They lie one after the
/// other, as many for each object as the path has steps.
pub(super) fn objects_with_those_above(
    arena: &mut Arena,
    root: ObjectRef,
    path: &[PathStep],
) -> (Vec<ObjectRef>, Vec<ObjectRef>) {
    let mut front = vec![root];
    let mut above: Vec<ObjectRef> = Vec::new();
    for (depth, step) in path.iter().enumerate() {
        arena.begin_walk();
        let (mut next, mut above_next) = (Vec::with_capacity(front.len()), Vec::new());
        for (at, &object) in front.iter().enumerate() {
            if !arena.passes(object, step.types.as_ref()) {
                continue;
            }
            let known = next.len();
            collect(arena, arena.slot(object, step.slot), &mut next);
            for _ in known..next.len() {
                above_next.extend_from_slice(&above[at * depth..(at + 1) * depth]);
                above_next.push(object);
            }
        }
        (front, above) = (next, above_next);
    }
    (front, above)
}

fn collect(arena: &mut Arena, value: Value, found: &mut Vec<ObjectRef>) {
    match value {
        Value::Object(object) if arena.visit(object) => found.push(object),
        Value::List { start, len } => {
            for place in start..start + len {
                collect(arena, arena.get(place), found);
            }
        }
        _ => {}
    }
}

/// A step of a client's path, as the plan names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment<'p> {
    Key(&'p str),
    Index(usize),
}

impl Segment<'_> {
    /// About how many bytes it takes in the answer.
    pub fn length(&self) -> usize {
        /// Quotes and comma, or a number and a comma.
        const BESIDES: usize = 4;
        BESIDES + if let Self::Key(key) = self { key.len() } else { 0 }
    }
}

impl From<Segment<'_>> for PathSegment {
    fn from(segment: Segment<'_>) -> Self {
        match segment {
            Segment::Key(key) => Self::Key(key.to_owned().into()),
            Segment::Index(index) => Self::Index(index),
        }
    }
}

/// One way to an object.
pub(super) struct Place<'a, 'p> {
    pub segments: &'a [Segment<'p>],
    /// The way goes on through what the client didn't ask for; `segments` end there.
    pub hidden: bool,
    pub object: ObjectRef,
}

impl Place<'_, '_> {
    pub fn path(&self) -> Vec<PathSegment> {
        self.segments.iter().map(|&segment| segment.into()).collect()
    }
}

/// Calls for every way to every object at the end of a path, until told to stop. For errors only: it takes as
/// long as the answer is large.
pub(super) fn each_place<'p>(
    plan: &'p Plan,
    arena: &Arena,
    root: ObjectRef,
    path: &[PathStep],
    visit: impl FnMut(Place<'_, 'p>) -> ControlFlow<()>,
) {
    let mut walk = Walk { plan, arena, segments: Vec::new(), steps: 0, visit };
    let _ = walk.object(root, ShapeId(0), path, false);
}

struct Walk<'a, 'p, V> {
    plan: &'p Plan,
    arena: &'a Arena,
    segments: Vec<Segment<'p>>,
    steps: usize,
    visit: V,
}

impl<'p, V: FnMut(Place<'_, 'p>) -> ControlFlow<()>> Walk<'_, 'p, V> {
    fn object(
        &mut self,
        object: ObjectRef,
        shape: ShapeId,
        path: &[PathStep],
        hidden: bool,
    ) -> ControlFlow<()> {
        let Some((step, rest)) = path.split_first() else {
            return (self.visit)(Place { segments: &self.segments, hidden, object });
        };
        let slot = &self.plan.shapes[shape.index()].slots[step.slot.index()];
        let Some(child) = slot.child.filter(|_| self.arena.passes(object, step.types.as_ref())) else {
            return ControlFlow::Continue(());
        };
        let visible = slot.key.as_deref().filter(|_| !hidden);
        self.segments.extend(visible.map(Segment::Key));
        self.value(self.arena.slot(object, step.slot), child, rest, visible.is_none())?;
        self.segments.truncate(self.segments.len() - usize::from(visible.is_some()));
        ControlFlow::Continue(())
    }

    fn value(&mut self, value: Value, shape: ShapeId, path: &[PathStep], hidden: bool) -> ControlFlow<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return ControlFlow::Break(());
        }
        match value {
            Value::Object(object) => self.object(object, shape, path, hidden)?,
            Value::List { start, len } => {
                for index in 0..len {
                    let length = self.segments.len();
                    if !hidden {
                        self.segments.push(Segment::Index(index as usize));
                    }
                    self.value(self.arena.get(start + index), shape, path, hidden)?;
                    self.segments.truncate(length);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
