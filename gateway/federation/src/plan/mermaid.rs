//! Plans for people who want to see them: as a Mermaid flowchart.
//!
//! A fetch is a box, an arrow leads to what waits for it; a fetch that isn't always sent is a hexagon, and what
//! comes after the first part of the answer stands in a box of its own, with dotted arrows into it.

use std::fmt::Write;

use super::{ConditionId, DeferredId, Fetch, FetchId, FetchSource, Lookup, OperationKind, Plan};
use crate::Supergraph;

/// Longer lines make boxes that no screen shows.
const WIDTH: usize = 60;

impl Plan {
    /// The plan as the text of a Mermaid flowchart.
    pub fn to_mermaid(&self, supergraph: &Supergraph) -> String {
        let mut chart = String::from("flowchart TD\n");
        chart.push_str(&format!("  client([{}])\n", label(&[self.title()])));
        self.boxes(None, 1, supergraph, &mut chart);
        for (at, fetch) in self.fetches.iter().enumerate() {
            self.arrows(at, fetch, &mut chart);
        }
        chart
    }

    fn title(&self) -> String {
        let kind = match self.kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        };
        match &self.operation_name {
            Some(name) => format!("{kind} {name}"),
            None => kind.to_owned(),
        }
    }

    /// What belongs to one deferred fragment, or to the first part of the answer with what is deferred after it.
    fn boxes(&self, of: Option<DeferredId>, level: usize, supergraph: &Supergraph, chart: &mut String) {
        let indent = "  ".repeat(level);
        for (at, fetch) in self.fetches.iter().enumerate().filter(|(_, fetch)| fetch.deferred == of) {
            let text = label(&self.lines(at, fetch, supergraph));
            let (open, close) = if fetch.condition.is_some() { ("{{", "}}") } else { ("[", "]") };
            writeln!(chart, "{indent}f{at}{open}{text}{close}").expect("a string takes everything");
        }
        for (at, deferred) in self.deferred.iter().enumerate().filter(|_| of.is_none()) {
            let title = match &deferred.label {
                Some(name) => format!("deferred {at} ({name})"),
                None => format!("deferred {at}"),
            };
            writeln!(chart, "{indent}subgraph d{at}[{}]", label(&[title]))
                .expect("a string takes everything");
            self.boxes(Some(DeferredId(at as u32)), level + 1, supergraph, chart);
            writeln!(chart, "{indent}end").expect("a string takes everything");
        }
    }

    fn lines(&self, at: usize, fetch: &Fetch, supergraph: &Supergraph) -> Vec<String> {
        let mut lines = vec![format!("{at} {}", supergraph.subgraph_name(fetch.subgraph))];
        lines.extend(self.only_if(fetch.condition));
        match &fetch.source {
            FetchSource::Root { path, .. } if path.is_empty() => {}
            FetchSource::Root { path, .. } => lines.push(format!("at {}", self.path(path))),
            FetchSource::Entities(lookups) => {
                lines.extend(lookups.iter().map(|lookup| self.lookup(lookup, fetch)))
            }
        }
        lines.extend(wrapped(&fetch.query));
        lines
    }

    fn lookup(&self, lookup: &Lookup, fetch: &Fetch) -> String {
        let by = self.representations(lookup).join(" | ");
        let own = lookup.condition.filter(|_| lookup.condition != fetch.condition);
        let only_if = self.only_if(own).map(|text| format!(" {text}")).unwrap_or_default();
        let contexts: String =
            self.contexts(lookup).iter().map(|context| format!(" with {context}")).collect();
        format!("at {} by {by}{contexts}{only_if}", self.path(&lookup.path))
    }

    fn only_if(&self, condition: Option<ConditionId>) -> Option<String> {
        let condition = &self.conditions[condition?.index()];
        Some(format!("if {}", self.condition(condition)))
    }

    fn arrows(&self, at: usize, fetch: &Fetch, chart: &mut String) {
        if fetch.deps.is_empty() {
            let arrow = if fetch.deferred.is_some() { "-.->" } else { "-->" };
            writeln!(chart, "  client {arrow} f{at}").expect("a string takes everything");
        }
        for FetchId(dep) in &fetch.deps {
            let comes_later = self.fetches[*dep as usize].deferred != fetch.deferred;
            let arrow = if comes_later { "-.->" } else { "-->" };
            writeln!(chart, "  f{dep} {arrow} f{at}").expect("a string takes everything");
        }
    }
}

/// A box's text. What Mermaid or HTML would read as markup is written as character codes.
fn label(lines: &[String]) -> String {
    let mut text = String::from("\"");
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            text.push_str("<br/>");
        }
        for c in line.chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | '`' | '\\' => {
                    write!(text, "#{};", u32::from(c)).expect("a string takes everything");
                }
                c if c.is_control() => text.push(' '),
                c => text.push(c),
            }
        }
    }
    text.push('"');
    text
}

/// The text in lines of about [`WIDTH`], broken where a selection begins or ends or a name does.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in text.split_inclusive([' ', ',', '{', '}']) {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.len() + piece.len() > WIDTH {
            lines.push(piece.to_owned());
        } else {
            line.push_str(piece);
        }
    }
    lines
}
