//! What is derived from a supergraph once and used by every operation on it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use apollo_compiler::{Name, Schema, collections::HashMap, schema::Implementers, validation::Valid};
use tributary_federation::{Supergraph, variables::InputTypes};

/// A supergraph and what preparing operations on it needs.
#[derive(Debug)]
pub struct Graph {
    number: u64,
    supergraph: Arc<Supergraph>,
    input_types: Arc<InputTypes>,
    implementers: HashMap<Name, Implementers>,
}

impl Graph {
    /// Derives it, which takes some milliseconds for a large graph.
    pub fn new(supergraph: Arc<Supergraph>) -> Self {
        /// Numbers tell the graphs of a process apart, whatever order they come and go in.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let schema = supergraph.api_schema();
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            input_types: Arc::new(InputTypes::new(schema)),
            implementers: schema.implementers_map(),
            supergraph,
        }
    }

    /// Tells it from other graphs of this process.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The supergraph.
    pub fn supergraph(&self) -> &Arc<Supergraph> {
        &self.supergraph
    }

    /// What clients see.
    pub fn schema(&self) -> &Valid<Schema> {
        self.supergraph.api_schema()
    }

    /// The compiled input types.
    pub fn input_types(&self) -> &Arc<InputTypes> {
        &self.input_types
    }

    /// Which types implement which interface.
    pub fn implementers(&self) -> &HashMap<Name, Implementers> {
        &self.implementers
    }
}
