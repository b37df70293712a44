//! Gateways are told which sessions ended, whatever ended them, and whether or not NATS was there.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use auth::{Revoked, RevokedSettings};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use xtask::servers::Nats;

use crate::support::{LOGIN, LoggedIn, PASSWORD, Service, service};

const PATIENCE: Duration = Duration::from_secs(30);
const LOGOUT: &str = "mutation($token: String) { logout(refreshToken: $token) }";

/// A service beside which gateways are told, and the bucket as an operator sees it.
struct Telling {
    service: Service,
    nats: Nats,
    jetstream: jetstream::Context,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn settings() -> RevokedSettings {
    RevokedSettings { bucket: "AUTH_REVOKED".into(), keep: Duration::from_secs(900), replicas: 1 }
}

impl Telling {
    async fn start(settings: RevokedSettings) -> Self {
        Self::on(Nats::start(), settings).await
    }

    async fn on(nats: Nats, settings: RevokedSettings) -> Self {
        let service = service().await;
        let client = tributary_subgraph::connect("auth", &nats.url_for("auth")).await.unwrap();
        let revoked = Revoked::new(service.store.sessions.clone(), client, settings);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(revoked.run(async { drop(stopped.await) }));
        let jetstream = operator(&nats).await;
        Self { service, nats, jetstream, stop: Some(stop), task }
    }

    async fn has(&self, sid: &str) -> bool {
        match self.jetstream.get_key_value("AUTH_REVOKED").await {
            Ok(bucket) => bucket.get(sid).await.is_ok_and(|value| value.is_some()),
            Err(_) => false,
        }
    }

    /// Waits until gateways are told of it.
    async fn told(&self, sid: &str) {
        until(async || self.has(sid).await).await;
    }

    async fn logout(&self, who: &LoggedIn) {
        let done = self.service.data(Some(&who.identity), LOGOUT, json!({})).await;
        assert_eq!(done, json!({ "logout": true }));
    }

    async fn definition(&self) -> stream::Config {
        let mut stream = self.jetstream.get_stream("KV_AUTH_REVOKED").await.unwrap();
        stream.info().await.unwrap().config.clone()
    }
}

async fn operator(nats: &Nats) -> jetstream::Context {
    let client = tributary_subgraph::connect("operator", &nats.url_for("operator")).await.unwrap();
    let mut jetstream = jetstream::new(client);
    jetstream.set_timeout(Duration::from_secs(2));
    jetstream
}

async fn until(reached: impl AsyncFn() -> bool) {
    let polled = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, polled).await.expect("reached in time");
}

fn sid(who: &LoggedIn) -> String {
    who.identity.claim("sid").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whatever_ends_a_session_is_told() {
    let telling = Telling::start(settings()).await;
    let service = &telling.service;
    let [out, by_token, stolen, admin, other] =
        ["a", "b", "c", "d", "e"].map(|name| format!("{name}@example.org"));
    let out = service.register(&out).await;
    telling.logout(&out).await;
    telling.told(&sid(&out)).await;

    let by_token = service.register(&by_token).await;
    service.data(None, LOGOUT, json!({ "token": by_token.refresh_token })).await;
    telling.told(&sid(&by_token)).await;

    let stolen = service.register(&stolen).await;
    service.refresh(&stolen.refresh_token).await.unwrap();
    service.refresh(&stolen.refresh_token).await.err().unwrap();
    telling.told(&sid(&stolen)).await;

    // By another process, which has no NATS.
    let (other, before) = (service.register(&other).await, service.register(&admin).await);
    service.twin().await.accounts.create_admin(&admin, PASSWORD).await.unwrap();
    telling.told(&sid(&before)).await;
    assert!(!telling.has(&sid(&other)).await, "nobody ended this one");
}

#[tokio::test]
async fn another_session_of_the_same_user_goes_on() {
    let telling = Telling::start(settings()).await;
    let ada = telling.service.register("ada@example.org").await;
    let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
    let second = telling.service.data(None, LOGIN, credentials).await;
    let second = second["login"]["refreshToken"].as_str().unwrap();
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    let second = telling.service.refresh(second).await.unwrap();
    assert!(!telling.has(&sid(&second)).await);
}

#[tokio::test]
async fn without_nats_a_session_ends_and_the_bucket_follows() {
    let mut telling = Telling::start(settings()).await;
    let (first, ada) =
        (telling.service.register("a@example.org").await, telling.service.register("b@example.org").await);
    telling.logout(&first).await;
    telling.told(&sid(&first)).await;
    telling.nats.kill();
    telling.logout(&ada).await;
    let refreshed = telling.service.refresh(&ada.refresh_token).await;
    assert_eq!(refreshed.err().unwrap(), "INVALID_REFRESH_TOKEN");
    telling.nats.restart();
    telling.told(&sid(&ada)).await;
}

/// What an earlier process left untold is told by the next one.
#[tokio::test]
async fn what_ended_while_nobody_told_is_told_at_the_start() {
    let mut telling = Telling::start(settings()).await;
    telling.stop.take();
    (&mut telling.task).await.unwrap();
    let ada = telling.service.register("ada@example.org").await;
    telling.logout(&ada).await;
    let client = tributary_subgraph::connect("auth", &telling.nats.url_for("auth")).await.unwrap();
    let next = Revoked::new(telling.service.store.sessions.clone(), client, settings());
    // It tells what there is before it ends.
    next.beside(std::future::ready(())).await;
    assert!(telling.has(&sid(&ada)).await);
}

#[tokio::test]
async fn a_bucket_that_was_deleted_is_made_and_filled_again() {
    let telling = Telling::start(settings()).await;
    let ada = telling.service.register("ada@example.org").await;
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    telling.jetstream.delete_key_value("AUTH_REVOKED").await.unwrap();
    telling.told(&sid(&ada)).await;
}

/// What JetStream acknowledged and lost all the same is written again after the next connection.
#[tokio::test]
async fn entries_that_got_lost_are_written_again() {
    let mut telling = Telling::start(settings()).await;
    let ada = telling.service.register("ada@example.org").await;
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    telling.jetstream.get_stream("KV_AUTH_REVOKED").await.unwrap().purge().await.unwrap();
    assert!(!telling.has(&sid(&ada)).await);
    telling.nats.restart();
    telling.told(&sid(&ada)).await;
}

#[tokio::test]
async fn entries_go_when_their_tokens_have_expired() {
    let telling = Telling::start(RevokedSettings { keep: Duration::from_secs(3), ..settings() }).await;
    let (old, ada) =
        (telling.service.register("a@example.org").await, telling.service.register("b@example.org").await);
    let long_ago = Utc::now() - TimeDelta::minutes(20);
    telling.service.store.sessions.end(sid(&old).parse().unwrap(), long_ago).await.unwrap();
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    assert!(!telling.has(&sid(&old)).await, "its tokens expired long ago");
    until(async || !telling.has(&sid(&ada)).await).await;
}

#[tokio::test]
async fn the_bucket_is_as_configured_or_left_as_it_is() {
    let telling = Telling::start(settings()).await;
    let ada = telling.service.register("ada@example.org").await;
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    let made = telling.definition().await;
    assert_eq!((made.max_age, made.max_messages_per_subject), (Duration::from_secs(900), 1));
    assert_eq!(made.storage, stream::StorageType::File);

    let nats = Nats::start();
    let other = RevokedSettings { keep: Duration::from_secs(77), ..settings() };
    operator(&nats).await.create_stream(other.definition()).await.unwrap();
    let telling = Telling::on(nats, settings()).await;
    let ada = telling.service.register("ada@example.org").await;
    telling.logout(&ada).await;
    telling.told(&sid(&ada)).await;
    assert_eq!(telling.definition().await.max_age, Duration::from_secs(77));
}
