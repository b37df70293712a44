//! Things whose changes are told of, and the stream that they are told in.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tributary_subgraph::outbox::{Entity, Outbox, Relay, StreamSettings, TABLE};
use xtask::servers::Nats;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service's database and a nats-server.
pub struct World {
    pub nats: Nats,
    pub pool: PgPool,
    pub outbox: Outbox,
    /// Somebody who may do everything.
    pub operator: Context,
}

/// An event as the stream has it.
#[derive(Debug, PartialEq)]
pub struct Told {
    pub subject: String,
    pub id: String,
    pub payload: Value,
}

impl World {
    pub async fn start() -> Self {
        let nats = tokio::task::spawn_blocking(Nats::start).await.unwrap();
        let url = tokio::task::spawn_blocking(|| xtask::servers::postgres().create_database("outbox")).await;
        let pool = PgPoolOptions::new().max_connections(24).connect(&url.unwrap()).await.unwrap();
        let things = "CREATE TABLE things (id integer PRIMARY KEY, version bigint NOT NULL DEFAULT 0)";
        sqlx::raw_sql(things).execute(&pool).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&pool).await.unwrap();
        let operator = tributary_subgraph::connect("operator", &nats.url_for("operator")).await.unwrap();
        Self { nats, pool, outbox: Outbox::new("alpha").unwrap(), operator: jetstream::new(operator) }
    }

    /// A relay with a connection of its own, and the rights of a subgraph.
    pub async fn relay(&self) -> Relay {
        let client = tributary_subgraph::connect("alpha", &self.nats.url_for("alpha")).await.unwrap();
        Relay::new(&self.outbox, self.pool.clone(), client)
    }

    /// A relay that runs until it is aborted.
    pub async fn running(&self) -> JoinHandle<()> {
        tokio::spawn(self.relay().await.run(std::future::pending()))
    }

    pub async fn add_things(&self, count: i32) {
        let add = sqlx::query("INSERT INTO things (id) SELECT generate_series(0, $1 - 1)");
        add.bind(count).execute(&self.pool).await.unwrap();
    }

    /// Changes a thing and tells of it.
    pub async fn change(&self, id: i32, verb: &str) {
        let mut transaction = self.pool.begin().await.unwrap();
        let update =
            sqlx::query_scalar("UPDATE things SET version = version + 1 WHERE id = $1 RETURNING version");
        let version: i64 = update.bind(id).fetch_one(&mut *transaction).await.unwrap();
        let thing = Entity::of("Thing", "id", id).with("version", version);
        self.outbox.write(&mut transaction, verb, &thing).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn waiting(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&self.pool).await.unwrap()
    }

    /// Waits until everything is published.
    pub async fn published(&self) {
        until(async || self.waiting().await == 0).await;
    }

    /// Everything in the stream, in its order.
    pub async fn told(&self) -> Vec<Told> {
        let stream = self.operator.get_stream("EVENTS").await.unwrap();
        let mut told = Vec::new();
        for sequence in 1..=stream.cached_info().state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            told.push(Told {
                subject: message.subject.to_string(),
                id: message.headers.get("Nats-Msg-Id").unwrap().to_string(),
                payload: serde_json::from_slice(&message.payload).unwrap(),
            });
        }
        told
    }

    /// The versions that were told of each thing, in their order.
    pub async fn versions(&self) -> BTreeMap<String, Vec<i64>> {
        let mut versions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for Told { payload, .. } in self.told().await {
            let id = payload["id"].as_str().unwrap().to_owned();
            versions.entry(id).or_default().push(payload["version"].as_i64().unwrap());
        }
        versions
    }

    /// A stream that forgets soon what it already has.
    pub async fn forgetful_stream(&self) {
        let mut definition = StreamSettings::default().definition();
        definition.duplicate_window = Duration::from_millis(100);
        self.operator.create_stream(definition).await.unwrap();
    }
}

/// Waits for a state that nobody tells of.
pub async fn until<F: Future<Output = bool>>(reached: impl Fn() -> F) {
    let polled = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, polled).await.expect("reached in time");
}
