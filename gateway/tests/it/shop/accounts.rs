//! Registering, logging in and out, sessions, roles.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    client::Person,
    world::{PASSWORD, Shop},
};
use crate::support::refusal;

const REGISTER: &str = "mutation($email: String!, $password: String!) {
    register(email: $email, password: $password) { accessToken refreshToken user { id email role } }
}";
const LOGIN: &str = "mutation($email: String!, $password: String!) {
    login(email: $email, password: $password) { accessToken expiresAt user { id email } }
}";
const REFRESH: &str = "mutation($token: String!) {
    refresh(refreshToken: $token) { accessToken refreshToken user { id } }
}";
const ME: &str = "{ me { id email role createdAt } }";

#[tokio::test]
async fn people_come_and_go() {
    let shop = Shop::open().await;
    let ada = registering(&shop).await;
    logging_in(&shop, &ada).await;
    refreshing(&shop, &ada).await;
    logging_out(&shop).await;
    bad_tokens(&shop, &ada).await;
    roles(&shop).await;
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

async fn registering(shop: &Shop) -> Person {
    let anyone = shop.anyone();
    assert_eq!(anyone.data(ME, json!({})).await, json!({ "me": null }));
    let data = anyone.data(REGISTER, credentials("Ada@example.org", PASSWORD)).await;
    let ada = Person::new(&shop.gateway, Some(&data["register"]));
    assert_eq!(
        data["register"]["user"],
        json!({ "id": ada.id, "email": "Ada@example.org", "role": "CUSTOMER" })
    );

    let me = ada.data(ME, json!({})).await;
    assert_eq!((&me["me"]["id"], &me["me"]["email"]), (&json!(ada.id), &json!("Ada@example.org")));
    for (email, password, expected) in [
        ("ada@EXAMPLE.org", PASSWORD, "EMAIL_TAKEN"),
        ("nobody", PASSWORD, "INVALID_EMAIL"),
        ("bob@example.org", "short", "WEAK_PASSWORD"),
    ] {
        assert_eq!(anyone.refused(REGISTER, credentials(email, password)).await, expected);
    }
    ada
}

async fn logging_in(shop: &Shop, ada: &Person) {
    let anyone = shop.anyone();
    let data = anyone.data(LOGIN, credentials("ADA@example.org", PASSWORD)).await;
    assert_eq!(data["login"]["user"]["id"], json!(ada.id), "an address has no case");
    let wrong = anyone.ask(LOGIN, credentials("ada@example.org", "wrong horse battery")).await;
    let unknown = anyone.ask(LOGIN, credentials("eve@example.org", PASSWORD)).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "INVALID_CREDENTIALS");
    assert_eq!(wrong["errors"], unknown["errors"], "who is registered isn't told");
}

/// A refresh token works once; whoever uses one again ends the session for both who have it.
async fn refreshing(shop: &Shop, ada: &Person) {
    let anyone = shop.anyone();
    let refresh = |token: &str| json!({ "token": token });
    let data = anyone.data(REFRESH, refresh(&ada.refresh_token)).await;
    let next = Person::new(&shop.gateway, Some(&data["refresh"]));
    assert_eq!(next.id, ada.id);
    assert_ne!(next.refresh_token, ada.refresh_token);
    assert_eq!(next.data(ME, json!({})).await["me"]["id"], json!(ada.id));

    for token in [&ada.refresh_token, &next.refresh_token, "nonsense"] {
        assert_eq!(anyone.refused(REFRESH, refresh(token)).await, "INVALID_REFRESH_TOKEN");
    }
}

async fn logging_out(shop: &Shop) {
    let anyone = shop.anyone();
    let logout = "mutation { logout }";
    assert_eq!(anyone.refused(logout, json!({})).await, "UNAUTHENTICATED");

    let by_access_token = shop.login("ada@example.org").await;
    assert_eq!(by_access_token.data(logout, json!({})).await, json!({ "logout": true }));
    let by_refresh_token = shop.login("ada@example.org").await;
    let other = shop.login("ada@example.org").await;
    let with = "mutation($token: String!) { logout(refreshToken: $token) }";
    anyone.data(with, json!({ "token": by_refresh_token.refresh_token })).await;

    for gone in [by_access_token, by_refresh_token] {
        let token = json!({ "token": gone.refresh_token });
        assert_eq!(anyone.refused(REFRESH, token).await, "INVALID_REFRESH_TOKEN");
    }
    anyone.data(REFRESH, json!({ "token": other.refresh_token })).await;
}

async fn bad_tokens(shop: &Shop, ada: &Person) {
    let (signed, signature) = ada.token().rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    for bad in [forged.as_str(), "nonsense", &ada.refresh_token] {
        let response = shop.anyone().with_token(bad).request(ME, &json!({})).send().await.unwrap();
        let (status, code, body) = refusal(response).await;
        assert_eq!((status, code.as_str()), (StatusCode::UNAUTHORIZED, "TOKEN_INVALID"), "{body}");
        assert!(body.get("data").is_none(), "{body}");
    }
}

async fn roles(shop: &Shop) {
    let (bob, admin) = (shop.customer("bob@example.org").await, shop.admin().await);
    let set = "mutation($id: ID!, $role: Role!) { setRole(userId: $id, role: $role) { id email role } }";
    let to = |id: &str, role: &str| json!({ "id": id, "role": role });

    let people = [(&shop.anyone(), "UNAUTHENTICATED"), (&bob, "FORBIDDEN")];
    shop.refuses(&people, set, &to(&bob.id, "ADMIN")).await;
    assert_eq!(admin.refused(set, to(&admin.id, "CUSTOMER")).await, "FORBIDDEN", "nobody changes their own");
    assert_eq!(admin.refused(set, to("01900000-0000-7000-8000-000000000000", "STAFF")).await, "NOT_FOUND");

    let data = admin.data(set, to(&bob.id, "STAFF")).await;
    assert_eq!(data["setRole"], json!({ "id": bob.id, "email": "bob@example.org", "role": "STAFF" }));
    let bob = shop.login("bob@example.org").await;
    bob.data("{ orders { nodes { number } } }", json!({})).await;
    assert_eq!(bob.refused(set, to(&admin.id, "CUSTOMER")).await, "FORBIDDEN", "staff isn't admin");
}
