//! All server audits of npm's `graphql-http`, against the default settings.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde::Deserialize;

use crate::support::{TestGateway, nats, subgraphs};

#[derive(Debug, Deserialize)]
struct Audit {
    id: String,
    name: String,
    status: String,
    reason: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn all_audits_of_graphql_over_http_are_ok() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let url = gateway.url("/graphql");
    let audits = tokio::task::spawn_blocking(move || audit(&url)).await.unwrap();
    let failed: Vec<&Audit> = audits.iter().filter(|audit| audit.status != "ok").collect();
    for Audit { id, name, status, reason } in &failed {
        eprintln!("{id} {status}: {name}: {}", reason.as_deref().unwrap_or_default());
    }
    assert!(failed.is_empty(), "{} of {} audits aren't ok", failed.len(), audits.len());
    assert_eq!(audits.len(), 61);
}

fn audit(url: &str) -> Vec<Audit> {
    let folder = install();
    let output = run(Command::new("node").arg("run.mjs").arg(url).current_dir(folder));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// Puts the script and its packages below `target/`; a second run finds them there.
fn install() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = crate_folder.join("tests/graphql_http_audit");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphql-http-audit");
    fs::create_dir_all(&target).unwrap();
    let wanted = fs::read_to_string(source.join("package.json")).unwrap();
    let is_installed = fs::read_to_string(target.join("installed.json")).is_ok_and(|done| done == wanted);
    for file in ["package.json", "run.mjs"] {
        fs::copy(source.join(file), target.join(file)).unwrap();
    }
    if !is_installed {
        let arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(arguments).current_dir(&target));
        fs::write(target.join("installed.json"), wanted).unwrap();
    }
    target
}

fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; the audits need Node and npm on PATH"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}
