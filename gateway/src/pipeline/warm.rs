//! What is prepared before a new graph is served, so that its first requests don't all miss.

use std::sync::Arc;

use super::{Graph, Operations, Prepared, RequestFacts, cache::Key, making::PlanFacts};
use crate::{
    error::Rejection,
    registry::Live,
    trusted::{Trusted, TrustedDocument},
};

/// How many operations are planned for a new graph before it is served.
const WARMED: usize = 200;

impl Operations {
    /// Plans the most used operations on a supergraph that is about to be served, each for all combinations of
    /// facts that came up. An operation that the new graph refuses is left to its clients.
    pub async fn warm(&self, live: &Live) {
        let Some(old) = self.graphs.load().first().cloned() else { return };
        let Ok(new) = self.graph_of(live).await else { return };
        if Arc::ptr_eq(&old, &new) {
            return;
        }
        for (key, prepared) in self.making.cache.hottest(old.number(), WARMED) {
            // What can't be prepared says so to whoever asks for it.
            let _ = self.carry_over(&old, &prepared, &new, Key { graph: new.number(), ..key }).await;
        }
        self.making.cache.retain_graphs(&[old.number(), new.number()]);
    }

    /// Prepares the trusted operations for a supergraph, and logs those that don't fit it. Those that were used
    /// on the graph before have been carried over by [`Self::warm`], with all of their plans; the others get the
    /// plan for who shows no token, takes no parts and sees nothing moved.
    pub async fn prepare_trusted(&self, live: &Live, trusted: &Trusted) {
        let Ok(graph) = self.graph_of(live).await else { return };
        let facts = RequestFacts { identity: None, share: 100.0, incremental: false };
        for document in trusted.documents() {
            for name in &document.operations {
                let name = name.as_deref();
                let asked = document.operation_name(name);
                if let Err(rejection) = self.prepared(&graph, &document.text, asked, &facts).await {
                    tell(document, name, &rejection);
                }
            }
        }
    }

    pub(super) async fn carry_over(
        &self,
        old: &Arc<Graph>,
        prepared: &Prepared,
        new: &Arc<Graph>,
        key: Key,
    ) -> Result<(), Rejection> {
        let facts_of = |plan| PlanFacts::Before(plan, old.clone());
        // The one that was used last is made last, so that the order stays.
        let mut plans = prepared.plans.all().into_iter().rev();
        let Some(first) = plans.next() else { return Ok(()) };
        let Ok(prepared) = self.prepare(new, &key, facts_of(first)).await? else { return Ok(()) };
        for plan in plans {
            // With other facts it may be planned all the same.
            let _ = self.variant(new, &prepared, &key, facts_of(plan)).await;
        }
        Ok(())
    }
}

/// Logs a trusted operation that can't be prepared. The operations of a file with several are documents of their
/// own, and told of there.
fn tell(document: &TrustedDocument, operation: Option<&str>, rejection: &Rejection) {
    if let [_] = &document.operations[..] {
        let (code, message) = (rejection.code().as_str(), &rejection.errors()[0].message);
        let (file, operation) = (&*document.file, operation.unwrap_or_default());
        tracing::warn!(code, file, operation, "a trusted operation can't be run: {message}");
    }
}
