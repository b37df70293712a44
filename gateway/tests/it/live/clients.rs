//! Clients that people use, against a real gateway: each runs as a process of its own and does what
//! `gateway/tests/clients/world.mjs` asks of all.

mod proxy;
mod rust;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::world::{World, until};
use crate::auth::{Keys, ONE, auth_service, jwk, token_with};
use crate::support::{PATIENCE, Running, TestGateway};
use proxy::Proxy;

/// What a client lives in: the gateway, behind a proxy that can break its connections.
struct Stage {
    world: World,
    gateway: TestGateway,
    proxy: Proxy,
    _auth: Running,
}

impl Stage {
    async fn set() -> Self {
        let world = World::start().await;
        let keys = Keys::default();
        keys.lock().unwrap().push(jwk(ONE, "one"));
        let _auth = auth_service(&world.nats, &keys).await;
        let gateway = TestGateway::with(&world.nats, "--jwt-leeway 1ms", &["orders", "users", "auth"]).await;
        let proxy = Proxy::start(gateway.address).await;
        Self { world, gateway, proxy, _auth }
    }

    /// Publishes an order of that customer's.
    async fn order(&self, id: &str, customer: &str) {
        let order = json!({"__typename": "Order", "id": id, "status": "new", "customerId": customer});
        self.world.orders.tell(id, "status", order).await;
    }

    /// Waits until the gateway has that many members of subscriptions.
    async fn members(&self, count: usize) {
        until(async || self.gateway.gateway.hub().members() == count).await;
    }

    fn bearer(sub: &str, seconds: i64) -> String {
        format!("Bearer {}", token_with(ONE, "one", seconds, json!({ "sub": sub })))
    }

    /// Does what a script asks for.
    async fn perform(&self, command: &Value) -> Value {
        let text = |name: &str| command[name].as_str().unwrap();
        match text("do") {
            "order" => self.order(text("id"), text("customerId")).await,
            "members" => self.members(command["count"].as_u64().unwrap() as usize).await,
            "cut" => self.proxy.cut(),
            "heal" => self.proxy.heal(),
            "bearer" => return Self::bearer(text("sub"), command["seconds"].as_i64().unwrap()).into(),
            other => panic!("a script asks for {other:?}"),
        }
        Value::Null
    }
}

/// Where the scripts and their packages are.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    assert!(
        folder.join("node_modules/.package-lock.json").exists(),
        "the clients' packages aren't installed: run `npm ci` in gateway/tests/clients, or `cargo xtask test`, which \
         does"
    );
    folder
}

/// Runs a script to its end.
async fn check(script: &str, arguments: &[&str]) {
    let folder = folder();
    let stage = Stage::set().await;
    let mut child = Command::new("node")
        .arg(script)
        .arg(format!("http://{}/graphql", stage.proxy.address))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Node is on PATH");
    let stdin = child.stdin.take().unwrap();
    converse(&stage, &mut child, stdin).await;
    let status = timeout(PATIENCE, child.wait()).await.expect("the script ends").unwrap();
    assert!(status.success(), "{script} {arguments:?}: {status}; what it says is above");
}

/// Answers what the script asks for, until it asks no more.
async fn converse(stage: &Stage, child: &mut Child, mut stdin: ChildStdin) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = String::new();
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await;
        let line =
            line.unwrap_or_else(|_| panic!("the script waits for something that doesn't come, after {last}"));
        let Some(line) = line.unwrap() else { return };
        let command: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a command: {line}"));
        let answer = stage.perform(&command).await;
        stdin.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
        last = line;
    }
}

#[tokio::test]
async fn graphql_ws_subscribes_comes_back_and_brings_fresh_tokens() {
    check("graphql-ws.mjs", &[]).await;
}

#[tokio::test]
async fn graphql_sse_with_a_stream_for_each_operation() {
    check("graphql-sse.mjs", &["distinct"]).await;
}

#[tokio::test]
async fn graphql_sse_with_one_stream_for_all() {
    check("graphql-sse.mjs", &["single"]).await;
}

#[tokio::test]
async fn apollo_client_over_websocket() {
    check("apollo.mjs", &["ws"]).await;
}

#[tokio::test]
async fn apollo_client_over_http_in_parts_and_with_defer() {
    check("apollo.mjs", &["http"]).await;
}

#[tokio::test]
async fn urql_over_websocket() {
    check("urql.mjs", &["ws"]).await;
}

#[tokio::test]
async fn urql_over_server_sent_events() {
    check("urql.mjs", &["sse"]).await;
}
