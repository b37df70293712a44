//! Two processes of one subgraph under load, of which one is told to stop, or killed.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_graphql::{EmptySubscription, Object, Schema};
use futures_util::future::join_all;
use tributary::registry::{Registry, RegistryOptions};
use tributary::transport::{FetchError, FetchReply, Transport};
use tributary_federation::OperationKind;
use xtask::servers::Nats;

use super::support::*;

const URL: &str = "TRIBUTARY_TEST_INSTANCE_URL";
const LEDGER: &str = "TRIBUTARY_TEST_INSTANCE_LEDGER";
/// How long resolvers take.
const WORK: Duration = Duration::from_millis(300);
const QUERIES: usize = 500;
const MUTATIONS: usize = 40;

struct Query;

#[Object]
impl Query {
    async fn slow(&self) -> bool {
        tokio::time::sleep(WORK).await;
        true
    }
}

/// Notes in a file what it did, since a process that is killed can't be asked.
struct Mutation(PathBuf);

#[Object]
impl Mutation {
    async fn note(&self, id: String) -> bool {
        let mut ledger = fs::OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        ledger.write_all(format!("{id}\n").as_bytes()).unwrap();
        tokio::time::sleep(WORK).await;
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
    let mutation = Mutation(std::env::var_os(LEDGER).unwrap().into());
    let schema = Schema::build(Query, mutation, EmptySubscription).enable_federation().finish();
    let client = tributary_subgraph::connect("alpha", &url).await.unwrap();
    let alpha = tributary_subgraph::Subgraph::new("alpha", schema);
    alpha.serve(client, tributary_subgraph::shutdown_signal()).await.unwrap();
}

struct Process(Child);

impl Process {
    fn start(nats: &Nats, ledger: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "net::killed::instance"]);
        command.env(URL, nats.url_for("alpha")).env(LEDGER, ledger);
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
    transport: Transport,
    registry: Registry,
    processes: [Process; 2],
    folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let (nats, folder) = (Nats::start(), tempfile::tempdir().unwrap());
        let ledger = folder.path().join("ledger");
        let processes = [Process::start(&nats, &ledger), Process::start(&nats, &ledger)];
        let transport = transport(&nats).await;
        let registry = Registry::start(transport.clone(), RegistryOptions::default());
        let both = |status: &tributary::registry::Status| {
            status.ready && status.subgraphs.get("alpha").is_some_and(|alpha| alpha.instances == 2)
        };
        until(&registry, both).await;
        Self { _nats: nats, transport, registry, processes, folder }
    }

    fn send(
        &self,
        kind: OperationKind,
        body: String,
    ) -> impl Future<Output = Result<FetchReply, FetchError>> + use<> {
        // Mutations that are lost are waited for to the end.
        let wait = if kind == OperationKind::Mutation { Duration::from_secs(5) } else { PATIENCE };
        let live = self.registry.live().unwrap();
        let mut request = request(live.target_of("alpha").unwrap(), kind, wait);
        request.payload = body.into();
        self.transport.fetch(request)
    }

    /// Sends everything at once, and the signal to one instance while all of it is under way.
    async fn run(&self, signal: &str) -> [Vec<Result<FetchReply, FetchError>>; 2] {
        let mutations = (0..MUTATIONS).map(|id| {
            self.send(OperationKind::Mutation, format!(r#"{{"query":"mutation {{ note(id: \"{id}\") }}"}}"#))
        });
        let mutations = tokio::spawn(join_all(mutations.collect::<Vec<_>>()));
        let queries = (0..QUERIES - MUTATIONS)
            .map(|_| self.send(OperationKind::Query, r#"{"query":"{ slow }"}"#.to_owned()));
        let queries = tokio::spawn(join_all(queries.collect::<Vec<_>>()));
        within(async {
            while self.noted().len() < MUTATIONS {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        self.processes[0].signal(signal);
        let (queries, mutations) = (within(queries).await.unwrap(), within(mutations).await.unwrap());
        [queries, mutations]
    }

    /// What ran, as often as it ran.
    fn noted(&self) -> Vec<String> {
        let ledger = fs::read_to_string(self.folder.path().join("ledger")).unwrap_or_default();
        ledger.lines().map(str::to_owned).collect()
    }

    fn assert_none_ran_twice(&self) {
        let noted = self.noted();
        let mut once = noted.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), noted.len(), "{noted:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_told_to_stop_answers_what_it_took() {
    let world = World::start().await;
    for outcome in world.run("-TERM").await.into_iter().flatten() {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    world.assert_none_ran_twice();
    until(&world.registry, |status| status.subgraphs["alpha"].instances == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_killed_loses_no_query_and_repeats_no_mutation() {
    let world = World::start().await;
    let [queries, mutations] = world.run("-KILL").await;
    for outcome in queries {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    let unknown = mutations.iter().filter_map(|outcome| outcome.as_ref().err());
    let codes: Vec<_> = unknown.map(FetchError::code).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == "OUTCOME_UNKNOWN"), "{codes:?}");
    assert!(codes.len() < MUTATIONS, "the other instance answers");
    world.assert_none_ran_twice();
}
