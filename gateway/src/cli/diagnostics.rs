//! What composition found, as text, as JSON, and as annotations of a GitHub workflow.

use std::fmt::Write;

use serde::Serialize;
use tributary_federation::compose::{Composition, Diagnostic, Place};

use super::inputs::Inputs;

/// For people, one finding after the other.
pub(super) fn text(composition: &Composition, inputs: &Inputs) -> String {
    let mut text = String::new();
    for found in &composition.diagnostics {
        let message = message(found, inputs).replace('\n', "\n  ");
        writeln!(text, "{}: {}: {message}", severity(found), found.code).expect("a string takes everything");
    }
    text
}

/// Annotations of a workflow: each finding at the first of its places that is in a file.
pub(super) fn github(composition: &Composition, inputs: &Inputs) -> String {
    let of = |found: &Diagnostic| {
        let place = found.places.iter().find_map(|place| {
            Some(At { file: file(inputs, place)?, line: Some(place.line), column: Some(place.column) })
        });
        let level = if found.is_error() { Level::Error } else { Level::Notice };
        annotation(level, place.as_ref(), found.code.as_str(), &message(found, inputs))
    };
    composition.diagnostics.iter().map(of).collect()
}

/// How loudly an annotation is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    Error,
    Warning,
    Notice,
}

/// Where an annotation is shown.
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
}

/// One workflow command, with the end of its line.
pub(super) fn annotation(level: Level, at: Option<&At<'_>>, title: &str, message: &str) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let mut properties = Vec::new();
    if let Some(At { file, line, column }) = at {
        properties.push(format!("file={}", property(file)));
        properties.extend(line.map(|line| format!("line={line}")));
        properties.extend(column.map(|column| format!("col={column}")));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), escaped(message))
}

/// A finding, for programs.
#[derive(Debug, Serialize)]
pub(super) struct Json<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    places: Vec<JsonPlace<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonPlace<'a> {
    subgraph: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    line: usize,
    column: usize,
}

/// For programs.
pub(super) fn json<'a>(composition: &'a Composition, inputs: &'a Inputs) -> Vec<Json<'a>> {
    let place = |place: &'a Place| JsonPlace {
        subgraph: &place.subgraph,
        file: file(inputs, place),
        line: place.line,
        column: place.column,
    };
    let of = |found: &'a Diagnostic| Json {
        code: found.code.as_str(),
        severity: severity(found),
        message: &found.message,
        help: found.help.as_deref(),
        places: found.places.iter().map(place).collect(),
    };
    composition.diagnostics.iter().map(of).collect()
}

fn severity(found: &Diagnostic) -> &'static str {
    if found.is_error() { "error" } else { "hint" }
}

fn file<'a>(inputs: &'a Inputs, place: &Place) -> Option<&'a str> {
    inputs.get(&place.subgraph)?.file.as_deref()
}

fn message(found: &Diagnostic, inputs: &Inputs) -> String {
    let mut text = found.message.clone();
    for place in &found.places {
        let at = match file(inputs, place) {
            Some(file) => format!("{file}:{}:{}", place.line, place.column),
            None => place.to_string(),
        };
        write!(text, "\nat {at}").expect("a string takes everything");
    }
    if let Some(help) = &found.help {
        write!(text, "\nhelp: {help}").expect("a string takes everything");
    }
    text
}

/// A command ends with its line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use tributary_federation::compose::compose;

    use super::{super::inputs, *};

    fn input(file: Option<&str>, sdl: &str) -> inputs::Input {
        inputs::Input { sdl: sdl.to_owned(), file: file.map(str::to_owned) }
    }

    #[test]
    fn an_annotation_is_one_line_with_its_place() {
        let inputs = Inputs::from([
            ("a".to_owned(), input(Some("d,e/100%.graphql"), "type Query { x: Int }")),
            ("b".to_owned(), input(None, "type Query {\n  x: [Int] }")),
        ]);
        let composition = compose(&inputs::sdls(&inputs));
        let text = github(&composition, &inputs);
        let line = text.lines().next().unwrap();
        assert!(line.starts_with("::error file=d%2Ce/100%25.graphql,line=1,col=14,title="), "{text}");
        assert!(line.contains("%0Aat d,e/100%25.graphql:1:14%0Aat b:2:3"), "{text}");
        assert_eq!(text.lines().count(), composition.diagnostics.len());
        assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
    }
}
