//! Directives on elements where they can't work.

use super::super::diagnostic::{Code, Report};
use super::super::model::{Kind, Subgraph};

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        if def.kind == Kind::Interface {
            for field in def.fields.values().filter(|field| field.shareable) {
                let message = format!(
                    "[{}] Invalid use of @shareable on field \"{}.{}\": only object type fields can be marked with @shareable",
                    subgraph.name, def.name, field.name
                );
                report.error(Code::InvalidShareableUsage, message).at(subgraph.place(field.span));
            }
        }
        if def.name == "Query" && def.marks.inaccessible {
            let message = format!(
                "[{}] Type \"Query\" is @inaccessible but is the root query type, which must be in the API schema.",
                subgraph.name
            );
            report.error(Code::QueryRootTypeInaccessible, message).at(subgraph.place(def.span));
        }
    }
    composed(subgraph, report);
    for (name, span) in &subgraph.links.composed_anyway {
        let message = format!(
            "[{}] Directive \"@{name}\" need not be composed by @composeDirective: it is a federation directive that every supergraph keeps",
            subgraph.name
        );
        report
            .hint(Code::DirectiveCompositionInfo, message)
            .at(subgraph.place(*span))
            .help(format!("remove @composeDirective(name: \"@{name}\")"));
    }
}

/// `@composeDirective` must name a directive that is there, and that a link gives an identity to.
fn composed(subgraph: &Subgraph, report: &mut Report) {
    for (name, span) in &subgraph.links.composed {
        let federation = subgraph.links.known(name).is_some_and(|known| !known.is_built_in());
        let problem = if federation {
            format!(
                "Directive \"@{name}\" is a federation directive; @composeDirective is for custom directives"
            )
        } else if subgraph.links.joined(name).is_some() || subgraph.links.known(name).is_some() {
            continue;
        } else if !subgraph.directives.contains_key(name.as_str()) {
            format!(
                "Could not find matching directive definition for argument to @composeDirective \"@{name}\" in subgraph \"{}\".",
                subgraph.name
            )
        } else if !subgraph.links.foreign.iter().any(|link| link.owns(name)) {
            format!(
                "Directive \"@{name}\" in subgraph \"{}\" cannot be composed because it is not a member of a core feature",
                subgraph.name
            )
        } else {
            continue;
        };
        report
            .error(Code::DirectiveCompositionError, format!("[{}] {problem}", subgraph.name))
            .at(subgraph.place(*span))
            .help("link the specification that the directive belongs to: @link(url: \"https://…/name/v1.0\", import: [\"@directive\"])");
    }
}
