//! Federation for GraphQL gateways: composes subgraphs into a supergraph and plans operations over it.
//! Pure: no IO, no clock, no threads. Everything comes back as a value, with diagnostics.
//!
//! ```text
//! SDLs ──compose──▶ supergraph SDL ──Supergraph::parse──▶ Supergraph (types and joins as small integers)
//!                                                            │
//! operation ──(apollo-compiler: parse, validate)──normalize──planner──▶ Plan
//! ```
//!
//! Start reading at [`compose`], [`Supergraph`] and [`plan_operation`].

pub mod compose;
pub mod json;
pub mod plan;
mod planner;
mod pool;
mod selection;
mod supergraph;
mod type_set;
pub mod variables;

pub use plan::{OperationKind, Plan, SubgraphId};
pub use planner::{Fact, PlanError, PlanOptions, plan_operation};
pub use supergraph::{Requirement, RequirementId, SubgraphInfo, Supergraph, SupergraphError};
pub use type_set::{TypeId, TypeNames, TypeSet};
