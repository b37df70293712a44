//! A service's own PostgreSQL database: a pool with the migrations run, and errors by constraint name.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::Refusal;

/// How long [`open`] waits for a server that isn't there yet.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a database couldn't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is no PostgreSQL URL.
    #[error("the database URL can't be read")]
    Url(#[source] sqlx::Error),
    /// The server didn't answer, or refused us.
    #[error("no connection to the database")]
    Connect(#[source] sqlx::Error),
    /// A migration failed, or the database has one that we don't know.
    #[error("the database can't be migrated")]
    Migrate(#[from] MigrateError),
}

/// Connects, waiting up to a minute for the server, and runs the migrations.
///
/// Several instances may start at once: sqlx holds an advisory lock while it migrates.
pub async fn open(url: &str, migrations: &Migrator) -> Result<PgPool, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
    wait_for(&options).await?;
    let migrator = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await;
    let migrator = migrator.map_err(OpenError::Connect)?;
    migrations.run(&migrator).await?;
    migrator.close().await;
    // Not for the migrations, which may take long: a query that outlives the client's deadline helps nobody.
    let options =
        options.options([("statement_timeout", "10s"), ("idle_in_transaction_session_timeout", "30s")]);
    let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(5));
    pool.connect_with(options).await.map_err(OpenError::Connect)
}

async fn wait_for(options: &PgConnectOptions) -> Result<(), OpenError> {
    let start = tokio::time::Instant::now();
    loop {
        let error = match sqlx::ConnectOptions::connect(options).await {
            Ok(connection) => return sqlx::Connection::close(connection).await.map_err(OpenError::Connect),
            Err(error) => error,
        };
        // Only a server that isn't up yet is worth waiting for; a wrong password stays wrong.
        if !is_outage(&error) || start.elapsed() > PATIENCE {
            return Err(OpenError::Connect(error));
        }
        tracing::warn!(%error, "the database does not answer yet, trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The constraint that a statement broke, if that is why it failed. Match it where the statement is made.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|error| error.constraint())
}

/// What a client is told of a failure that isn't the input's fault.
pub fn refusal(error: &sqlx::Error) -> Refusal {
    if is_outage(error) { Refusal::unavailable("the database", error) } else { Refusal::internal(error) }
}

fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Class 57: starting up, shutting down, statement timed out. Class 53: out of connections, memory or disk.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57") || code.starts_with("53"))
        }
        _ => false,
    }
}
