//! What one request may take from the cache, and for how long its answer may be kept by others.

use tributary_federation::Fact;

use super::{Pipeline, Ready};
use crate::{
    cache::{Freshness, View},
    execute::ExecutionResult,
};

impl Pipeline {
    /// The cache, where anything that is asked for may be kept.
    pub(super) fn view(&self, ready: &Ready<'_>) -> Option<View<'_>> {
        let may_be = ready.plan.caching.is_some() && !ready.request.fresh;
        may_be.then(|| View::new(self.cache.as_deref(), ready.live.generation, ready.request.caller.asker()))
    }

    /// For how long an answer may be kept by whoever gets it.
    pub(super) fn freshness(&self, ready: &Ready<'_>, result: &ExecutionResult) -> Option<Freshness> {
        let mut freshness = result.freshness.filter(|_| result.errors.is_empty())?;
        if ready.plan.has_introspection {
            freshness.refuse();
        }
        let depends_on_who_asks = ready.plan.facts.iter().any(|(fact, _)| matches!(fact, Fact::Granted(_)));
        // What other headers decide can't be said in the answer.
        if depends_on_who_asks || !self.config.http.forward_headers.is_empty() {
            freshness.make_private();
        }
        Some(freshness)
    }
}
