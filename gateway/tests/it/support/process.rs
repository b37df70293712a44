//! The gateway as a process of its own, with its log read line by line.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
};

use reqwest::Client;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr, Command},
    sync::Notify,
    time::timeout,
};
use xtask::servers::Nats;

use super::PATIENCE;

/// A running `tributary serve`, killed when it is dropped.
pub struct GatewayProcess {
    pub url: String,
    pub http: Client,
    child: Child,
    log: Arc<Log>,
}

/// The lines so far.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<Value>>,
    grown: Notify,
}

impl GatewayProcess {
    /// Starts it; returns when it listens.
    pub async fn start(nats: &Nats, flags: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_tributary")), nats, flags).await
    }

    /// Starts it by a script of the shell, to which its command is `"$@"`.
    pub async fn start_in(script: &str, nats: &Nats, flags: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_tributary")]);
        Self::start_by(shell, nats, flags).await
    }

    async fn start_by(mut command: Command, nats: &Nats, flags: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--nats", &nats.url_for("gateway"), "--gateway-id", "gw1"])
            .args(["--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = Arc::<Log>::default();
        tokio::spawn(log.clone().read(child.stderr.take().unwrap()));
        let mut process = Self { url: String::new(), http: Client::new(), child, log };
        let serving = process.logged(|line| line["graphql"].is_string()).await;
        process.url = format!("http://{}", serving["address"].as_str().unwrap());
        process
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits for a line of the log, or finds it there.
    pub async fn logged(&self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let grown = self.log.grown.notified();
                if let Some(line) = self.lines().into_iter().find(&is_meant) {
                    return line;
                }
                grown.await;
            }
        };
        match timeout(PATIENCE, found).await {
            Ok(line) => line,
            Err(_) => panic!("there is no such line in the log: {:#?}", self.lines()),
        }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Value> {
        self.log.lines.lock().unwrap().clone()
    }

    /// Sends a body and returns the answer.
    pub async fn ask(&self, body: &Value) -> Value {
        let request = self.http.post(format!("{}/graphql", self.url)).json(body);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Waits until `/health/ready` says something; it can only be asked again and again.
    pub async fn ready(&self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer = self.http.get(format!("{}/health/ready", self.url)).send().await.unwrap();
                let answer: Value = answer.json().await.unwrap();
                if is_meant(&answer) {
                    return answer;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, asking).await.expect("/health/ready says it in time")
    }

    /// Tells it to stop, and waits until it has, in good order.
    pub async fn stop(mut self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it stops").unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Log {
    async fn read(self: Arc<Self>, from: ChildStderr) {
        let mut lines = BufReader::new(from).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            self.lines.lock().unwrap().push(line);
            self.grown.notify_waiters();
        }
    }
}
