//! What `@requires` reads must be allowed to whoever may ask the field, or it would leak through it.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;

use super::super::diagnostic::{Code, Report};
use super::super::model::Marks;
use super::marks::Demands;
use super::{Merged, MergedType};

pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    for on in merged.types.values() {
        for field in on.fields.values() {
            let mut granted = Demands::default();
            granted.add(&on.marks.common);
            granted.add(&field.marks.common);
            for (graph, part) in &field.parts {
                let Some(set) = &part.requires else { continue };
                if let Some(refused) = refused(merged, on, &set.selections, &granted) {
                    let subgraph = &merged.subgraphs[*graph];
                    let message = format!(
                        "[{}] Field \"{}.{}\" does not specify necessary @authenticated, @requiresScopes and/or @policy auth requirements to access the transitive data \"{refused}\" from @requires selection set.",
                        subgraph.name, on.name, field.name
                    );
                    report
                        .error(Code::MissingTransitiveAuthRequirements, message)
                        .at(subgraph.place(part.span))
                        .help(format!(
                            "give \"{}.{}\" the demands of \"{refused}\", too",
                            on.name, field.name
                        ));
                    break;
                }
            }
        }
    }
}

/// The first element of a selection that asks for more than what is granted.
fn refused(
    merged: &Merged<'_>,
    on: &MergedType<'_>,
    selections: &[Selection],
    granted: &Demands,
) -> Option<String> {
    let allowed = |marks: &Marks| granted.cover(marks);
    if !allowed(&on.marks.common) {
        return Some(on.name.to_string());
    }
    selections.iter().find_map(|selection| match selection {
        Selection::Field(selected) => {
            let field = on.fields.get(&selected.name)?;
            let coordinate = || Some(format!("{}.{}", on.name, field.name));
            let target: Option<&MergedType<'_>> = merged.types.get(field.ty.inner_named_type());
            if !allowed(&field.marks.common) || target.is_some_and(|target| !allowed(&target.marks.common)) {
                return coordinate();
            }
            refused(merged, target?, &selected.selection_set, granted)
        }
        Selection::InlineFragment(fragment) => {
            let condition: &Name = fragment.type_condition.as_ref().unwrap_or(&on.name);
            refused(merged, merged.types.get(condition)?, &fragment.selection_set, granted)
        }
        Selection::FragmentSpread(_) => None,
    })
}
