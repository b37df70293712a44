//! Composition: what composes, to what, and what is refused with which code.

mod audit;
mod cache_tags;
mod codes;
mod contexts;
mod differential;
mod directives;
mod events;
mod every_code;
mod hints;
mod links;
mod merging;
mod names;
mod order;
mod public_codes;
mod robustness;
mod satisfiability;
mod servers;
mod snapshots;
