//! Trusted operations: the documents in a folder, which are all that a gateway with `--trusted` runs.
//!
//! A file `*.graphql`, in the folder or in one below it, is one document: one or several operations with the
//! fragments that they use. A document is known by what it says and not by how it is written: white space,
//! comments and the order of its definitions don't matter. Of a file with several operations each is trusted by
//! itself too, since that is how most clients send them.

use std::{collections::HashMap, fmt, path::Path, sync::Arc};

use apollo_compiler::{ast::Document, parser::Parser};
use sha2::{Digest, Sha256};

mod normal;
mod read;

use normal::normal_form;

/// Everything that may be run.
pub struct Trusted {
    documents: Vec<TrustedDocument>,
    /// By text: as it stands in the file, without the white space around it, and in normal form.
    texts: HashMap<Box<str>, usize>,
    /// By the SHA-256 of those texts.
    ids: HashMap<[u8; 32], usize>,
}

/// A document that may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedDocument {
    /// Its file, from the folder.
    pub file: Arc<str>,
    /// Its text: the file's, or one operation of it with its fragments.
    pub text: Arc<str>,
    /// Its operations' names; `None`: the one that has none.
    pub operations: Vec<Option<Box<str>>>,
    /// It is the whole of its file.
    pub whole: bool,
}

/// Something that is wrong with a folder of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedMistake {
    /// The file, from the folder; empty for the folder itself.
    pub file: String,
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl TrustedMistake {
    fn of(file: &str, message: String) -> Self {
        Self { file: file.to_owned(), place: None, message }
    }
}

impl fmt::Display for TrustedMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, message } = self;
        match place {
            Some((line, column)) => write!(f, "{file}:{line}:{column}: {message}"),
            None if file.is_empty() => f.write_str(message),
            None => write!(f, "{file}: {message}"),
        }
    }
}

impl Trusted {
    /// Reads a folder, or says everything that is wrong with it.
    pub fn read(folder: &Path) -> Result<Self, Vec<TrustedMistake>> {
        match Self::read_what_is_right(folder) {
            (trusted, mistakes) if mistakes.is_empty() => Ok(trusted),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// Reads a folder as far as it can be, and says what is wrong with the rest.
    pub fn read_what_is_right(folder: &Path) -> (Self, Vec<TrustedMistake>) {
        let mut mistakes = Vec::new();
        let files = read::files(folder, &mut mistakes);
        if files.is_empty() && mistakes.is_empty() {
            let why = format!("{} has no file *.graphql, so nothing could be run", folder.display());
            mistakes.push(TrustedMistake::of("", why));
        }
        let mut trusted = Self { documents: Vec::new(), texts: HashMap::new(), ids: HashMap::new() };
        for (file, text) in files {
            match read::document(&file, &text) {
                Ok(document) => trusted.add_file(file.into(), text.into(), &document),
                Err(found) => mistakes.extend(found),
            }
        }
        (trusted, mistakes)
    }

    /// The documents, in the order of their files.
    pub fn documents(&self) -> &[TrustedDocument] {
        &self.documents
    }

    /// Where a document stands among [`Self::documents`].
    pub(crate) fn position(&self, document: &TrustedDocument) -> usize {
        self.texts[&*document.text]
    }

    /// The document with that id: the SHA-256 of its text in hexadecimal digits, with or without `sha256:`.
    pub fn by_id(&self, id: &str) -> Option<&TrustedDocument> {
        let hash = hash_of(id.strip_prefix("sha256:").unwrap_or(id))?;
        self.ids.get(&hash).map(|at| &self.documents[*at])
    }

    /// The document that is written exactly so.
    pub fn by_text(&self, text: &str) -> Option<&TrustedDocument> {
        self.texts.get(text).map(|at| &self.documents[*at])
    }

    /// The document that says the same. Parsing takes its time, and at most so many tokens are looked at.
    pub fn by_meaning(&self, text: &str, most_tokens: usize) -> Option<&TrustedDocument> {
        let document = Parser::new().token_limit(most_tokens).parse_ast(text, "query.graphql").ok()?;
        self.by_text(&normal_form(&document))
    }

    fn add_file(&mut self, file: Arc<str>, text: Arc<str>, document: &Document) {
        let operations = read::operations(document);
        if operations.len() > 1 {
            for one in normal::each_operation(document) {
                let (operations, text) = (read::operations(&one), normal_form(&one));
                self.add(
                    TrustedDocument { file: file.clone(), text: text.into(), operations, whole: false },
                    &[],
                );
            }
        }
        let spellings = [text.trim(), &normal_form(document)].map(Box::from);
        self.add(TrustedDocument { file, text, operations, whole: true }, &spellings);
    }

    /// Where two files say the same, the first of them stands for both, with each one's ids.
    fn add(&mut self, document: TrustedDocument, spellings: &[Box<str>]) {
        let at = self.documents.len();
        for text in spellings.iter().map(|text| &**text).chain([&*document.text]) {
            self.texts.entry(text.into()).or_insert(at);
            self.ids.entry(Sha256::digest(text).into()).or_insert(at);
        }
        self.documents.push(document);
    }
}

impl TrustedDocument {
    /// The document itself; errors about it name the file and, where it is the whole file, the line.
    pub fn parse(&self) -> Document {
        Document::parse(&*self.text, &*self.file).expect("its text was parsed or printed before")
    }

    /// The name to run an operation by. A document with one operation is run without a name, so that clients
    /// that give its name and clients that don't share what was prepared.
    pub fn operation_name<'a>(&self, asked: Option<&'a str>) -> Option<&'a str> {
        match &self.operations[..] {
            [only] if only.as_deref() == asked => None,
            _ => asked,
        }
    }
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusted").field("documents", &self.documents.len()).finish_non_exhaustive()
    }
}

fn hash_of(digits: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;
