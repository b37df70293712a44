//! Two processes of one subgraph under load, of which one is told to stop, or killed.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_graphql::{EmptySubscription, Object, Schema};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use xtask::servers::Nats;

use crate::support::{PATIENCE, nats, process::GatewayProcess};

const URL: &str = "TRIBUTARY_TEST_INSTANCE_URL";
const FOLDER: &str = "TRIBUTARY_TEST_INSTANCE_FOLDER";
/// How long the resolver of a query takes.
const WORK: Duration = Duration::from_millis(300);
const QUERIES: usize = 500;
const MUTATIONS: usize = 40;
/// How many queries have reached a resolver when the signal comes: most are still under way then.
const UNDER_WAY: usize = 100;

/// What processes note in files, since one that is killed can't be asked.
struct Notes(PathBuf);

impl Notes {
    fn add(&self, name: &str, line: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.0.join(name)).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until so many lines are there; files can only be looked at.
    async fn until(&self, name: &str, count: usize) {
        while self.lines(name).len() < count {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

struct Query(Arc<Notes>);

#[Object]
impl Query {
    async fn slow(&self) -> bool {
        self.0.add("queries", "");
        sleep(WORK).await;
        true
    }
}

struct Mutation(Arc<Notes>);

#[Object]
impl Mutation {
    /// Has begun when it is noted, and ends when the test says so.
    async fn note(&self, id: i32) -> bool {
        self.0.add("mutations", &id.to_string());
        self.0.until("released", 1).await;
        true
    }
}

/// Not a test: what the processes do that the tests below start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a subgraph's process, which the tests beside it start"]
async fn instance() {
    let Ok(url) = std::env::var(URL) else { return };
    // Who started this holds the other end: whatever ends that process ends this one, too.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let notes = Arc::new(Notes(std::env::var_os(FOLDER).unwrap().into()));
    let schema = Schema::build(Query(notes.clone()), Mutation(notes), EmptySubscription);
    let client = tributary_subgraph::connect("alpha", &url).await.unwrap();
    let alpha = tributary_subgraph::Subgraph::new("alpha", schema.enable_federation().finish());
    alpha.serve(client, tributary_subgraph::shutdown_signal()).await.unwrap();
}

struct Process(Child);

impl Process {
    fn start(nats: &Nats, folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "killed::instance"]);
        command.env(URL, nats.url_for("alpha")).env(FOLDER, folder);
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already: that is what the tests are about.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct World {
    _nats: Nats,
    gateway: Arc<GatewayProcess>,
    processes: [Process; 2],
    notes: Notes,
    _folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let (nats, folder) = (nats().await, tempfile::tempdir().unwrap());
        let processes = [Process::start(&nats, folder.path()), Process::start(&nats, folder.path())];
        // Mutations that are lost are waited for to the end.
        let flags = ["--require", "alpha", "--subgraph-timeout", "alpha=6s"];
        let gateway = Arc::new(GatewayProcess::start(&nats, &flags).await);
        let both = |status: &Value| status["ready"] == true && status["subgraphs"]["alpha"]["instances"] == 2;
        gateway.ready(both).await;
        let notes = Notes(folder.path().into());
        Self { _nats: nats, gateway, processes, notes, _folder: folder }
    }

    /// Sends everything at once, and the signal to one instance while mutations and queries are under way.
    async fn run(&self, signal: &str) -> [Vec<Value>; 2] {
        let mutations = self.send((0..MUTATIONS).map(|id| format!("mutation {{ note(id: {id}) }}")));
        timeout(PATIENCE, self.notes.until("mutations", MUTATIONS)).await.expect("all mutations begin");
        let queries = self.send((0..QUERIES).map(|_| "{ slow }".to_owned()));
        timeout(PATIENCE, self.notes.until("queries", UNDER_WAY)).await.expect("queries begin");
        self.processes[0].signal(signal);
        self.notes.add("released", "");
        [queries.await.unwrap(), mutations.await.unwrap()]
    }

    fn send(&self, documents: impl Iterator<Item = String>) -> JoinHandle<Vec<Value>> {
        let asking = documents.map(|document| {
            let gateway = self.gateway.clone();
            async move { gateway.ask(&json!({ "query": document })).await }
        });
        tokio::spawn(join_all(asking.collect::<Vec<_>>()))
    }

    fn assert_none_ran_twice(&self) {
        let noted = self.notes.lines("mutations");
        let mut once = noted.clone();
        once.sort();
        once.dedup();
        assert_eq!((once.len(), noted.len()), (MUTATIONS, MUTATIONS), "{noted:?}");
    }
}

fn is_answered(answer: &Value) -> bool {
    answer.get("errors").is_none() && answer["data"].as_object().is_some_and(|data| !data.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_told_to_stop_answers_what_it_took() {
    let world = World::start().await;
    for answer in world.run("-TERM").await.into_iter().flatten() {
        assert!(is_answered(&answer), "{answer}");
    }
    world.assert_none_ran_twice();
    world.gateway.ready(|status| status["subgraphs"]["alpha"]["instances"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_killed_loses_no_query_and_repeats_no_mutation() {
    let world = World::start().await;
    let [queries, mutations] = world.run("-KILL").await;
    assert_eq!(queries.len(), QUERIES);
    for answer in queries {
        assert!(is_answered(&answer), "{answer}");
    }
    let (answered, lost): (Vec<_>, Vec<_>) = mutations.into_iter().partition(is_answered);
    assert!(!answered.is_empty() && !lost.is_empty(), "both instances had taken some");
    for answer in lost {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "OUTCOME_UNKNOWN", "{answer}");
    }
    world.assert_none_ran_twice();
}
