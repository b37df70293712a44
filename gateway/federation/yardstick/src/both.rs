//! A supergraph as both planners know it, and its servers.

use hive_router_query_planner::planner::Planner;
use tributary_federation::Supergraph;

use crate::data::{Check, Graph, Outcome};
use crate::{Case, Measure, Source, ours, theirs};

/// Both planners of a supergraph.
pub struct Both {
    /// What our planner plans on.
    pub ours: Supergraph,
    /// Theirs.
    pub theirs: Planner,
    servers: Graph,
}

impl Both {
    /// Gets ready for planning and for running plans.
    ///
    /// # Panics
    /// When one of them refuses the supergraph.
    pub fn new(source: &Source) -> Self {
        let ours = Supergraph::parse(&source.supergraph).unwrap_or_else(|error| panic!("{error}"));
        let servers = Graph::new(&ours, &source.supergraph, &source.subgraphs);
        Self { ours, theirs: theirs::planner(&source.supergraph), servers }
    }

    /// What both plans of an operation cost, each where there is one.
    pub fn measure(&self, case: &Case) -> [Option<Measure>; 2] {
        let ours = ours::plan(&self.ours, &case.query).map(|plan| ours::measure(&plan));
        let theirs = theirs::plan(&self.theirs, &case.query).map(|plan| theirs::measure(&plan));
        [ours, theirs]
    }

    /// Whether both plans of an operation give equal data. `None` where one of them has no plan.
    pub fn check(&self, query: &str) -> Option<Outcome> {
        self.check_plans_of(query, query, self)
    }

    /// The same with plans that `other` made for `planned`, which had better be as good.
    pub fn check_plans_of(&self, query: &str, planned: &str, other: &Self) -> Option<Outcome> {
        let ours = ours::plan(&other.ours, planned)?;
        let theirs = theirs::plan(&other.theirs, planned)?;
        let (graph, api) = (&self.servers, self.ours.api_schema());
        Some(Check { graph, query, ours: &ours, theirs: &theirs, api }.run())
    }
}
