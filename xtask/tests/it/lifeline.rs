//! Children end with us, whatever ends us.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use xtask::process::{Identity, Spawn, StopSignal, Supervised};

use crate::support::{children, soon};

/// A tool that holds private servers, as a test's process does.
fn start_servers() -> (Child, Vec<Identity>, Vec<PathBuf>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("servers").stdout(Stdio::piped());
    command.env_remove("TRIBUTARY_TEST_POSTGRES_URL").env_remove("TRIBUTARY_TEST_MONGODB_URL");
    let mut tool = command.spawn().unwrap();
    let lines = BufReader::new(tool.stdout.take().unwrap()).lines();
    let exports = lines.map(Result::unwrap).take_while(|line| line.starts_with("export ")).count();
    assert_eq!(exports, 2, "PostgreSQL's and MongoDB's URL");
    let servers: Vec<Identity> = children(tool.id());
    assert_eq!(servers.len(), 2, "{servers:?}");
    let folders = servers.iter().map(|server| fs::read_link(format!("/proc/{}/cwd", server.pid)).unwrap());
    (tool, servers.clone(), folders.collect())
}

#[test]
fn servers_and_their_stores_go_when_their_owner_is_killed() {
    let (mut tool, servers, folders) = start_servers();
    assert!(folders.iter().all(|folder| folder.exists()), "{folders:?}");
    tool.kill().unwrap();
    tool.wait().unwrap();
    for server in &servers {
        soon("a server outlives its owner", || !server.is_alive());
    }
    for folder in folders {
        soon("a store outlives its owner", || !folder.exists());
    }
}

#[test]
fn servers_go_when_their_owner_is_asked_to_stop() {
    let (mut tool, servers, _) = start_servers();
    kill_process(Pid::from_raw(tool.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    assert!(tool.wait().unwrap().success());
    assert!(servers.iter().all(|server| !server.is_alive()));
}

fn supervised(script: &str, stop: StopSignal, folder: &Path) -> Supervised {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).current_dir(folder);
    Supervised::spawn(&command, Spawn { name: "child".into(), log: folder.join("log"), stop, trash: None })
        .unwrap()
}

/// The pid that the script wrote.
fn written_pid(folder: &Path) -> Identity {
    let file = folder.join("pid");
    soon("the script writes a pid", || fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')));
    Identity::of(fs::read_to_string(file).unwrap().trim().parse().unwrap()).unwrap()
}

#[test]
fn grandchildren_go_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = supervised("sleep 600 & echo $! > pid; wait", StopSignal::Terminate, folder.path());
    let grandchild = written_pid(folder.path());
    child.kill();
    soon("a grandchild outlives the child", || !grandchild.is_alive());
}

#[test]
fn a_child_that_does_not_stop_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done";
    let mut child = supervised(script, StopSignal::Terminate, folder.path());
    let child_itself = written_pid(folder.path());
    assert_eq!(child_itself.pid, child.pid(), "the shell around it has become the program");
    child.stop(Duration::from_millis(300));
    assert!(!child_itself.is_alive());
}

#[test]
fn a_child_that_stops_by_itself_is_not_killed() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo drained; exit 3' TERM; echo $$ > pid; while :; do sleep 0.05; done";
    let mut child = supervised(script, StopSignal::Terminate, folder.path());
    written_pid(folder.path());
    child.stop(Duration::from_secs(10));
    assert_eq!(child.exited().unwrap().code(), Some(3));
    assert_eq!(child.last_words(), "drained");
}
