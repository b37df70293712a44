//! `@authenticated`, `@requiresScopes` and `@policy` belong on what is returned, not on interfaces.

use super::super::diagnostic::{Code, Report};
use super::super::model::{Kind, Marks, Subgraph};

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        if def.kind != Kind::Interface && !def.interface_object {
            continue;
        }
        let noun = if def.interface_object { "interface object" } else { "interface" };
        check(subgraph, &format!("{noun} \"{}\"", def.name), &def.marks, def.span, report);
        for field in def.fields.values().filter(|_| def.kind == Kind::Interface) {
            let at = format!("field \"{}.{}\"", def.name, field.name);
            check(subgraph, &at, &field.marks, field.span, report);
        }
    }
}

fn check(
    subgraph: &Subgraph,
    at: &str,
    marks: &Marks,
    span: Option<apollo_compiler::parser::SourceSpan>,
    report: &mut Report,
) {
    let applied = [
        (marks.authenticated, "@authenticated"),
        (marks.scopes.is_some(), "@requiresScopes"),
        (marks.policies.is_some(), "@policy"),
    ];
    for (_, directive) in applied.into_iter().filter(|(applied, _)| *applied) {
        let message = format!(
            "[{}] Invalid use of {directive} on {at}: {directive} cannot be applied on interfaces, interface fields and interface objects",
            subgraph.name
        );
        report
            .error(Code::AuthRequirementsOnInterface, message)
            .at(subgraph.place(span))
            .help("put it on the implementations: the interface then demands what they demand");
    }
}
