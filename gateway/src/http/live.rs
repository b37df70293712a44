//! Connections that carry many answers: WebSockets, event streams, multipart.
//!
//! ```text
//! WebSocket ──▶ socket ┐                        ┌─▶ pipeline: queries and mutations
//! GET, POST ──▶ stream ┴▶ operations (one for ──┤
//!                         each connection)      └─▶ hub: subscriptions
//!      ▲                                                     │
//!      └────────────────── mailbox ◀─────────────────────────┘
//! ```

mod guard;
mod operations;
mod socket;
mod stream;

pub(super) use operations::{Operations, Who};
pub(super) use socket::{is_upgrade, upgrade};
pub(super) use stream::{StreamForm, answer};
