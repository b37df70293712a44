//! The independent implementation of the protocol, unchanged: it puts an HTTP subgraph on NATS.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use async_graphql::{EmptySubscription, Object, Schema};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use xtask::servers::Nats;
use xtask::{tools, workspace};

use super::registry::{Alpha, Served};
use crate::support::{TestGateway, nats};

const PACKAGES: [&str; 2] = ["@nats-io/transport-node@3.4.0", "@nats-io/services@3.0.0-25"];

struct Query;

#[Object]
impl Query {
    async fn weather(&self) -> &str {
        "fair"
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn rain(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn an_http_subgraph_joins_by_the_bridge_and_leaves() {
    let Some(script) = installed() else { return };
    let nats = nats().await;
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;

    let bridge = Bridge::start(&script, &nats, &format!("beta={}", http_subgraph().await));
    gateway.serves(&["alpha", "beta"]).await;
    assert_eq!(gateway.data("{ alpha weather }").await, json!({ "alpha": "alpha", "weather": "fair" }));
    assert_eq!(gateway.data("mutation { rain }").await, json!({ "rain": true }));

    bridge.stop();
    gateway.until(|status| status.subgraphs["beta"].subject.is_none()).await;
    let answer = gateway.run("{ alpha weather }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "it stays in the schema");
}

/// A federation subgraph behind plain HTTP; returns its URL.
async fn http_subgraph() -> String {
    let schema = Schema::build(Query, Mutation, EmptySubscription).enable_federation().finish();
    let answer = move |Json(request): Json<async_graphql::Request>| {
        let schema = schema.clone();
        async move { Json(schema.execute(request).await) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let router = Router::new().route("/graphql", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The running bridge.
struct Bridge(Child);

impl Bridge {
    fn start(script: &Path, nats: &Nats, subgraph: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(script).args(["--nats", &nats.url(), "--user", "beta"]);
        command.args(["--pass", nats.password("beta").unwrap()]).arg(subgraph);
        Self(command.stdin(Stdio::null()).spawn().expect("node runs"))
    }

    /// Ends it in good order.
    fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // It is gone already where the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The bridge beside the packages that it needs; `None`, said loudly, where it can't be had.
fn installed() -> Option<PathBuf> {
    let shared = std::env::var_os("TRIBUTARY_SHARED")
        .map_or_else(|| workspace::root().join("../shared"), PathBuf::from);
    let original = shared.join("design/bridge.mjs");
    if !original.exists() {
        eprintln!("LEFT OUT: there is no {} (TRIBUTARY_SHARED names its folder)", original.display());
        return None;
    }
    let npm = match tools::node::npm() {
        Ok(npm) => npm,
        Err(remedy) => {
            eprintln!("LEFT OUT: the bridge can't run. {remedy}");
            return None;
        }
    };
    let folder = workspace::tools().join("bridge");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if !folder.join("installed").exists() {
        let install = Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .args(PACKAGES)
            .output()
            .unwrap();
        assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
        fs::write(folder.join("installed"), "").unwrap();
    }
    // Node looks for packages beside the script.
    let script = folder.join("bridge.mjs");
    fs::write(&script, fs::read(original).unwrap()).unwrap();
    Some(script)
}
