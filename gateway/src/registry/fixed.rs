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
        /// What is wrong with it.
        why: String,
    },
}

impl FixedSupergraph {
    /// Reads a composed supergraph.
    pub fn read(path: &Path) -> Result<Self, FixedSupergraphError> {
        let sdl = std::fs::read_to_string(path)
            .map_err(|source| FixedSupergraphError::Unreadable { path: path.into(), source })?;
        let supergraph = Supergraph::parse(&sdl)
            .map_err(|error| FixedSupergraphError::Invalid { path: path.into(), why: error.to_string() })?;
        Ok(Self { sdl: sdl.into(), supergraph: Arc::new(supergraph) })
    }
}
