//! Brings what one object has got to others that are the same entity, and says where nothing came.

use tributary_federation::plan::{Plan, ReadId};

use super::arena::{Arena, ObjectRef, Value};

/// Gives `to` what `read` has written into `from`: data replaces null, null never replaces data, objects merge
/// slot by slot and lists element by element. What `to` lacks wholly is shared, not copied.
pub(super) fn share(plan: &Plan, arena: &mut Arena, read: ReadId, from: ObjectRef, to: ObjectRef) {
    if from == to {
        return;
    }
    arena.learn_type(to, arena.type_of(from), &plan.type_names);
    for field in &plan.reads[read.index()].fields {
        if arena.passes(to, field.types.as_ref()) {
            let merged = merged(plan, arena, field.read, arena.slot(from, field.slot), to.place(field.slot));
            arena.set(to.place(field.slot), merged);
        }
    }
}

/// What stands in a place after a value has come to it.
fn merged(plan: &Plan, arena: &mut Arena, read: Option<ReadId>, from: Value, place: u32) -> Value {
    let old = arena.get(place);
    match (from, old, read) {
        (Value::Object(from), Value::Object(to), Some(read)) => share(plan, arena, read, from, to),
        (Value::List { start: from, len: count }, Value::List { start, len }, Some(_)) => {
            for index in 0..count.min(len) {
                let value = merged(plan, arena, read, arena.get(from + index), start + index);
                arena.set(start + index, value);
            }
        }
        (Value::Absent { .. }, ..) => {}
        (Value::Null { .. }, ..) if old.is_data() => {}
        _ => return from,
    }
    old
}

/// Says of everything that `read` should have brought and didn't that an error explains it.
pub(super) fn explain(plan: &Plan, arena: &mut Arena, read: ReadId, object: ObjectRef) {
    arena.explain_object(object);
    let known = arena.type_of(object).is_some();
    for field in &plan.reads[read.index()].fields {
        if !known || arena.passes(object, field.types.as_ref()) {
            explain_place(plan, arena, field.read, object.place(field.slot));
        }
    }
}

fn explain_place(plan: &Plan, arena: &mut Arena, read: Option<ReadId>, place: u32) {
    arena.explain(place);
    match (arena.get(place), read) {
        (Value::Object(object), Some(read)) => explain(plan, arena, read, object),
        (Value::List { start, len }, Some(_)) => {
            (start..start + len).for_each(|place| explain_place(plan, arena, read, place));
        }
        _ => {}
    }
}
