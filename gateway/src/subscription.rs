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
mod feed;
mod handled;
mod hub;
mod mailbox;
mod member;
mod payload;
mod place;
mod replay;
mod root;
mod router;
mod served;
mod snapshot;
mod stream;
mod topic;
mod version;
mod wanted;

pub use conditions::Conditions;
pub use hub::{Hub, HubSettings, Joined, Start};
pub use mailbox::{Delivery, Ending, Entry, Mailbox, MailboxLimits, Tag};
pub use payload::{Payload, PayloadError, Reply};
pub use place::{Place, PlaceError};
pub use root::{ConditionalRoot, RootField};
pub use router::Router;
pub use snapshot::{Entities, versions};
pub use stream::{EventStream, Gap, Patience, StreamError, StreamState};
pub use version::{KnownVersions, Versioned};
pub use wanted::{Claims, Refusal, Tokens, Wanted};
