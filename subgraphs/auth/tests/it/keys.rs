//! The keys that sign, shared by all instances and kept over restarts.

use auth::{Session, Tokens};
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use shop::Role;
use uuid::Uuid;

use crate::support::{service, verify};

fn session() -> Session {
    Session { id: Uuid::new_v4(), user: Uuid::now_v7() }
}

#[tokio::test]
async fn instances_that_start_together_share_one_key() {
    let mongo = xtask::servers::mongodb();
    let client = mongodb::Client::with_uri_str(mongo.url()).await.unwrap();
    let store = auth::Store::open(&client.database(&mongo.database_name())).await.unwrap();
    let open = || Tokens::open(store.keys.clone(), TimeDelta::minutes(10));
    let instances = join_all((0..8).map(|_| open())).await;
    let now = Utc::now();
    let published: Vec<_> = instances.iter().map(|tokens| tokens.as_ref().unwrap().jwks(now)).collect();
    assert_eq!(published[0].keys.len(), 1);
    assert!(published.iter().all(|keys| keys == &published[0]));
    assert_eq!(open().await.unwrap().jwks(now), published[0], "after a restart");
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_as_long_as_its_tokens_live() {
    let service = service().await;
    let twin = service.twin().await;
    let now = Utc::now();
    let (old_token, _) = service.tokens.sign(session(), Role::Customer, now).unwrap();
    let old = service.tokens.jwks(now);

    service.tokens.rotate(now).await.unwrap();
    twin.tokens.reload().await.unwrap();
    let both = twin.tokens.jwks(now);
    assert_eq!(both.keys.len(), 2);
    let (token, _) = twin.tokens.sign(session(), Role::Customer, now).unwrap();
    assert!(verify(&token, &old).is_ok(), "verifiers that haven't read the new key yet lose nothing");

    let later = now + TimeDelta::minutes(11);
    let (token, expires) = twin.tokens.sign(session(), Role::Staff, later).unwrap();
    assert!(verify(&token, &old).is_err());
    assert_eq!(verify(&token, &twin.tokens.jwks(later)).unwrap().role, Role::Staff);
    assert_eq!(expires, later + TimeDelta::minutes(10));
    assert!(verify(&old_token, &twin.tokens.jwks(later)).is_ok());

    let much_later = now + TimeDelta::hours(1);
    assert_eq!(twin.tokens.jwks(much_later).keys.len(), 1);
    twin.tokens.rotate(much_later).await.unwrap();
    assert_eq!(service.twin().await.tokens.jwks(now).keys.len(), 2, "the first key is deleted");
}

#[tokio::test]
async fn what_is_published_has_no_private_part() {
    let service = service().await;
    let keys = serde_json::to_value(service.tokens.jwks(Utc::now())).unwrap();
    let mut members: Vec<&str> = keys["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}

#[tokio::test]
async fn a_token_that_was_changed_is_refused() {
    let service = service().await;
    let now = Utc::now();
    let keys = service.tokens.jwks(now);
    let (token, _) = service.tokens.sign(session(), Role::Customer, now).unwrap();
    let (other, _) = service.tokens.sign(session(), Role::Admin, now).unwrap();
    let part = |token: &str, index| token.split('.').nth(index).unwrap().to_owned();
    let forged = format!("{}.{}.{}", part(&token, 0), part(&other, 1), part(&token, 2));
    assert!(verify(&token, &keys).is_ok());
    assert!(verify(&forged, &keys).is_err());
    let (expired, _) = service.tokens.sign(session(), Role::Customer, now - TimeDelta::hours(1)).unwrap();
    assert!(verify(&expired, &keys).is_err());
}
