//! Subscriptions that are fed by events: which events a client means, and where it is among them.
//!
//! ```text
//! @event + arguments + claims ──▶ wanted (subject, conditions) ──▶ router ◀── the events' subjects
//!                                                                   │
//!                                                     payload ──▶ conditions ──▶ whoever means it
//! ```
//!
//! Everything in here is decided from values alone; the streams and sockets are elsewhere.

mod conditions;
mod place;
mod router;
mod wanted;

pub use conditions::Conditions;
pub use place::{Place, PlaceError};
pub use router::Router;
pub use wanted::{Claims, Refusal, Tokens, Wanted};
