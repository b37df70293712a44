//! The binary's commands, run as an operator runs them.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{LOGIN, PASSWORD, Service, service};

/// The command with where the data is and what hashes cost, as the environment says.
fn auth(service: &Service, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth"));
    command
        .args(arguments)
        .env("MONGODB_URL", service.mongodb_url())
        .env("MONGODB_DATABASE", service.database.name());
    command.env("PASSWORD_MEMORY_KIB", "64").env_remove("AUTH_ADMIN_PASSWORD");
    command
}

async fn role(service: &Service, email: &str, password: &str) -> serde_json::Value {
    let data = service.data(None, LOGIN, json!({ "email": email, "password": password })).await;
    data["login"]["user"]["role"].clone()
}

#[tokio::test]
async fn an_admins_password_comes_from_the_environment() {
    let service = service().await;
    let mut create = auth(&service, &["create-admin", "--email", "root@example.org"]);
    let done = create.env("AUTH_ADMIN_PASSWORD", PASSWORD).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(role(&service, "root@example.org", PASSWORD).await, "ADMIN");
    assert!(!String::from_utf8_lossy(&done.stderr).contains(PASSWORD));
}

#[tokio::test]
async fn an_admins_password_comes_from_standard_input() {
    let service = service().await;
    let mut create = auth(&service, &["create-admin", "--email", "root@example.org"]);
    let mut running = create.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(running.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(running.wait().unwrap().success());
    assert_eq!(role(&service, "root@example.org", PASSWORD).await, "ADMIN");
}

#[tokio::test]
async fn a_weak_password_makes_no_admin() {
    let service = service().await;
    let mut create = auth(&service, &["create-admin", "--email", "root@example.org"]);
    let done = create.env("AUTH_ADMIN_PASSWORD", "secret").output().unwrap();
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("too weak"), "{done:?}");
}

#[tokio::test]
async fn a_key_is_rotated() {
    let service = service().await;
    assert!(auth(&service, &["rotate-key"]).status().unwrap().success());
    service.tokens.reload().await.unwrap();
    assert_eq!(service.tokens.jwks(chrono::Utc::now()).keys.len(), 2);
}
