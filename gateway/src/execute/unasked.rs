//! Errors of fields that the client didn't select on that object.
//!
//! Where a subgraph knows an interface's objects by the interface's name only (`@interfaceObject`), it is asked for
//! what any of them could need, before it is known which of them an object is. What fails there on an object for
//! which nobody selected it isn't the client's concern.

use tributary_federation::plan::{OutputField, OutputId, OutputInner, OutputValue, Plan};

use super::arena::{Arena, ObjectRef, Value};
use super::error::{ExecutionError, Origin};
use crate::error::PathSegment;

/// Leaves out the errors of subgraphs that are about nothing that the client selected.
///
/// `conditions`: which of the plan's conditions hold.
pub(super) fn leave_out(
    plan: &Plan,
    arena: &Arena,
    conditions: &[bool],
    root: ObjectRef,
    errors: &mut Vec<ExecutionError>,
) {
    let walk = Walk { plan, arena, conditions };
    errors
        .retain(|error| !matches!(error.origin, Origin::Subgraph(_)) || walk.is_selected(root, &error.path));
}

struct Walk<'a> {
    plan: &'a Plan,
    arena: &'a Arena,
    conditions: &'a [bool],
}

impl<'a> Walk<'a> {
    /// Whether the client selected what a path names. Where it ends in a null nothing more can be told.
    fn is_selected(&self, root: ObjectRef, path: &[PathSegment]) -> bool {
        let mut value = Value::Object(root);
        let mut selections = vec![OutputId(0)];
        for segment in path {
            match (segment, value) {
                (PathSegment::Key(key), Value::Object(object)) => {
                    let Some(ty) = self.arena.type_of(object) else { return true };
                    if self.plan.type_names.is_interface(ty) {
                        return true;
                    }
                    let fields = self.fields(object, &selections, key);
                    let Some(first) = fields.first() else { return false };
                    let OutputValue::Slot { slot, .. } = first.value else { return true };
                    value = self.arena.slot(object, slot);
                    selections = fields.iter().filter_map(|field| below(field)).collect();
                }
                (PathSegment::Index(index), Value::List { start, len }) if *index < len as usize => {
                    value = self.arena.get(start + *index as u32);
                }
                _ => return true,
            }
        }
        // Where there is a value, what failed was another type's field under that key.
        !matches!(value, Value::Leaf(_))
    }

    /// The fields of that key on an object, also those that come later.
    fn fields(&self, object: ObjectRef, selections: &[OutputId], key: &str) -> Vec<&'a OutputField> {
        let (mut open, mut fields) = (selections.to_vec(), Vec::new());
        while let Some(output) = open.pop() {
            let output = &self.plan.outputs[output.index()];
            fields.extend(output.fields.iter().filter(|field| {
                *field.key == *key
                    && self.arena.passes(object, field.types.as_ref())
                    && field.condition.is_none_or(|condition| self.conditions[condition.index()])
            }));
            open.extend(output.deferred.iter().map(|deferred| deferred.output));
        }
        fields
    }
}

fn below(field: &OutputField) -> Option<OutputId> {
    match &field.value {
        OutputValue::Slot { ty, .. } => match ty.inner {
            OutputInner::Object(output) => Some(output),
            _ => None,
        },
        _ => None,
    }
}
