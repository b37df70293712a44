//! Registering and logging in.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::support::{LOGIN, PASSWORD, REGISTER, code, service, verify};

#[tokio::test]
async fn whoever_registers_is_logged_in() {
    let service = service().await;
    let before = Utc::now();
    let data =
        service.data(None, REGISTER, json!({ "email": " Ada@Example.org", "password": PASSWORD })).await;
    let session = &data["register"];
    assert_eq!(session["user"]["email"], "Ada@Example.org", "as typed, and shown to its owner");
    assert_eq!(session["user"]["role"], "CUSTOMER");

    let token = session["accessToken"].as_str().unwrap();
    let claims = verify(token, &service.tokens.jwks(Utc::now())).unwrap();
    assert_eq!(json!(claims.sub), session["user"]["id"]);
    assert_eq!(claims.role.as_str(), "customer");
    assert_eq!(claims.exp - claims.iat, 600);
    let expires: DateTime<Utc> = session["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.timestamp(), claims.exp);
    assert!(claims.iat >= before.timestamp());
}

#[tokio::test]
async fn me_is_the_one_who_is_logged_in() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let query = "{ me { id email role createdAt } }";
    let me = service.data(Some(&ada.identity), query, json!({})).await["me"].take();
    assert_eq!((me["id"].as_str(), me["email"].as_str()), (Some(ada.id.as_str()), Some("ada@example.org")));
    assert_eq!(service.data(None, query, json!({})).await, json!({ "me": null }));
}

#[tokio::test]
async fn an_email_is_taken_whatever_its_case_even_at_the_same_time() {
    let service = service().await;
    let spellings = ["ada@example.org", "Ada@example.org", "ADA@EXAMPLE.ORG", "aDa@Example.Org"];
    let attempts = spellings.map(|email| {
        service.ask(None, "192.0.2.1", REGISTER, json!({ "email": email, "password": PASSWORD }))
    });
    let answers = join_all(attempts).await;
    let registered = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(registered, 1);
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(code(answer), "EMAIL_TAKEN");
        assert_eq!(answer["errors"][0]["extensions"]["field"], "email");
    }
    assert_eq!(service.login("AdA@eXample.org", PASSWORD, "192.0.2.1").await, "OK");
}

#[tokio::test]
async fn wrong_input_names_the_field() {
    let service = service().await;
    for (email, password, code, field) in [
        ("ada", PASSWORD, "INVALID_EMAIL", "email"),
        ("", PASSWORD, "INVALID_EMAIL", "email"),
        ("ada@example.org", "short", "WEAK_PASSWORD", "password"),
        ("ada@example.org", "", "WEAK_PASSWORD", "password"),
        ("grace@example.org", "grace-grace-1", "WEAK_PASSWORD", "password"),
    ] {
        let variables = json!({ "email": email, "password": password });
        let answer = service.ask(None, "192.0.2.1", REGISTER, variables).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["field"]),
            (&json!(code), &json!(field)),
            "{email:?} {password:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let service = service().await;
    service.register("ada@example.org").await;
    let ask = |email| {
        service.ask(None, "192.0.2.1", LOGIN, json!({ "email": email, "password": "wrong horse battery" }))
    };
    let (known, unknown, nonsense) =
        (ask("ada@example.org").await, ask("nobody@example.org").await, ask("nonsense").await);
    assert_eq!(code(&known), "INVALID_CREDENTIALS");
    assert_eq!(known, unknown);
    assert_eq!(known, nonsense);
}

#[tokio::test]
async fn no_secret_is_stored_as_it_is() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let ada = service.refresh(&ada.refresh_token).await.unwrap();
    for name in service.database.list_collection_names().await.unwrap() {
        let documents = service.database.collection::<Document>(&name).find(doc! {}).await.unwrap();
        let documents: Vec<Document> = documents.try_collect().await.unwrap();
        let text = format!("{documents:?}");
        for secret in [PASSWORD, &ada.refresh_token, &ada.access_token] {
            assert!(!text.contains(secret), "{name} holds a secret");
        }
    }
    let users = service.database.collection::<Document>("users");
    let stored = users.find_one(doc! {}).await.unwrap().unwrap();
    assert!(stored.get_str("password").unwrap().starts_with("$argon2id$"));
}

#[tokio::test]
async fn an_admin_is_created_and_created_again_with_another_password() {
    let service = service().await;
    let first = service.accounts.create_admin("root@example.org", PASSWORD).await.unwrap();
    assert_eq!(first.role.as_str(), "admin");
    let data = service.data(None, LOGIN, json!({ "email": "root@example.org", "password": PASSWORD })).await;
    assert_eq!(data["login"]["user"]["role"], "ADMIN");

    let again = service.accounts.create_admin("Root@example.org", "another horse battery").await.unwrap();
    assert_eq!(again.id, first.id);
    assert_eq!(service.login("root@example.org", PASSWORD, "192.0.2.1").await, "INVALID_CREDENTIALS");
    assert_eq!(service.login("root@example.org", "another horse battery", "192.0.2.1").await, "OK");
    let old = data["login"]["refreshToken"].as_str().unwrap();
    assert_eq!(service.refresh(old).await.err().unwrap(), "INVALID_REFRESH_TOKEN", "old sessions ended");
    assert!(service.accounts.create_admin("root@example.org", "weak").await.is_err());
}
