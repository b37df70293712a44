//! Says which query can't be answered, and what was tried.

use std::fmt::Write;

use super::super::diagnostic::{Code, Place, Report};
use super::graph::{Node, TypeIndex};
use super::resolve::{Resolver, Way};
use super::{Failure, Step};

pub(super) fn report(resolver: &Resolver<'_, '_>, steps: &[Step], failed: &[Failure], report: &mut Report) {
    for failure in failed {
        let mut message = String::from("The following supergraph API query:\n");
        message.push_str(&query(resolver, steps, (failure.ty, &failure.field), failure.step));
        message.push_str("\ncannot be satisfied by the subgraphs because:");
        let mut told: Vec<usize> = Vec::new();
        for way in failure.ways.iter() {
            for node in way.iter() {
                if !told.contains(&node.graph) {
                    told.push(node.graph);
                    from(resolver, failure, way, *node, &mut message);
                }
            }
        }
        let help = format!(
            "let \"{}\" be reached there: a @key that those subgraphs can resolve, or the field itself marked @shareable",
            resolver.graph.name(failure.ty)
        );
        report
            .error(Code::SatisfiabilityError, message)
            .at(places(resolver, failure.ty, &failure.field))
            .help(help);
    }
}

/// The shortest query that gets to a field.
pub(super) fn query(
    resolver: &Resolver<'_, '_>,
    steps: &[Step],
    (ty, name): (TypeIndex, &str),
    step: usize,
) -> String {
    let mut path: Vec<&Step> = Vec::new();
    let mut at = Some(step);
    while let Some(step) = at.and_then(|index| steps.get(index)) {
        path.push(step);
        at = step.parent;
    }
    path.reverse();
    let operation = path.first().map(|root| root.field.as_str()).unwrap_or_default();
    let mut lines: Vec<String> = vec![operation.to_owned()];
    for step in path.iter().skip(1) {
        lines.push(step.field.clone());
        lines.extend(step.condition.as_ref().map(|on| format!("... on {on}")));
    }
    let field = resolver.graph.merged_type(ty).fields.get(name);
    let composite =
        field.is_some_and(|field| resolver.graph.composite(field.ty.inner_named_type()).is_some());
    let mut text = String::new();
    for (depth, line) in lines.iter().enumerate() {
        let space = if line.is_empty() { "" } else { " " };
        let _ = writeln!(text, "{}{line}{space}{{", "  ".repeat(depth));
    }
    let tail = if composite { " { ... }" } else { "" };
    let _ = writeln!(text, "{}{name}{tail}", "  ".repeat(lines.len()));
    for depth in (0..lines.len()).rev() {
        let _ = writeln!(text, "{}}}", "  ".repeat(depth));
    }
    text.trim_end().to_owned()
}

/// What one subgraph that has the object can't do.
fn from(resolver: &Resolver<'_, '_>, failure: &Failure, way: &Way, node: Node, message: &mut String) {
    let graph = resolver.graph;
    let (on, field) = (graph.name(failure.ty), &failure.field);
    let here = graph.merged.name(node.graph);
    let _ = write!(message, "\n- from subgraph \"{here}\":");
    match graph.join(node.graph, node.local, field) {
        Some(join) if join.requires.is_some() => {
            let _ = write!(message, "\n  - cannot satisfy @require conditions on field \"{on}.{field}\".");
        }
        Some(join) if !join.contextual.is_empty() => {
            let _ = write!(
                message,
                "\n  - could not find a match for required context for field \"{on}.{field}\"."
            );
        }
        Some(join) if join.external => {
            let _ =
                write!(message, "\n  - field \"{on}.{field}\" is not resolvable because marked @external.");
        }
        Some(join) if join.used_overridden || !graph.is_active(join) => {
            let _ = write!(message, "\n  - field \"{on}.{field}\" is overridden by another subgraph.");
        }
        _ => {
            let _ = write!(message, "\n  - cannot find field \"{on}.{field}\".");
        }
    }
    for target in resolver.targets(failure.ty) {
        let elsewhere = target.graph != node.graph && !way.iter().any(|known| known.graph == target.graph);
        let resolves = graph.join(target.graph, target.local, field).is_some_and(|join| !join.external);
        if elsewhere && resolves {
            moves(resolver, failure.ty, target, field, here, message);
        }
    }
}

/// Why there is no way to a subgraph that has the field.
fn moves(
    resolver: &Resolver<'_, '_>,
    ty: TypeIndex,
    target: Node,
    field: &str,
    here: &str,
    message: &mut String,
) {
    let graph = resolver.graph;
    let (there, on) = (graph.merged.name(target.graph), graph.name(ty));
    let keys = graph.def(target.graph, target.local).map(|def| &def.keys[..]).unwrap_or_default();
    let mut resolvable = keys.iter().filter(|key| key.resolvable).peekable();
    if resolvable.peek().is_none() {
        let kind = if keys.is_empty() { "no @key defined" } else { "no resolvable @key defined" };
        let _ = write!(
            message,
            "\n  - cannot move to subgraph \"{there}\", which has field \"{on}.{field}\", because type \"{on}\" has {kind} in subgraph \"{there}\"."
        );
    }
    for key in resolvable {
        let _ = write!(
            message,
            "\n  - cannot move to subgraph \"{there}\" using @key(fields: \"{}\") of \"{on}\", the key field(s) cannot be resolved from subgraph \"{here}\".",
            key.fields.text
        );
    }
}

pub(super) fn places(resolver: &Resolver<'_, '_>, ty: TypeIndex, field: &str) -> Vec<Place> {
    let merged = resolver.graph.merged;
    let field = resolver.graph.merged_type(ty).fields.get(field);
    let parts = field.into_iter().flat_map(|field| &field.parts);
    parts.filter_map(|(graph, field)| merged.subgraphs[*graph].place(field.span)).collect()
}
