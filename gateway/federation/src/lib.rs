//! Federation for GraphQL gateways: composes subgraphs into a supergraph and plans operations over it.
//! Pure: no IO, no clock, no threads. Everything comes back as a value, with diagnostics.
//!
//! ```text
//! SDLs ──compose──▶ supergraph SDL ──Supergraph::parse──▶ Supergraph (types and joins as small integers)
//!                                                            │
//! operation ──(apollo-compiler: parse, validate)──normalize──planner──▶ Plan
//! old and new API schema ──changes──▶ what it means for clients
//! ```
//!
//! The README's example composes two subgraphs and plans a query over them. What plans are run with is not in here:
//! [`Plan`] says what to send to whom and what to do with the replies.
//!
//! Start reading at [`compose`], [`Supergraph`], [`plan_operation`] and [`changes`].

pub mod changes;
pub mod compose;
pub mod event;
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
