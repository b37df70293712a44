//! Where a subgraph takes requests.

use std::sync::Arc;

use async_nats::Subject;
use tributary_protocol::{Features, SubgraphName};

use super::metrics::SubgraphStats;

/// A subject with at least one instance behind it, as the registry found it.
///
/// It is replaced, never changed: a request in flight keeps the one that it was planned for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The subgraph.
    pub subgraph: SubgraphName,
    /// The same, shared with what outlives the target.
    pub name: Arc<str>,
    /// Where its instances listen.
    pub subject: Subject,
    /// What all of these instances can do.
    pub features: Features,
    /// Counters that outlive the target.
    pub stats: Arc<SubgraphStats>,
}
