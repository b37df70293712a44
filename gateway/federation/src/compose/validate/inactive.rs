//! Federation 1 let `@requires` and `@provides` name fields that the subgraph resolves by itself: they say nothing.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;

use super::super::fieldset;
use super::super::model::{FieldSet, Kind, Subgraph};

/// Takes the selections that say nothing out of a subgraph of federation 1.
pub(super) fn remove(subgraph: &mut Subgraph) {
    if !subgraph.is_v1() {
        return;
    }
    let mut changed = Vec::new();
    for def in subgraph.types.values().filter(|def| def.kind == Kind::Object) {
        for field in def.fields.values() {
            let requires = field.requires.as_ref().map(|set| active(subgraph, &def.name, set));
            let target = field.ty.inner_named_type();
            let provides = field.provides.as_ref().map(|set| active(subgraph, target, set));
            if requires.is_some() || provides.is_some() {
                changed.push((def.name.clone(), field.name.clone(), requires.flatten(), provides.flatten()));
            }
        }
    }
    for (on, field, requires, provides) in changed {
        if let Some(field) = subgraph.types.get_mut(&on).and_then(|def| def.fields.get_mut(&field)) {
            field.requires = requires;
            field.provides = provides;
        }
    }
}

fn active(subgraph: &Subgraph, on: &Name, set: &FieldSet) -> Option<FieldSet> {
    let selections = keep(subgraph, on, &set.selections);
    (!selections.is_empty()).then(|| FieldSet {
        text: fieldset::print(&selections),
        selections,
        span: set.span,
    })
}

fn keep(subgraph: &Subgraph, on: &Name, selections: &[Selection]) -> Vec<Selection> {
    let mut kept = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(selected) => {
                let Some(field) = subgraph.field(on, &selected.name) else { continue };
                if field.external {
                    kept.push(selection.clone());
                    continue;
                }
                let nested = keep(subgraph, field.ty.inner_named_type(), &selected.selection_set);
                if !nested.is_empty() {
                    let mut selected = selected.clone();
                    selected.make_mut().selection_set = nested;
                    kept.push(Selection::Field(selected));
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref().unwrap_or(on);
                let nested = keep(subgraph, condition, &fragment.selection_set);
                if !nested.is_empty() {
                    let mut fragment = fragment.clone();
                    fragment.make_mut().selection_set = nested;
                    kept.push(Selection::InlineFragment(fragment));
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    kept
}
