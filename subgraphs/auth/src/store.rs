//! MongoDB: every command of this service, one file for each collection.

mod attempts;
mod keys;
mod sessions;
mod users;

use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{Acknowledgment, ClientOptions, IndexOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};

use crate::error::{Result, is_outage};

pub use attempts::{Attempts, Bucket};
pub use keys::{Keys, StoredKey};
pub use sessions::{Ended, Redeemed, RefreshToken, Session, Sessions};
pub use users::{NewUser, User, Users};

/// How long to wait for a server that isn't there yet.
const PATIENCE: Duration = Duration::from_secs(60);

/// The collections of one database.
#[derive(Clone)]
pub struct Store {
    /// Who is registered.
    pub users: Users,
    /// Who is logged in, with every refresh token given out.
    pub sessions: Sessions,
    /// The private keys that sign tokens.
    pub keys: Keys,
    /// Failed attempts of the last minutes.
    pub attempts: Attempts,
}

impl Store {
    /// Connects, waiting up to a minute for the server, and opens the database of that name.
    pub async fn connect(url: &str, database: &str) -> Result<Self> {
        let mut options = ClientOptions::parse(url).await?;
        options.app_name.get_or_insert_with(|| "auth".to_owned());
        options.server_selection_timeout.get_or_insert(Duration::from_secs(5));
        // An account or a used-up token that a failover forgets would be worse than a slower write.
        options
            .write_concern
            .get_or_insert_with(|| WriteConcern::builder().w(Acknowledgment::Majority).build());
        let database = Client::with_options(options)?.database(database);
        wait_for(&database).await?;
        Self::open(&database).await
    }

    /// Opens a database, creating what is missing of the indexes that the collections rely on.
    pub async fn open(database: &Database) -> Result<Self> {
        Ok(Self {
            users: Users::open(database).await?,
            sessions: Sessions::open(database).await?,
            keys: Keys::open(database).await?,
            attempts: Attempts::open(database).await?,
        })
    }
}

/// Waits a minute for a server that isn't up yet; a wrong password stays wrong.
async fn wait_for(database: &Database) -> Result<()> {
    let start = tokio::time::Instant::now();
    while let Err(error) = database.run_command(doc! { "ping": 1 }).await {
        if !is_outage(&error) || start.elapsed() > PATIENCE {
            return Err(error.into());
        }
        tracing::warn!(%error, "MongoDB does not answer yet, trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Creates an index that refuses a second document with the same `keys`.
async fn unique<T: Send + Sync>(collection: &Collection<T>, keys: Document) -> Result<()> {
    let options = IndexOptions::builder().unique(true).build();
    collection.create_index(IndexModel::builder().keys(keys).options(options).build()).await?;
    Ok(())
}

/// Creates an index that lets MongoDB delete a document once the time in its `field` has passed.
/// That happens within a minute or so: queries never rely on it.
async fn expiring<T: Send + Sync>(collection: &Collection<T>, field: &str) -> Result<()> {
    let options = IndexOptions::builder().expire_after(Duration::ZERO).build();
    let keys = doc! { field: 1 };
    collection.create_index(IndexModel::builder().keys(keys).options(options).build()).await?;
    Ok(())
}

/// Creates an index, of all documents or, where it is `sparse`, of those that have the fields.
async fn indexed<T: Send + Sync>(collection: &Collection<T>, keys: Document, sparse: bool) -> Result<()> {
    let options = IndexOptions::builder().sparse(sparse).build();
    collection.create_index(IndexModel::builder().keys(keys).options(options).build()).await?;
    Ok(())
}

/// Whether `error` says that a unique index refused the write.
fn is_duplicate(error: &mongodb::error::Error) -> bool {
    const DUPLICATE_KEY: i32 = 11_000;
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE_KEY,
        ErrorKind::Command(error) => error.code == DUPLICATE_KEY,
        _ => false,
    }
}

/// MongoDB's time, which counts milliseconds.
fn stored(time: chrono::DateTime<chrono::Utc>) -> DateTime {
    DateTime::from_millis(time.timestamp_millis())
}

/// Our time, of MongoDB's.
fn loaded(time: DateTime) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or_default()
}
