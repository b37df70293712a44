//! What clients send: arguments of fields and of directives, and fields of input types.

use apollo_compiler::Name;
use apollo_compiler::ast::{InputValueDefinition, Type, Value};

use super::{Changes, Code};

/// What the changes are called for one sort of inputs.
pub(super) struct Sort {
    noun: &'static str,
    removed: Code,
    added_required: Code,
    added_optional: Code,
    changed_kind: Code,
    changed_kind_safe: Code,
    became_required: Code,
    became_optional: Code,
    default_changed: Code,
}

/// Arguments of fields.
pub(super) const ARGUMENT: Sort = Sort {
    noun: "argument",
    removed: Code::ArgRemoved,
    added_required: Code::RequiredArgAdded,
    added_optional: Code::OptionalArgAdded,
    changed_kind: Code::ArgChangedKind,
    changed_kind_safe: Code::ArgChangedKindSafe,
    became_required: Code::ArgBecameRequired,
    became_optional: Code::ArgBecameOptional,
    default_changed: Code::ArgDefaultValueChange,
};

/// Fields of input types.
pub(super) const FIELD: Sort = Sort {
    noun: "field",
    removed: Code::FieldRemoved,
    added_required: Code::RequiredInputFieldAdded,
    added_optional: Code::OptionalInputFieldAdded,
    changed_kind: Code::FieldChangedKind,
    changed_kind_safe: Code::FieldChangedKindSafe,
    became_required: Code::InputFieldBecameRequired,
    became_optional: Code::InputFieldBecameOptional,
    default_changed: Code::InputFieldDefaultValueChange,
};

/// Arguments of directives.
pub(super) const DIRECTIVE_ARGUMENT: Sort = Sort {
    noun: "argument",
    removed: Code::DirectiveArgRemoved,
    added_required: Code::RequiredDirectiveArgAdded,
    added_optional: Code::OptionalDirectiveArgAdded,
    changed_kind: Code::DirectiveArgChangedKind,
    changed_kind_safe: Code::DirectiveArgChangedKindSafe,
    became_required: Code::DirectiveArgBecameRequired,
    became_optional: Code::DirectiveArgBecameOptional,
    default_changed: Code::DirectiveArgDefaultValueChange,
};

pub(super) fn compare<'a, I>(
    sort: &Sort,
    was: impl IntoIterator<Item = &'a I>,
    is: impl IntoIterator<Item = &'a I>,
    coordinate: &dyn Fn(&Name) -> String,
    changes: &mut Changes,
) where
    I: AsRef<InputValueDefinition> + 'a,
{
    let was: Vec<&InputValueDefinition> = was.into_iter().map(AsRef::as_ref).collect();
    let is: Vec<&InputValueDefinition> = is.into_iter().map(AsRef::as_ref).collect();
    for old in &was {
        match is.iter().find(|new| new.name == old.name) {
            Some(new) => input(sort, &coordinate(&old.name), old, new, changes),
            None => {
                changes.add(sort.removed, coordinate(&old.name), format!("the {} was removed", sort.noun));
            }
        }
    }
    for new in is.iter().filter(|new| was.iter().all(|old| old.name != new.name)) {
        let (code, how) = match new.is_required() {
            true => (sort.added_required, "must be given"),
            false => (sort.added_optional, "may be left out"),
        };
        changes.add(code, coordinate(&new.name), format!("the {} was added; it {how}", sort.noun));
    }
}

fn input(
    sort: &Sort,
    coordinate: &str,
    old: &InputValueDefinition,
    new: &InputValueDefinition,
    changes: &mut Changes,
) {
    let safe = is_safe(&old.ty, &new.ty);
    if old.ty != new.ty {
        let code = if safe { sort.changed_kind_safe } else { sort.changed_kind };
        changes.add(code, coordinate, format!("its type changed from {} to {}", old.ty, new.ty));
    }
    if safe && new.is_required() && !old.is_required() {
        changes.add(sort.became_required, coordinate, "it lost its default and must be given now");
    } else if old.is_required() && new.default_value.is_some() {
        // Whoever gives it anyway doesn't notice.
        changes.add(sort.became_optional, coordinate, "it has a default now and needn't be given");
    } else {
        default(sort, coordinate, old, new, changes);
    }
    changes.descriptions(coordinate, old.description.as_ref(), new.description.as_ref());
    let deprecation = (old.directives.get("deprecated"), new.directives.get("deprecated"));
    changes.deprecations(coordinate, deprecation.0, deprecation.1);
}

fn default(
    sort: &Sort,
    coordinate: &str,
    old: &InputValueDefinition,
    new: &InputValueDefinition,
    changes: &mut Changes,
) {
    let text = |value: &Value| value.serialize().no_indent().to_string();
    let message = match (old.default_value.as_deref(), new.default_value.as_deref()) {
        (Some(old), Some(new)) if !is_same(old, new) => {
            format!("its default changed from {} to {}", text(old), text(new))
        }
        (Some(old), None) => format!("its default {} was removed", text(old)),
        (None, Some(new)) => format!("its default is {} now", text(new)),
        _ => return,
    };
    changes.add(sort.default_changed, coordinate, message);
}

/// Whether everything that the old type took is taken by the new one. A list in the place of its item isn't
/// safe, although literals would be taken: a variable of the item's type isn't.
fn is_safe(old: &Type, new: &Type) -> bool {
    let null_is_still_taken = old.is_non_null() || !new.is_non_null();
    null_is_still_taken
        && match (old.is_list(), new.is_list()) {
            (true, true) => is_safe(old.item_type(), new.item_type()),
            (false, false) => old.inner_named_type() == new.inner_named_type(),
            _ => false,
        }
}

/// Equal but for the order of an object's fields, which means nothing.
fn is_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.len() == new.len()
                && old
                    .iter()
                    .all(|(name, value)| new.iter().any(|(other, new)| name == other && is_same(value, new)))
        }
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new))
        }
        _ => old == new,
    }
}
