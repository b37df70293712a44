//! What requests are planned and sent by.

use std::sync::Arc;

use tributary_federation::{SubgraphId, Supergraph};

use crate::transport::Target;

/// One state of the graph, replaced as a whole. A request keeps the one that it began with.
#[derive(Debug)]
pub struct Live {
    /// Which supergraph this is: grows with each new one, not with changes of who serves it.
    pub generation: u64,
    /// What to validate and plan against.
    pub supergraph: Arc<Supergraph>,
    /// Its text.
    pub sdl: Arc<str>,
    /// By subgraph id.
    pub(super) targets: Box<[Option<Arc<Target>>]>,
}

impl Live {
    /// Where to send a subgraph's requests; `None` while no instance serves what is planned against.
    pub fn target(&self, subgraph: SubgraphId) -> Option<&Arc<Target>> {
        self.targets[usize::from(subgraph.0)].as_ref()
    }

    /// As [`Live::target`], by name.
    pub fn target_of(&self, name: &str) -> Option<&Arc<Target>> {
        self.target(self.supergraph.subgraph_id(name)?)
    }
}
