//! Continuing and ending sessions.

use auth::{Redeemed, RefreshToken};
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{PASSWORD, service};

const INVALID: &str = "INVALID_REFRESH_TOKEN";
const LOGOUT: &str = "mutation($token: String) { logout(refreshToken: $token) }";

#[tokio::test]
async fn a_session_goes_on_with_a_new_refresh_token_each_time() {
    let service = service().await;
    let first = service.register("ada@example.org").await;
    let second = service.refresh(&first.refresh_token).await.unwrap();
    let third = service.refresh(&second.refresh_token).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_eq!((&third.id, third.identity.claim("sid")), (&first.id, first.identity.claim("sid")));
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_session_and_no_other() {
    let service = service().await;
    let stolen = service.register("ada@example.org").await;
    let data = service
        .data(None, crate::support::LOGIN, json!({ "email": "ada@example.org", "password": PASSWORD }))
        .await;
    let other = data["login"]["refreshToken"].as_str().unwrap();

    let thief = service.refresh(&stolen.refresh_token).await.unwrap();
    let thief = service.refresh(&thief.refresh_token).await.unwrap();
    assert_eq!(service.refresh(&stolen.refresh_token).await.err().unwrap(), INVALID, "the owner comes later");
    assert_eq!(service.refresh(&thief.refresh_token).await.err().unwrap(), INVALID, "the thief is out, too");
    assert!(service.refresh(other).await.is_ok(), "another session of the same user goes on");
}

#[tokio::test]
async fn of_two_at_the_same_time_at_most_one_goes_on() {
    let service = service().await;
    for round in 0..5 {
        let ada = service.register(&format!("ada{round}@example.org")).await;
        let answers = join_all((0..4).map(|_| service.refresh(&ada.refresh_token))).await;
        let winners: Vec<_> = answers.into_iter().flatten().collect();
        assert!(winners.len() <= 1, "round {round}");
        for winner in winners {
            assert_eq!(service.refresh(&winner.refresh_token).await.err().unwrap(), INVALID, "round {round}");
        }
    }
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused_and_ends_nothing() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let unknown = "A".repeat(43);
    for token in ["", "x", &unknown, &ada.access_token, &ada.refresh_token[1..]] {
        assert_eq!(service.refresh(token).await.err().unwrap(), INVALID, "{token:?}");
    }
    assert!(service.refresh(&ada.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_session_ends_when_its_user_logs_out() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let done = service.data(Some(&ada.identity), LOGOUT, json!({})).await;
    assert_eq!(done, json!({ "logout": true }));
    assert_eq!(service.refresh(&ada.refresh_token).await.err().unwrap(), INVALID);
}

#[tokio::test]
async fn a_refresh_token_is_enough_to_log_out() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    assert_eq!(service.refused(None, LOGOUT, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(service.refused(None, LOGOUT, json!({ "token": "x" })).await, INVALID);
    service.data(None, LOGOUT, json!({ "token": ada.refresh_token })).await;
    assert_eq!(service.refresh(&ada.refresh_token).await.err().unwrap(), INVALID);
}

#[tokio::test]
async fn tokens_and_sessions_do_not_last_for_ever() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let sessions = &service.store.sessions;
    let start = Utc::now();
    let token = RefreshToken::parse(&ada.refresh_token).unwrap();
    let late = sessions.redeem(&token, start + TimeDelta::days(31)).await.unwrap();
    assert!(matches!(late, Redeemed::Invalid), "not used for 30 days");

    let mut token = token;
    for days in [29, 58, 87] {
        match sessions.redeem(&token, start + TimeDelta::days(days)).await.unwrap() {
            Redeemed::Rotated(_, next) => token = next,
            _ => panic!("in use, {days} days old"),
        }
    }
    let late = sessions.redeem(&token, start + TimeDelta::days(91)).await.unwrap();
    assert!(matches!(late, Redeemed::Invalid), "a session ends after 90 days");
}
