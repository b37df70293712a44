//! The shop's users: who they are, how they log in, and the tokens that say so.
//!
//! | module | what is in it |
//! |---|---|
//! | `config` | the command line |
//! | `schema` | the graph: `Query`, `Mutation`, the entity `User`; who may see and do what |
//! | `accounts` | the rules: registering, logging in and out, continuing a session, giving roles |
//! | `email`, `password`, `throttle`, `token` | what the rules are made of, each by itself |
//! | `revoked` | tells gateways which sessions ended |
//! | `store` | MongoDB: every command of this service, and the types that it keeps |
//! | `error` | what can go wrong, and what a client is told of it |
//!
//! A request goes `schema` → `accounts` → `store`; what is only read skips `accounts`. Start reading at `accounts.rs`.
//! The other services have the same shape.

mod accounts;
mod config;
mod email;
mod error;
mod password;
mod revoked;
mod schema;
mod store;
mod throttle;
mod token;

pub use accounts::{Accounts, Grant, Origin};
pub use config::{Cli, Command, Config, DatabaseArgs, RevokedArgs};
pub use error::Error;
pub use password::{Cost, Passwords};
pub use revoked::{Revoked, RevokedSettings};
pub use schema::{AuthSchema, schema};
pub use store::{Bucket, Redeemed, RefreshToken, Session, Store, User, Users};
pub use throttle::Throttle;
pub use token::{AUDIENCE, Claims, ISSUER, Tokens};

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use tributary_subgraph::{InternalError, Subgraph};

/// The subgraph's name: its NATS user, and the `<name>` of its subjects.
pub const NAME: &str = "auth";

/// The verb, after `internal.auth.`, that answers with the public keys (a JSON Web Key Set).
pub const JWKS: &str = "jwks";

/// How often the signing keys are read again. A new key is published for ten minutes before it signs.
const RELOAD: Duration = Duration::from_secs(60);

/// Opens the database, connects to NATS and serves until `shutdown`; what is in flight then is still answered.
pub async fn serve(
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let lifetime = TimeDelta::seconds(config.access_token_seconds.into());
    let (store, accounts, tokens) = open(&config.database, config.cost, lifetime).await?;
    let nats =
        tributary_subgraph::connect(NAME, &config.serve.nats).await.context("no connection to NATS")?;

    let published = tokens.clone();
    let jwks = move |_request: Bytes, _caller: String| {
        let keys = serde_json::to_vec(&published.jwks(Utc::now())).expect("a key set is plain data");
        async move { Ok::<_, InternalError>(Bytes::from(keys)) }
    };
    let revoked = Revoked::new(store.sessions, nats.clone(), config.revoked.settings());
    let mut subgraph = Subgraph::new(NAME, schema(accounts, store.users)).internal(JWKS, jwks);
    if let Some(address) = config.serve.http {
        subgraph = subgraph.http(address);
    }
    tokio::select! {
        served = revoked.beside(subgraph.serve(nats, shutdown)) => served.context("the subgraph stopped"),
        never = keep_reading(tokens) => match never {},
    }
}

/// Makes somebody an admin, as [`Accounts::create_admin`] says.
pub async fn create_admin(
    database: &DatabaseArgs,
    cost: Cost,
    email: &str,
    password: &str,
) -> anyhow::Result<()> {
    let (_, accounts, _) = open(database, cost, token::MAX_LIFETIME).await?;
    let user = accounts.create_admin(email, password).await?;
    tracing::info!(id = %user.id, email = user.email, "this user is an admin now");
    Ok(())
}

/// Adds a signing key, as [`Tokens::rotate`] says.
pub async fn rotate_key(database: &DatabaseArgs) -> anyhow::Result<()> {
    let store = Store::connect(&database.mongodb_url, &database.name).await?;
    Ok(Tokens::open(store.keys, token::MAX_LIFETIME).await?.rotate(Utc::now()).await?)
}

async fn open(
    database: &DatabaseArgs,
    cost: Cost,
    lifetime: TimeDelta,
) -> anyhow::Result<(Store, Accounts, Tokens)> {
    let store =
        Store::connect(&database.mongodb_url, &database.name).await.context("MongoDB can't be used")?;
    let tokens = Tokens::open(store.keys.clone(), lifetime).await?;
    let accounts = Accounts::new(store.clone(), Passwords::new(cost)?, tokens.clone());
    Ok((store, accounts, tokens))
}

async fn keep_reading(tokens: Tokens) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(RELOAD);
    loop {
        ticks.tick().await;
        if let Err(error) = tokens.reload().await {
            tracing::warn!(%error, "the signing keys can't be read again; the ones known stay in use");
        }
    }
}
