//! What a check found, as text, as JSON, and as annotations of a GitHub workflow.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::Serialize;
use tributary_federation::{
    changes::{Change, Severity, Uses},
    compose::Composition,
};

use super::operations::{Broken, Operations};
use crate::cli::{
    diagnostics::{self, At, Level, annotation},
    inputs::Inputs,
};

/// What a check found.
pub(super) struct Report<'a> {
    /// Each with what becomes of it.
    pub(super) subgraphs: Vec<(String, Fate)>,
    pub(super) composition: &'a Composition,
    pub(super) inputs: &'a Inputs,
    /// `None`: it doesn't compose, or nothing is known of the state before.
    pub(super) changes: Option<Vec<Change>>,
    /// `None`: it doesn't compose, or none were given.
    pub(super) operations: Option<Operations>,
    /// What trusted operations use of the state before; `None`: none were given, or there is none.
    pub(super) uses: Option<Uses>,
    /// The state before doesn't compose, so that nobody knows what changes.
    pub(super) nothing_known: bool,
    /// Breaking changes to what isn't used don't make it fail.
    pub(super) only_trusted: bool,
}

const NOTHING_KNOWN: &str =
    "the state before doesn't compose, so they aren't known; --supergraph FILE can say what clients use";

/// What becomes of a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    /// There is no state before to tell it from.
    Given,
    New,
    Changed,
    Unchanged,
}

/// What becomes of each subgraph.
pub(super) fn subgraphs(before: &Inputs, after: &Inputs) -> Vec<(String, Fate)> {
    let fate = |(name, input): (&String, &crate::cli::inputs::Input)| {
        let fate = match before.get(name) {
            None if before.is_empty() => Fate::Given,
            None => Fate::New,
            Some(old) if old.sdl == input.sdl => Fate::Unchanged,
            Some(_) => Fate::Changed,
        };
        (name.clone(), fate)
    };
    after.iter().map(fate).collect()
}

impl Report<'_> {
    /// Whether it mustn't go live so.
    pub(super) fn breaks(&self) -> bool {
        let broken = self.operations.as_ref().map_or(0, |operations| operations.broken.len());
        let breaks = self.changes.iter().flatten().any(|change| self.counts(change));
        self.composition.supergraph.is_none() || broken > 0 || breaks
    }

    /// Whether a change alone makes it fail.
    fn counts(&self, change: &Change) -> bool {
        let is_unused = self.only_trusted && self.is_used(change) == Some(false);
        change.severity() == Severity::Breaking && !is_unused
    }

    /// Whether a trusted operation uses what changes; `None`: it isn't known.
    fn is_used(&self, change: &Change) -> Option<bool> {
        Some(self.uses.as_ref()?.touch(change))
    }

    /// For programs.
    pub(super) fn to_json(&self, trusted: Option<&Path>) -> serde_json::Result<String> {
        #[derive(Serialize)]
        struct Json<'a> {
            breaks: bool,
            composes: bool,
            subgraphs: BTreeMap<&'a str, Fate>,
            diagnostics: Vec<diagnostics::Json<'a>>,
            changes: Option<Vec<JsonChange<'a>>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            #[serde(rename = "changesUnknown")]
            changes_unknown: Option<&'static str>,
            operations: Option<Operations>,
        }
        let folder = trusted.unwrap_or(Path::new(""));
        serde_json::to_string_pretty(&Json {
            breaks: self.breaks(),
            composes: self.composition.supergraph.is_some(),
            subgraphs: self.subgraphs.iter().map(|(name, fate)| (&**name, *fate)).collect(),
            diagnostics: diagnostics::json(self.composition, self.inputs),
            changes: self.changes.as_ref().map(|changes| changes.iter().map(|it| self.change(it)).collect()),
            changes_unknown: self.nothing_known.then_some(NOTHING_KNOWN),
            operations: self.operations.as_ref().map(|operations| operations.in_folder(folder)),
        })
    }

    /// For a workflow: what makes it fail is an error. `trusted` is the folder of the operations, whose files are
    /// told by their path from where the command runs.
    pub(super) fn to_github(&self, trusted: Option<&Path>) -> String {
        let mut text = diagnostics::github(self.composition, self.inputs);
        for change in self.changes.iter().flatten() {
            let level = match change.severity() {
                Severity::Breaking if self.counts(change) => Level::Error,
                Severity::Breaking | Severity::Dangerous => Level::Warning,
                Severity::Safe => Level::Notice,
            };
            let title = format!("{} {}", change.code.as_str(), change.coordinate);
            text += &annotation(level, None, &title, &change.message);
        }
        if self.nothing_known {
            text += &annotation(Level::Error, None, "CHANGES_UNKNOWN", NOTHING_KNOWN);
        }
        let Some(operations) = &self.operations else { return text };
        let folder = trusted.unwrap_or(Path::new(""));
        text.extend(operations.broken.iter().map(|it| it.annotation(folder, Level::Error)));
        text.extend(operations.broken_before.iter().map(|it| it.annotation(folder, Level::Warning)));
        text
    }

    fn change<'c>(&self, change: &'c Change) -> JsonChange<'c> {
        JsonChange {
            severity: change.severity().as_str(),
            code: change.code.as_str(),
            coordinate: &change.coordinate,
            message: &change.message,
            used: self.is_used(change),
        }
    }

    fn changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(changes) = &self.changes else { return Ok(()) };
        let of = |severity| changes.iter().filter(|change| change.severity() == severity).count();
        let (breaking, dangerous) = (of(Severity::Breaking), of(Severity::Dangerous));
        writeln!(f, "changes: {breaking} breaking, {dangerous} dangerous, {} safe", of(Severity::Safe))?;
        for change in changes {
            let unused = if self.is_used(change) == Some(false) { " (not used)" } else { "" };
            writeln!(f, "  {:<9}  {change}{unused}", change.severity())?;
        }
        Ok(())
    }

    fn operations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Operations { files, broken, broken_before }) = &self.operations else { return Ok(()) };
        let (mistakes, before) = (broken.len(), broken_before.len());
        writeln!(f, "trusted operations: files {files}, new mistakes {mistakes}, old ones {before}")?;
        broken.iter().try_for_each(|it| writeln!(f, "  broken  {it}"))?;
        broken_before.iter().try_for_each(|it| writeln!(f, "  before  {it}"))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subgraphs = self.subgraphs.iter().map(|(name, fate)| match fate {
            Fate::New => format!("{name} (new)"),
            Fate::Changed => format!("{name} (changed)"),
            Fate::Given | Fate::Unchanged => name.clone(),
        });
        writeln!(f, "subgraphs: {}", subgraphs.collect::<Vec<_>>().join(", "))?;
        let composes = if self.composition.supergraph.is_some() { "yes" } else { "no" };
        writeln!(f, "composes: {composes}")?;
        for line in diagnostics::text(self.composition, self.inputs).lines() {
            writeln!(f, "  {line}")?;
        }
        self.changes(f)?;
        self.operations(f)?;
        if self.composition.supergraph.is_none() {
            writeln!(f, "changes and operations: not looked at, since it doesn't compose")?;
        } else if self.nothing_known {
            writeln!(f, "changes: {NOTHING_KNOWN}")?;
        }
        let unused = self.changes.iter().flatten().filter(|it| it.severity() == Severity::Breaking).count();
        match self.breaks() {
            true => writeln!(f, "it breaks"),
            false if self.nothing_known => writeln!(f, "nobody knows what breaks"),
            false if unused > 0 => writeln!(f, "nothing breaks that a trusted operation uses"),
            false => writeln!(f, "nothing breaks"),
        }
    }
}

#[derive(Serialize)]
struct JsonChange<'a> {
    severity: &'static str,
    code: &'static str,
    coordinate: &'a str,
    message: &'a str,
    /// By a trusted operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(operation) = &self.operation {
            write!(f, " {operation}")?;
        }
        write!(f, ": {}: {}", self.code, self.message)
    }
}

impl Broken {
    fn annotation(&self, folder: &Path, level: Level) -> String {
        let file = folder.join(&self.file);
        let at = At { file: &file.to_string_lossy(), line: self.line, column: self.column };
        let operation = self.operation.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
        annotation(level, Some(&at), self.code, &format!("{operation}{}", self.message))
    }
}
