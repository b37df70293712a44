//! Guessing is slow.

use std::collections::HashMap;
use std::time::Duration;

use auth::{Bucket, Error, Throttle};
use chrono::{DateTime, TimeDelta};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use mongodb::IndexModel;
use mongodb::bson::Document;
use serde_json::json;

use crate::support::{PASSWORD, REGISTER, code, service};

const WRONG: &str = "wrong horse battery";
const HOME: &str = "192.0.2.1";

#[tokio::test]
async fn after_ten_wrong_passwords_not_even_the_right_one_is_looked_at_from_there() {
    let service = service().await;
    service.register("ada@example.org").await;
    for attempt in 1..=10 {
        assert_eq!(service.login("Ada@example.org", WRONG, HOME).await, "INVALID_CREDENTIALS", "{attempt}");
    }
    assert_eq!(service.login("ada@example.org", PASSWORD, HOME).await, "TOO_MANY_ATTEMPTS");
    assert_eq!(
        service.twin().await.login("ada@example.org", PASSWORD, HOME).await,
        "TOO_MANY_ATTEMPTS",
        "anywhere"
    );
    assert_eq!(service.login("ada@example.org", PASSWORD, "198.51.100.7").await, "OK", "the owner, at work");
}

#[tokio::test]
async fn guesses_sent_at_once_count_like_guesses_one_by_one() {
    let service = service().await;
    service.register("ada@example.org").await;
    let answers = join_all((0..25).map(|_| service.login("ada@example.org", WRONG, HOME))).await;
    let count = |code: &str| answers.iter().filter(|answer| *answer == code).count();
    assert_eq!((count("INVALID_CREDENTIALS"), count("TOO_MANY_ATTEMPTS")), (10, 15));
}

#[tokio::test]
async fn right_passwords_do_not_count() {
    let service = service().await;
    service.register("ada@example.org").await;
    for _ in 0..12 {
        assert_eq!(service.login("ada@example.org", PASSWORD, HOME).await, "OK");
    }
}

#[tokio::test]
async fn an_overloaded_service_blames_nobody() {
    let service = service().await;
    let throttle = Throttle::new(service.store.attempts.clone());
    let bucket = Bucket { scope: "test", subject: "ada".into(), limit: 2 };
    let now = chrono::Utc::now();
    let attempt = async |outcome: Error| {
        throttle.attempt::<()>(std::slice::from_ref(&bucket), now, async { Err(outcome) }).await
    };
    for _ in 0..5 {
        assert!(matches!(attempt(Error::Busy).await, Err(Error::Busy)));
    }
    for _ in 0..2 {
        assert!(matches!(attempt(Error::InvalidCredentials).await, Err(Error::InvalidCredentials)));
    }
    assert!(matches!(attempt(Error::InvalidCredentials).await, Err(Error::TooManyAttempts { .. })));
}

#[tokio::test]
async fn many_addresses_that_guess_at_one_account_are_stopped() {
    let service = service().await;
    // Nine guesses from each of eight addresses stay below what one address may do.
    let addresses: Vec<String> = (0..8).map(|network| format!("192.0.2.{network}")).collect();
    let guesses = addresses.iter().flat_map(|address| [address; 9]);
    let answers = join_all(guesses.map(|address| service.login("ada@example.org", WRONG, address))).await;
    assert_eq!(answers.iter().filter(|answer| *answer == "INVALID_CREDENTIALS").count(), 50);
}

#[tokio::test]
async fn one_address_that_tries_many_accounts_is_stopped() {
    let service = service().await;
    let service = &service;
    let guesses = (0..120).map(|user| async move {
        service.login(&format!("user{user}@example.org"), WRONG, "2001:db8::1").await
    });
    let answers = join_all(guesses).await;
    assert_eq!(answers.iter().filter(|answer| *answer == "INVALID_CREDENTIALS").count(), 100);
    assert_eq!(
        service.login("user1@example.org", WRONG, "2001:db8:0:0:1::2").await,
        "TOO_MANY_ATTEMPTS",
        "its network"
    );
    assert_eq!(
        service.login("user1@example.org", WRONG, "2001:db8:0:1::2").await,
        "INVALID_CREDENTIALS",
        "another"
    );
}

#[tokio::test]
async fn asking_who_is_registered_is_slow_but_registering_is_not() {
    let service = service().await;
    for user in 0..30 {
        service.register(&format!("user{user}@example.org")).await;
    }
    let again = json!({ "email": "user1@example.org", "password": PASSWORD });
    let mut codes: HashMap<String, usize> = HashMap::new();
    for _ in 0..25 {
        *codes.entry(code(&service.ask(None, HOME, REGISTER, again.clone()).await)).or_default() += 1;
    }
    assert_eq!(codes, HashMap::from([("EMAIL_TAKEN".into(), 20), ("TOO_MANY_ATTEMPTS".into(), 5)]));
}

#[tokio::test]
async fn a_window_ends_and_mongodb_cleans_up() {
    let service = service().await;
    let attempts = &service.store.attempts;
    let bucket = Bucket { scope: "test", subject: "ada".into(), limit: 2 };
    let window = TimeDelta::minutes(15);
    let at = |minutes: i64| DateTime::from_timestamp(1_800_000_000 + 60 * minutes, 0).unwrap();
    for (minutes, refused) in
        [(0, None), (1, None), (2, Some(13)), (14, Some(1)), (15, None), (16, None), (17, Some(13))]
    {
        let answer = attempts.begin(&bucket, window, at(minutes)).await.unwrap();
        assert_eq!(answer, refused.map(|left| Duration::from_secs(60 * left)), "after {minutes} minutes");
    }
    let indexes = service.database.collection::<Document>("attempts").list_indexes().await.unwrap();
    let indexes: Vec<IndexModel> = indexes.try_collect().await.unwrap();
    let expiry = indexes.iter().find_map(|index| index.options.as_ref()?.expire_after);
    assert_eq!(expiry, Some(Duration::ZERO));
}
