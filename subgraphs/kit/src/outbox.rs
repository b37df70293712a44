//! Events that are published if, and only if, what they tell of is committed (feature `outbox`).
//!
#![doc = "```no_run"]
#![doc = include_str!("../examples/outbox.rs")]
#![doc = "```"]
//!
//! ```text
//! the service's transaction                       relay, in every instance
//!   UPDATE … SET version = version + 1              the oldest event of each entity, locked
//!   Outbox::write ──▶ table `outbox` ── NOTIFY ──▶  publish, wait for the ack, delete, commit
//! ```
//!
//! # What holds
//! - An event is written in the transaction that changes the row: both are there, or neither.
//! - Each is published until JetStream has it. Its `Nats-Msg-Id` is `<subgraph>.<the event's UUID>`, by which JetStream knows what
//!   it already has, for as long as its duplicate window is. A row that is older than half of that may have been published by
//!   somebody who died before they could say so: a relay then looks at the subject's last message first.
//! - Any number of relays may run. The lock on an entity's oldest event is the lock on the entity: nobody takes the next one
//!   before that is gone, so the events of an entity are in the order of its changes. Entities don't wait for each other.
//! - An event that can't be published is never dropped. It holds up its own entity, and is logged.
//!
//! # What a service must do
//! - Create the table: put [`TABLE`] into a migration of its own.
//! - Write the event *after* the statement that changes the row, in the same transaction: the row's lock keeps others' events of
//!   the same entity behind it.
//! - Put nothing into an event that not everybody may read, as everybody who may subscribe does: opaque ids, no personal data.
//!
//! # What a consumer must do
//! Whoever acts on events keeps the `Nats-Msg-Id`s of those that it acted on: the duplicate window is a limit of JetStream's memory, not
//! of the events' life. The gateway keeps those of the newest 16,384 of each pattern.

mod bell;
mod entity;
mod queue;
mod relay;
mod stream;

pub use entity::Entity;
pub use relay::Relay;
pub use stream::{Difference, StreamError, StreamSettings};

use sqlx::PgConnection;
use tributary_protocol::{NameError, SubgraphName};
use uuid::Uuid;

/// The table, for a service's migrations.
pub const TABLE: &str = include_str!("outbox/table.sql");

/// On which relays hear that there is something to do.
const CHANNEL: &str = "outbox";

/// Writes a subgraph's events.
#[derive(Debug, Clone)]
pub struct Outbox {
    subgraph: SubgraphName,
}

/// Why an event can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A type or verb that isn't one token, or an empty id.
    #[error("no event can have the type `{type_name}`, the verb `{verb}` and the id `{id}`")]
    Subject {
        /// The entity's type.
        type_name: String,
        /// What happened to it.
        verb: String,
        /// Its id.
        id: String,
    },
    /// PostgreSQL failed, or there is no table `outbox`.
    #[error("the event can't be written")]
    Database(#[from] sqlx::Error),
}

impl Outbox {
    /// The outbox of that subgraph.
    ///
    /// # Errors
    /// When no subgraph can have the name.
    pub fn new(subgraph: &str) -> Result<Self, NameError> {
        Ok(Self { subgraph: SubgraphName::new(subgraph)? })
    }

    /// Writes that `verb` happened to an entity, in the transaction that makes it happen and after the statement that does.
    ///
    /// # Errors
    /// See [`WriteError`]. The transaction is of no use any more then.
    pub async fn write(
        &self,
        transaction: &mut PgConnection,
        verb: &str,
        entity: &Entity,
    ) -> Result<Uuid, WriteError> {
        let subject = entity.subject(&self.subgraph, verb).ok_or_else(|| WriteError::Subject {
            type_name: entity.type_name().to_owned(),
            verb: verb.to_owned(),
            id: entity.id().to_owned(),
        })?;
        // Everything up to the verb: an entity's events have several subjects and one order.
        let (of_entity, _) = subject.rsplit_once('.').expect("an event's subject has five tokens");
        let id = Uuid::now_v7();
        // Told on commit, and once for all events of a transaction.
        let insert = sqlx::query(
            "WITH written AS (INSERT INTO outbox (id, entity, subject, payload) VALUES ($1, $2, $3, $4::json))
             SELECT pg_notify($5, '')",
        );
        let insert = insert.bind(id).bind(of_entity).bind(&subject).bind(entity.payload());
        insert.bind(CHANNEL).execute(transaction).await?;
        Ok(id)
    }
}
