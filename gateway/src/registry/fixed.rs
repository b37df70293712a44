//! A supergraph that was composed elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tributary_federation::Supergraph;

/// A supergraph that is given: its text, and the same, read.
#[derive(Clone, Debug)]
pub struct FixedSupergraph {
    /// Its text.
    pub sdl: Arc<str>,
    /// The same, read.
    pub supergraph: Arc<Supergraph>,
}

/// Why a file gives no supergraph.
#[derive(Debug, thiserror::Error)]
pub enum FixedSupergraphError {
    /// There is nothing to read.
    #[error("can't read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is no supergraph: {why}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// The first things that are wrong with it.
        why: String,
    },
}

/// A file of another kind has something wrong in each line.
const MOST_LINES: usize = 16;

impl FixedSupergraph {
    /// Reads a composed supergraph.
    pub fn read(path: &Path) -> Result<Self, FixedSupergraphError> {
        let sdl = std::fs::read_to_string(path)
            .map_err(|source| FixedSupergraphError::Unreadable { path: path.into(), source })?;
        let supergraph = Supergraph::parse(&sdl).map_err(|error| FixedSupergraphError::Invalid {
            path: path.into(),
            why: beginning(&error.to_string()),
        })?;
        Ok(Self { sdl: sdl.into(), supergraph: Arc::new(supergraph) })
    }
}

fn beginning(text: &str) -> String {
    let mut lines = text.lines();
    let first: Vec<&str> = lines.by_ref().take(MOST_LINES).collect();
    match lines.count() {
        0 => first.join("\n"),
        more => format!("{}\n… and {more} more lines", first.join("\n")),
    }
}
