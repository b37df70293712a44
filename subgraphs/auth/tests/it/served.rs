//! The running service, over NATS with the rights of production.

use std::time::Duration;

use auth::Config;
use clap::Parser;
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use shop::testing::Wire;
use tokio::sync::oneshot;
use tributary_subgraph::Internal;

use crate::support::{LOGIN, PASSWORD, REGISTER, service, verify};

#[tokio::test]
async fn it_serves_the_graph_and_its_keys_until_it_is_told_to_stop() {
    let nats = xtask::servers::Nats::start();
    let mongo = xtask::servers::mongodb();
    let config = Config::parse_from([
        "auth",
        "--nats",
        &nats.url_for("auth"),
        "--mongodb-url",
        &mongo.url(),
        "--database",
        &mongo.database_name(),
        "--password-memory-kib",
        "64",
    ]);
    let sdl = service().await.sdl().await;
    let mut wire = Wire::connect(&nats.url_for("gateway")).await;
    auth::create_admin(&config.database, config.cost, "root@example.org", PASSWORD).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(auth::serve(config, async { stopped.await.unwrap_or_default() }));
    wire.up("auth").await;

    let ada = json!({ "query": REGISTER, "variables": { "email": "ada@example.org", "password": PASSWORD } });
    let registered = wire.ask("auth", &sdl, None, &ada).await;
    assert_eq!(registered.get("errors"), None);
    let root = json!({ "query": LOGIN, "variables": { "email": "root@example.org", "password": PASSWORD } });
    let session = wire.ask("auth", &sdl, None, &root).await;

    let gateway = tributary_subgraph::connect("gw1", &nats.url_for("gateway")).await.unwrap();
    let keys = Internal::new(gateway, "gw1")
        .call("auth", auth::JWKS, "".into(), Duration::from_secs(10))
        .await
        .unwrap();
    let keys: JwkSet = serde_json::from_slice(&keys).unwrap();
    let claims = verify(session["data"]["login"]["accessToken"].as_str().unwrap(), &keys).unwrap();
    assert_eq!(claims.role.as_str(), "admin");

    // What ends while it stops is told, too.
    let refresh_token = &registered["data"]["register"]["refreshToken"];
    let logout = json!({ "query": "mutation($t: String) { logout(refreshToken: $t) }", "variables": { "t": refresh_token } });
    assert_eq!(wire.ask("auth", &sdl, None, &logout).await, json!({ "data": { "logout": true } }));
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    let ended = verify(registered["data"]["register"]["accessToken"].as_str().unwrap(), &keys).unwrap();
    let operator = tributary_subgraph::connect("operator", &nats.url_for("operator")).await.unwrap();
    let bucket = async_nats::jetstream::new(operator).get_key_value("AUTH_REVOKED").await.unwrap();
    assert!(bucket.get(ended.sid.to_string()).await.unwrap().is_some());
}
