//! Reading a folder of documents.

use std::{fs, io, path::Path};

use apollo_compiler::{ast::Document, validation::DiagnosticList};

use super::TrustedMistake;

/// Every document's file, from the folder, and its text; sorted, so that what is run doesn't depend on the disk.
pub(super) fn files(folder: &Path, mistakes: &mut Vec<TrustedMistake>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((path, name)) = open.pop() {
        if let Err(error) = entries(&path, &name, &mut open, &mut found, mistakes) {
            mistakes.push(TrustedMistake::of(&name, format!("can't read {}: {error}", path.display())));
        }
    }
    found.sort();
    found
}

fn entries(
    folder: &Path,
    name: &str,
    open: &mut Vec<(std::path::PathBuf, String)>,
    found: &mut Vec<(String, String)>,
    mistakes: &mut Vec<TrustedMistake>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let own = entry.file_name().to_string_lossy().into_owned();
        // A mounted volume keeps its versions in hidden folders, and links to the files of one of them.
        if own.starts_with('.') {
            continue;
        }
        let below = if name.is_empty() { own } else { format!("{name}/{own}") };
        if entry.file_type()?.is_dir() {
            open.push((entry.path(), below));
        } else if entry.path().extension().is_some_and(|extension| extension == "graphql") {
            match fs::read_to_string(entry.path()) {
                Ok(text) => found.push((below, text)),
                Err(error) => mistakes.push(TrustedMistake::of(&below, format!("can't read it: {error}"))),
            }
        }
    }
    Ok(())
}

/// The document in a file, or what is wrong with it as far as that can be told without a schema.
pub(super) fn document(file: &str, text: &str) -> Result<Document, Vec<TrustedMistake>> {
    let document = Document::parse(text, file).map_err(|invalid| mistakes(file, &invalid.errors))?;
    if operations(&document).is_empty() {
        return Err(vec![TrustedMistake::of(file, "it has no operation".to_owned())]);
    }
    let mistakes = match document.validate_standalone_executable() {
        Ok(()) => Vec::new(),
        Err(errors) => mistakes(file, &errors),
    };
    if mistakes.is_empty() { Ok(document) } else { Err(mistakes) }
}

/// The names of a document's operations.
pub(super) fn operations(document: &Document) -> Vec<Option<Box<str>>> {
    let operations =
        document.definitions.iter().filter_map(|definition| definition.as_operation_definition());
    operations.map(|operation| operation.name.as_ref().map(|name| name.as_str().into())).collect()
}

/// A file with a thousand mistakes is rather no document at all.
const MOST_MISTAKES: usize = 20;

fn mistakes(file: &str, diagnostics: &DiagnosticList) -> Vec<TrustedMistake> {
    let mut found: Vec<TrustedMistake> = Vec::new();
    // Which directives there are beside the specification's is a schema's affair.
    let own = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.error.unstable_error_name() != Some("UndefinedDirective"));
    for diagnostic in own.take(MOST_MISTAKES) {
        let json = diagnostic.to_json();
        let place = json.locations.first().map(|at| (at.line, at.column));
        let mistake = TrustedMistake { file: file.to_owned(), place, message: json.message };
        // What stands open at the end is told for each of its beginnings.
        if !found.contains(&mistake) {
            found.push(mistake);
        }
    }
    found
}
