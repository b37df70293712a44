#![doc = include_str!("../PROTOCOL.md")]
//!
//! # This crate
//! The contract as Rust types, shared by the gateway and by the subgraph kit. It does no IO, spawns nothing and reads
//! no clock: what comes in are subjects, header maps and bytes, what goes out are the same.
//!
//! | section | module |
//! |---|---|
//! | 1 subjects and rights | `name`, `subject` |
//! | 2 announce | `service` (documents of the NATS Services API), `registration`, `sdl`, `announce` |
//! | 3 request and reply | `header`, `request`, `identity`, `failure` |
//! | 4 subscriptions served by a subgraph | `stream` |
//! | 5 subscriptions fed by events | `event` |
//! | 6 parts | `parts` |
//! | 7 revoked sessions | `revocation` |
//!
//! Start reading at [`QuerySubject`] and [`RequestHead`].

mod announce;
pub mod event;
mod failure;
pub mod header;
mod identity;
mod name;
pub mod parts;
mod registration;
mod request;
pub mod revocation;
mod sdl;
pub mod service;
pub mod stream;
pub mod subject;

pub use announce::Announcement;
pub use failure::{Failure, FailureCode};
pub use identity::{Identity, IdentityError};
pub use name::{GatewayId, NameError, ServiceName, SubgraphName, Token};
pub use registration::{Features, Registration, RegistrationError};
pub use request::{ClientInfo, HeadError, RequestHead};
pub use sdl::{SdlHash, SdlHashError};
pub use subject::{
    ControlSubject, InternalReply, InternalSubject, QuerySubject, ReplyAddress, ReplySubject, SubjectError,
};

/// The version of the protocol that this crate speaks, as in the metadata `graphql.protocol`.
pub const PROTOCOL_VERSION: &str = "1";

/// The queue group of every endpoint: with another one a mutation would run once for each group.
pub const QUEUE_GROUP: &str = "q";

/// The name of the one endpoint of a subgraph's NATS service.
pub const ENDPOINT_NAME: &str = "query";
