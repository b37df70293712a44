//! Errors of the answer, before the pipeline decides what of them a client may read.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use tributary_federation::plan::SubgraphId;

use crate::error::PathSegment;

/// One entry of the answer's `errors`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionError {
    /// A subgraph's own words, or the gateway's: see `origin`.
    pub message: Cow<'static, str>,
    /// Which field of the answer; empty where no field can be named.
    pub path: Vec<PathSegment>,
    /// For programs. A subgraph's error may have none.
    pub code: Option<Cow<'static, str>>,
    /// What else is known, without the code: a subgraph's own entries, and `service`.
    pub extensions: Map<String, Value>,
    /// Whose words these are.
    pub origin: Origin,
}

/// Who wrote an error's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A subgraph: may hold what isn't meant for clients.
    Subgraph(SubgraphId),
    /// The gateway: meant for clients.
    Gateway,
}

impl ExecutionError {
    /// An error in the gateway's words.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            path: Vec::new(),
            code: Some(code.into()),
            extensions: Map::new(),
            origin: Origin::Gateway,
        }
    }

    /// Says which field.
    #[must_use]
    pub fn at(mut self, path: Vec<PathSegment>) -> Self {
        self.path = path;
        self
    }

    /// Adds an entry to the extensions.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }
}

impl Serialize for ExecutionError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Extensions<'a>(&'a ExecutionError);
        impl Serialize for Extensions<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                if let Some(code) = &self.0.code {
                    map.serialize_entry("code", code)?;
                }
                for (key, value) in &self.0.extensions {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.message)?;
        if !self.path.is_empty() {
            map.serialize_entry("path", &self.path)?;
        }
        if self.code.is_some() || !self.extensions.is_empty() {
            map.serialize_entry("extensions", &Extensions(self))?;
        }
        map.end()
    }
}

/// The errors of one request, up to a limit.
#[derive(Debug)]
pub(super) struct Errors {
    list: Vec<ExecutionError>,
    limit: usize,
    left_out: usize,
}

impl Errors {
    pub fn new(limit: usize) -> Self {
        Self { list: Vec::new(), limit, left_out: 0 }
    }

    /// How many more there may be; who would walk far to make them can stop at none.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.list.len())
    }

    /// Adds one. It is made only if it has room.
    pub fn push(&mut self, error: impl FnOnce() -> ExecutionError) {
        if self.room() > 0 {
            self.list.push(error());
        } else {
            self.left_out += 1;
        }
    }

    /// Counts errors that weren't made.
    pub fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// All since the last time, and one that says how many there were beyond the limit.
    pub fn take(&mut self) -> Vec<ExecutionError> {
        if self.left_out > 0 {
            let message = format!("{} more errors were left out; --max-errors shows more", self.left_out);
            let error = ExecutionError::new("TOO_MANY_ERRORS", message)
                .with("setting", "--max-errors")
                .with("limit", self.limit);
            self.list.push(error);
            self.left_out = 0;
        }
        std::mem::take(&mut self.list)
    }
}
