//! A world for one test: a nats-server, subgraphs and a gateway, all private to it.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use tributary::{
    auth::RevocationState,
    config::{Config, ServeFlags},
    gateway::Gateway,
    registry::Status,
    server,
};
use xtask::servers::Nats;

pub mod process;
pub mod subgraphs;

/// What any event may take before a test fails; generous, since machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a nats-server without blocking the test's own thread.
pub async fn nats() -> Nats {
    tokio::task::spawn_blocking(Nats::start).await.unwrap()
}

/// Something that serves until it is told to stop.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// Runs what `serve` makes of the signal to stop.
    pub fn start<F>(serve: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self { stop: Some(stop), task: tokio::spawn(serve(stopped)) }
    }

    /// Tells it to stop, without waiting.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it and waits until it has.
    pub async fn stop(mut self) {
        self.begin_stop();
        timeout(PATIENCE, &mut self.task).await.expect("it stops in time").expect("it ends well");
    }
}

/// A gateway on a socket.
pub struct TestGateway {
    pub address: SocketAddr,
    pub gateway: Arc<Gateway>,
    pub http: Client,
    pub running: Running,
}

/// The settings of `tributary serve` with these flags.
pub fn config(nats_url: &str, flags: &str) -> Arc<Config> {
    #[derive(clap::Parser)]
    struct Parser {
        #[command(flatten)]
        flags: ServeFlags,
    }
    let own = ["serve", "--nats", nats_url, "--listen", "127.0.0.1:0"];
    let id = if flags.contains("--gateway-id") { "" } else { "--gateway-id gw1" };
    let arguments = own.into_iter().chain(id.split_whitespace()).chain(flags.split_whitespace());
    Config::check(&<Parser as clap::Parser>::parse_from(arguments).flags).unwrap()
}

impl TestGateway {
    /// Starts a gateway and returns at once.
    pub async fn start(nats_url: &str, flags: &str) -> Self {
        let config = config(nats_url, flags);
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::start(config).await.unwrap();
        let serving = gateway.clone();
        let running = Running::start(|stopped| async move {
            let stop = async { drop(stopped.await) };
            server::serve(serving, listener, stop).await.unwrap();
        });
        Self { address, gateway, http: Client::new(), running }
    }

    /// Starts a gateway and waits until these subgraphs serve through it.
    pub async fn with(nats: &Nats, flags: &str, subgraphs: &[&str]) -> Self {
        let gateway = Self::start(&nats.url_for("gateway"), flags).await;
        gateway.serves(subgraphs).await;
        gateway
    }

    /// Waits until requests to all of these subgraphs have where to go.
    pub async fn serves(&self, subgraphs: &[&str]) {
        self.until(|status| {
            status.ready
                && subgraphs.iter().all(|name| {
                    status.subgraphs.get(*name).is_some_and(|s| s.subject.is_some() && s.sdl.is_some())
                })
        })
        .await;
    }

    /// Waits for a state of the graph.
    pub async fn until(&self, condition: impl Fn(&Status) -> bool) {
        let mut status = self.gateway.status();
        let reached = timeout(PATIENCE, status.wait_for(|status| condition(status)))
            .await
            .map(|found| drop(found.unwrap()));
        if reached.is_err() {
            panic!(
                "the gateway doesn't reach the expected state; it is {:#?}",
                self.gateway.status().borrow()
            );
        }
    }

    /// Waits until enough is known of revoked sessions.
    pub async fn takes_tokens(&self) {
        self.turns(RevocationState::Read).await;
    }

    /// Waits until that is known of revoked sessions.
    pub async fn turns(&self, to: RevocationState) {
        let mut states = self.gateway.authenticator().revocations().unwrap().states();
        timeout(PATIENCE, states.wait_for(|state| *state == to)).await.expect("it turns in time").unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A POST with a JSON body.
    pub fn post(&self, body: &Value) -> RequestBuilder {
        self.http.post(self.url("/graphql")).json(body)
    }

    pub fn get(&self, query: &str) -> RequestBuilder {
        self.http.get(self.url("/graphql")).query(&[("query", query)])
    }

    /// Runs an operation and returns the whole response.
    pub async fn run(&self, query: &str) -> Value {
        self.run_with(query, json!({})).await
    }

    pub async fn run_with(&self, query: &str, variables: Value) -> Value {
        let response = self.post(&json!({ "query": query, "variables": variables })).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        response.json().await.unwrap()
    }

    /// Runs an operation that must have no errors, and returns its data.
    pub async fn data(&self, query: &str) -> Value {
        let mut response = self.run(query).await;
        assert_eq!(response.get("errors"), None, "{query}: {response}");
        response["data"].take()
    }

    pub async fn metrics(&self) -> String {
        self.http.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// One metric's value; 0 where it hasn't been counted yet.
    pub async fn metric(&self, name_and_labels: &str) -> f64 {
        let text = self.metrics().await;
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

/// The status, the first error's code and the whole body of an answer.
pub async fn refusal(response: Response) -> (StatusCode, String, Value) {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    (status, code, body)
}
