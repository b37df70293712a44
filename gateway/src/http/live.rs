//! Connections that carry many answers: WebSockets, event streams, multipart.
//!
//! ```text
//! WebSocket ──▶ socket ┐                        ┌─▶ pipeline: queries and mutations
//! GET, POST ──▶ stream ┼▶ operations (one for ──┤
//! PUT ──▶ reservations ┘  each connection)      └─▶ hub: subscriptions
//!      ▲                                                     │
//!      └──── form ◀─────── mailbox ◀─────────────────────────┘
//! ```

mod form;
mod operations;
mod reservations;
mod socket;
mod stream;
mod who;

pub(super) use form::{StreamForm, refusal};
pub(super) use operations::{NotBegun, Only, Operations};
pub(super) use reservations::{Opened, Reservations};
pub(super) use socket::{is_upgrade, upgrade};
pub(super) use stream::{Streamed, answer};
pub(super) use who::Who;
