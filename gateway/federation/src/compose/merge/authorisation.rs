//! What `@requires` and `@fromContext` read must be allowed to whoever may ask the field, or it would leak through it.

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;

use super::super::diagnostic::{Code, Report};
use super::super::model::{Field, Marks};
use super::marks::Demands;
use super::{Graph, Merged, MergedType, context_name};

pub(super) fn validate(merged: &Merged<'_>, report: &mut Report) {
    for on in merged.types.values() {
        for field in on.fields.values() {
            let mut granted = Demands::default();
            granted.add(&on.marks.common);
            granted.add(&field.marks.common);
            for (graph, part) in &field.parts {
                if let Some((refused, read_by)) = read_without_leave(merged, on, *graph, part, &granted) {
                    let subgraph = &merged.subgraphs[*graph];
                    let message = format!(
                        "[{}] Field \"{}.{}\" does not specify necessary @authenticated, @requiresScopes and/or @policy auth requirements to access the transitive data \"{refused}\" from {read_by} selection set.",
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

/// What a field reads beyond what is granted, and the directive by which it does.
fn read_without_leave(
    merged: &Merged<'_>,
    on: &MergedType<'_>,
    graph: Graph,
    field: &Field,
    granted: &Demands,
) -> Option<(String, &'static str)> {
    let required = field.requires.as_ref().and_then(|set| refused(merged, on, &set.selections, granted));
    if let Some(refused) = required {
        return Some((refused, "@requires"));
    }
    let sources = field.arguments.values().filter_map(|input| input.from_context.as_ref()?.source.as_ref());
    for source in sources {
        let Ok(selections) = &source.selections else { continue };
        let context = context_name(&merged.subgraphs[graph], &source.context);
        let owners = merged.types.values().filter(|owner| owner.contexts.contains(&context));
        for owner in owners {
            if let Some(refused) = refused(merged, owner, selections, granted) {
                return Some((refused, "@fromContext"));
            }
        }
    }
    None
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
