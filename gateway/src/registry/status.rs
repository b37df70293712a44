//! What is known about the graph, for `/health/ready` and for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tributary_protocol::{SdlHash, Token};

/// A snapshot of the registry's knowledge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether requests can be served: there is a supergraph, the first look around has ended, and what
    /// is required was found then.
    pub ready: bool,
    /// Whether the connection to NATS is up.
    pub connected: bool,
    /// Which supergraph is live; 0 before the first.
    pub generation: u64,
    /// Required subgraphs that haven't been found since the start.
    pub missing: Vec<String>,
    /// Whether the last good set is kept in the bucket.
    pub stored: StoreStatus,
    /// The subgraphs of the live supergraph, and those that were found but aren't in it.
    pub subgraphs: BTreeMap<Arc<str>, SubgraphStatus>,
    /// What is wrong at the moment.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a restarted gateway will find the graph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StoreStatus {
    /// Not known yet.
    #[default]
    Pending,
    /// The bucket has what is live.
    Good,
    /// There is no JetStream, or it refuses.
    Unavailable,
    /// A fixed supergraph needs no bucket.
    Unused,
}

/// One subgraph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubgraphStatus {
    /// How many instances are there, whatever their SDL.
    pub instances: usize,
    /// Which they are.
    #[serde(skip)]
    pub instance_ids: Vec<Token>,
    /// Where requests go; absent when no instance serves what is live.
    pub subject: Option<String>,
    /// The SDL in the live supergraph; absent when it isn't part of it.
    #[serde(serialize_with = "as_text")]
    pub sdl: Option<SdlHash>,
}

/// Something that is wrong, with what it keeps from happening.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// A stable code: composition's, or one of this crate's.
    pub code: String,
    /// Whose fault it is, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subgraph: Option<Arc<str>>,
    /// What is wrong.
    pub message: String,
}

fn as_text<S: serde::Serializer>(hash: &Option<SdlHash>, serializer: S) -> Result<S::Ok, S::Error> {
    hash.map(|hash| hash.to_string()).serialize(serializer)
}
