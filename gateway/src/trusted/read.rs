//! Reading a folder of documents.

use std::{fs, io, path::Path};

use apollo_compiler::{ast::Document, validation::DiagnosticList};

/// Every document's file, from the folder, and its text; sorted, so that what is run doesn't depend on the disk.
pub(super) fn files(folder: &Path, mistakes: &mut Vec<String>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((path, name)) = open.pop() {
        if let Err(error) = entries(&path, &name, &mut open, &mut found, mistakes) {
            mistakes.push(format!("can't read {}: {error}", path.display()));
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
    mistakes: &mut Vec<String>,
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
                Err(error) => mistakes.push(format!("{below}: can't read it: {error}")),
            }
        }
    }
    Ok(())
}

/// The document in a file, or what is wrong with it as far as that can be told without a schema.
pub(super) fn document(file: &str, text: &str) -> Result<Document, Vec<String>> {
    let document = Document::parse(text, file).map_err(|invalid| mistakes(file, &invalid.errors))?;
    if operations(&document).is_empty() {
        return Err(vec![format!("{file}: it has no operation")]);
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

fn mistakes(file: &str, diagnostics: &DiagnosticList) -> Vec<String> {
    diagnostics
        .iter()
        // Which directives there are beside the specification's is a schema's affair.
        .filter(|diagnostic| diagnostic.error.unstable_error_name() != Some("UndefinedDirective"))
        .map(|diagnostic| {
            let json = diagnostic.to_json();
            match json.locations.first() {
                Some(at) => format!("{file}:{}:{}: {}", at.line, at.column, json.message),
                None => format!("{file}: {}", json.message),
            }
        })
        .collect()
}
