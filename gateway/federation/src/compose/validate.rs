//! The rules that one subgraph must keep by itself. The rules about several are checked while merging.

mod authorisation;
mod cache_tags;
mod contexts;
mod costs;
mod defaults;
mod elements;
mod events;
mod external;
mod field_sets;
mod filters;
mod inactive;
mod interface_objects;
mod overrides;

use super::diagnostic::Report;
use super::model::Subgraph;

pub(super) use external::borrow_keys;

/// Checks one subgraph, and notes in its fields how its directives use them.
pub(super) fn validate(subgraph: &mut Subgraph, report: &mut Report) {
    let mut uses = field_sets::validate(subgraph, report);
    uses.extend(contexts::validate(subgraph, report));
    external::apply(subgraph, &uses, report);
    inactive::remove(subgraph);
    external::validate(subgraph, report);
    elements::validate(subgraph, report);
    defaults::validate(subgraph, report);
    authorisation::validate(subgraph, report);
    costs::validate(subgraph, report);
    cache_tags::validate(subgraph, report);
    events::validate(subgraph, report);
    overrides::validate(subgraph, report);
    interface_objects::validate(subgraph, report);
}
