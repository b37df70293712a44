//! `up` and `down`. Each test has a folder of its own in place of `.tributary`.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::process::Identity;
use xtask::servers::{Nats, TestServers, free_port};

use crate::support::{children, soon};

/// The README's query.
const QUERY: &str = "{ me { email orders(first: 2) { nodes { number status total { amount currency } customer { email } \
details { shippingWeightGrams lines { quantity subtotal { amount } product { name stock details { attributes { name value } } } } } } } } \
products(first: 3) { nodes { name price { amount currency } details { images { url } } } } }";

fn xtask(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args).env("TRIBUTARY_DIR", folder).stdin(Stdio::null());
    for name in ["TRIBUTARY_NATS_URL", "TRIBUTARY_POSTGRES_URL", "TRIBUTARY_MONGODB_URL"] {
        command.env_remove(name);
    }
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs it to its end, which must be a refusal in one line.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn run_file(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap()
}

fn identity(pid: &Value) -> Identity {
    Identity::of(u32::try_from(pid.as_u64().unwrap()).unwrap()).expect("what run.json names runs")
}

/// Everything that `up` keeps running.
fn processes(run: &Value) -> Vec<Identity> {
    let servers = ["gateway", "nats", "postgres", "mongodb"].map(|name| &run[name]["pid"]);
    let services = ["products", "orders", "details", "auth"].map(|name| &run["subgraphs"][name]["pid"]);
    servers.into_iter().chain(services).map(identity).collect()
}

fn ask(run: &Value, token: Option<&str>, body: &Value) -> Value {
    let url = format!("{}/graphql", run["gateway"]["url"].as_str().unwrap());
    let mut request = ureq::post(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.send_json(body).unwrap();
    answer.body_mut().read_json().unwrap()
}

fn ask_example(run: &Value) -> Value {
    let users = run["users"].as_array().unwrap();
    let customer = users.iter().find(|user| user["role"] == "customer").unwrap();
    let login = json!({
        "query": "mutation ($e: String!, $p: String!) { login(email: $e, password: $p) { accessToken } }",
        "variables": { "e": customer["email"], "p": customer["password"] },
    });
    let session = ask(run, None, &login);
    let token = session["data"]["login"]["accessToken"].as_str().unwrap_or_else(|| panic!("{session}"));
    ask(run, Some(token), &json!({ "query": QUERY }))
}

fn up(folder: &Path, port: u16, more: &[&str]) -> Duration {
    let began = Instant::now();
    let mut command = xtask(folder, &["up", "--detach", "--profile", "dev", "--port", &port.to_string()]);
    let output = command.args(more).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    began.elapsed()
}

/// The process that keeps the shop.
fn owner(folder: &Path) -> Identity {
    serde_json::from_slice(&fs::read(folder.join("up.lock")).unwrap()).unwrap()
}

fn signal(process: &Identity, signal: Signal) {
    kill_process(Pid::from_raw(process.pid.cast_signed()).unwrap(), signal).unwrap();
}

/// One test, since starting the shop is what takes the time.
#[test]
fn the_shop_lives() {
    let folder = TempDir::new().unwrap();
    let (folder, port) = (folder.path(), free_port().unwrap());
    up(folder, port, &[]);
    let first = run_file(folder);
    let orders = check_running(folder, &first, port);
    check_second_is_refused(folder);
    check_kill_leaves_nothing(folder, &first);

    let took = up(folder, port, &[]);
    eprintln!("the second `up` took {took:?}");
    let second = run_file(folder);
    assert_eq!(ask_example(&second)["data"]["me"]["orders"], orders, "the data survives, and is seeded once");
    assert_eq!(first["users"], second["users"]);
    check_down(folder, &second);
    check_interrupt(folder, port, &orders);

    up(folder, port, &["--fresh"]);
    let third = run_file(folder);
    assert_ne!(ask_example(&third)["data"]["me"]["orders"], orders, "these are new orders");
    assert_ne!(third["users"], second["users"], "with new passwords");
    check_kill_ends_all(folder, &third);
}

/// The example's orders.
fn check_running(folder: &Path, run: &Value, port: u16) -> Value {
    assert_eq!(run["gateway"]["url"], format!("http://127.0.0.1:{port}"));
    let mode = fs::metadata(folder.join("run.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds passwords");
    assert_eq!(run["nats"]["user"], "operator");
    let roles: Vec<&str> =
        run["users"].as_array().unwrap().iter().map(|user| user["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["admin", "staff", "customer", "customer"]);
    for process in processes(run) {
        let group = fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap();
        let group = group.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned();
        assert_eq!(group, process.pid.to_string(), "each has a process group of its own");
    }
    let answer = ask_example(run);
    assert!(answer.get("errors").is_none(), "{answer}");
    let orders = answer["data"]["me"]["orders"].clone();
    assert_eq!(orders["nodes"].as_array().unwrap().len(), 2);
    for order in orders["nodes"].as_array().unwrap() {
        let lines = order["details"]["lines"].as_array().unwrap();
        let sum: i64 = lines.iter().map(|line| line["subtotal"]["amount"].as_i64().unwrap()).sum();
        assert_eq!(order["total"]["amount"], sum, "{order}");
        assert!(order["details"]["shippingWeightGrams"].as_i64().unwrap() > 0, "{order}");
        assert!(lines.iter().all(|line| line["product"]["name"].is_string()), "{order}");
    }
    orders
}

fn check_second_is_refused(folder: &Path) {
    let text = refusal(&mut xtask(folder, &["up", "--port", "1"]));
    assert!(
        text.contains("already runs at http://127.0.0.1:") && text.contains("cargo xtask down"),
        "{text}"
    );
}

fn check_kill_leaves_nothing(folder: &Path, run: &Value) {
    let all = processes(run);
    let owner = owner(folder);
    assert_eq!(children(owner.pid).len(), all.len());
    signal(&owner, Signal::KILL);
    // Not waited for: the next `up` has to cope with what is still stopping, and with the file that says it runs.
    assert!(folder.join("run.json").exists());
    soon("the gateway outlives its owner", || !all[0].is_alive());
}

/// In the foreground, as a person does: Ctrl-C stops the parts one after the other, and the data stays.
fn check_interrupt(folder: &Path, port: u16, orders: &Value) {
    let mut command = xtask(folder, &["up", "--profile", "dev", "--port", &port.to_string()]);
    let mut shop = command.stderr(Stdio::piped()).spawn().unwrap();
    soon("the shop answers", || folder.join("run.json").exists());
    let run = run_file(folder);
    assert_eq!(ask_example(&run)["data"]["me"]["orders"], *orders);
    let all = processes(&run);
    let (gateway, rest) = all.split_first().unwrap();
    let (servers, services) = rest.split_at(3);
    signal(&owner(folder), Signal::INT);
    soon("everything stops in its turn", || {
        // Asked in this order, since what ended stays ended: it can't look as if the later had come first.
        let stopped = [servers, services].map(|some| some.iter().any(|process| !process.is_alive()));
        assert!(
            !stopped[0] || services.iter().all(|service| !service.is_alive()),
            "servers are stopped last"
        );
        assert!(!stopped[1] || !gateway.is_alive(), "the gateway is stopped first");
        servers.iter().all(|server| !server.is_alive())
    });
    assert!(shop.wait().unwrap().success());
    assert!(!folder.join("run.json").exists());
    let mut text = String::new();
    shop.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("Ctrl-C stops it; the data stays") && text.contains("ada@shop.example"), "{text}");
}

/// Nobody tidies up after it: what it started ends by itself.
fn check_kill_ends_all(folder: &Path, run: &Value) {
    let all = processes(run);
    signal(&owner(folder), Signal::KILL);
    soon("everything ends with its owner", || all.iter().all(|process| !process.is_alive()));
    let output = xtask(folder, &["down"]).output().unwrap();
    assert!(said(&output).contains("left by a run that was killed"), "{}", said(&output));
}

fn check_down(folder: &Path, run: &Value) {
    let all = processes(run);
    let output = xtask(folder, &["down"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(all.iter().all(|process| !process.is_alive()), "`down` returns when all have ended");
    assert!(!folder.join("run.json").exists());
    let again = xtask(folder, &["down"]).output().unwrap();
    assert!(again.status.success() && said(&again).contains("nothing runs"), "{}", said(&again));
}

/// Servers that somebody else runs, and what is in them.
#[test]
fn on_somebody_elses_servers_there_is_only_what_was_asked_for() {
    let (nats, servers, folder) =
        (Nats::start_open(), TestServers::start().unwrap(), TempDir::new().unwrap());
    let foreign = |more: &[&str]| {
        let mut command = xtask(folder.path(), &["up", "--detach", "--profile", "dev"]);
        command.env("TRIBUTARY_NATS_URL", nats.url()).env("TRIBUTARY_POSTGRES_URL", servers.postgres_url());
        command
            .env("TRIBUTARY_MONGODB_URL", servers.mongodb_url())
            .args(["--port", &free_port().unwrap().to_string()]);
        let output = command.args(more).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        run_file(folder.path())
    };
    let empty = foreign(&[]);
    assert_eq!(
        ask(&empty, None, &json!({ "query": "{ products { nodes { sku } } }" }))["data"]["products"]["nodes"],
        json!([])
    );
    assert_eq!(empty["users"], json!([]));
    assert!(["nats", "postgres", "mongodb"].iter().all(|server| empty[server]["pid"].is_null()), "{empty}");
    assert!(!folder.path().join("data/postgres").exists());
    assert!(xtask(folder.path(), &["down"]).status().unwrap().success());

    let seeded = foreign(&["--seed"]);
    let answer = ask_example(&seeded);
    assert!(answer.get("errors").is_none(), "{answer}");
    assert!(xtask(folder.path(), &["down"]).status().unwrap().success());
}

#[test]
fn a_taken_port_is_one_line_that_names_the_flag() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for detach in [&[][..], &["--detach"]] {
        let output = xtask(folder.path(), &["up", "--port", &port]).args(detach).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = said(&output);
        let line = text.lines().next().unwrap();
        assert!(line.contains(&format!("port {port} is taken")) && line.contains("--port"), "{text}");
    }
}

#[test]
fn fresh_is_refused_on_somebody_elses_servers() {
    let folder = TempDir::new().unwrap();
    let precious = folder.path().join("data/precious");
    fs::create_dir_all(precious.parent().unwrap()).unwrap();
    fs::write(&precious, "").unwrap();
    for name in ["TRIBUTARY_NATS_URL", "TRIBUTARY_POSTGRES_URL", "TRIBUTARY_MONGODB_URL"] {
        let text = refusal(xtask(folder.path(), &["up", "--fresh"]).env(name, "somewhere"));
        assert!(text.contains(name), "{text}");
    }
    assert!(precious.exists());
}

#[test]
fn data_that_nothing_here_can_open_is_one_line_before_any_work() {
    let folder = TempDir::new().unwrap();
    let (postgres, mongodb) = (folder.path().join("data/postgres"), folder.path().join("data/mongodb"));
    let refused = || {
        let mut command = xtask(folder.path(), &["up", "--port", &free_port().unwrap().to_string()]);
        let path = std::env::var_os("PATH").unwrap();
        let without = std::env::split_paths(&path).filter(|folder| !folder.join("mongod").exists());
        refusal(command.env("PATH", std::env::join_paths(without).unwrap()))
    };
    fs::create_dir_all(&postgres).unwrap();
    fs::write(postgres.join("PG_VERSION"), "14\n").unwrap();
    let text = refused();
    assert!(text.contains("made by PostgreSQL 14") && text.contains("cargo xtask up --fresh"), "{text}");
    fs::remove_dir_all(&postgres).unwrap();

    fs::create_dir_all(&mongodb).unwrap();
    fs::write(mongodb.join("storage.bson"), "").unwrap();
    let text = refused();
    assert!(text.contains("made by mongod") && text.contains("cargo xtask up --fresh"), "{text}");
    assert!(mongodb.join("storage.bson").exists(), "and nothing is lost");
}

#[test]
fn a_stale_run_file_is_recognised() {
    let folder = TempDir::new().unwrap();
    let me = Identity::of(std::process::id()).unwrap();
    // This test's own process, as if its number had belonged to somebody else: it must not be ended.
    let other = Identity { started: me.started.wrapping_sub(1), ..me.clone() };
    let before_reboot = Identity { boot: "another boot".into(), ..me.clone() };
    let list = serde_json::to_vec(&[other.clone(), before_reboot]).unwrap();
    fs::write(folder.path().join("processes.json"), list).unwrap();
    fs::write(folder.path().join("up.lock"), serde_json::to_vec(&other).unwrap()).unwrap();
    let run = json!({
        "gateway": { "url": "http://127.0.0.1:4000", "pid": me.pid }, "nats": { "url": "nats://127.0.0.1:4222", "pid": me.pid },
        "postgres": { "url": "", "pid": me.pid }, "mongodb": { "url": "", "pid": me.pid }, "subgraphs": {}, "users": [],
    });
    fs::write(folder.path().join("run.json"), run.to_string()).unwrap();
    let output = xtask(folder.path(), &["down"]).output().unwrap();
    assert!(output.status.success());
    assert!(said(&output).contains("nothing runs") && said(&output).contains("killed"), "{}", said(&output));
    assert!(!folder.path().join("run.json").exists());
}
