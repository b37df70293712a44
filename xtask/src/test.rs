//! `cargo xtask test`: format, lint, build, and every test, on private servers that the whole run shares.

mod count;
mod packages;
mod report;
mod shared;
mod web;

use std::process::{Command, ExitCode};

use anyhow::Result;
use report::Report;

use crate::cargo::{Programs, cargo};
use crate::servers::TestServers;

/// Servers that somebody works with: no test may ever find them.
const FOREIGN: [&str; 3] = ["TRIBUTARY_NATS_URL", "TRIBUTARY_POSTGRES_URL", "TRIBUTARY_MONGODB_URL"];

/// Runs everything, whatever fails, and sums up.
pub fn run() -> Result<ExitCode> {
    let mut report = Report::default();
    shared::missing(&shared::folder()).iter().for_each(|what| report.leave_out(what));
    report.run("format", cargo(&["fmt", "--all", "--check"]));
    // The fuzz targets, which nothing else builds.
    let lint = ["clippy", "--workspace", "--all-targets", "--features", "tributary-fuzz/targets", "--quiet"];
    report.run("lint", cargo(&[&lint[..], &["--", "-D", "warnings"]].concat()));
    report.run("build", cargo(&["build", "--workspace", "--all-targets", "--quiet"]));
    // A test starts the whole shop; building it in the middle of the run would take the time of all others.
    report.run("build the shop", Programs::new("dev").build());
    packages::install(&mut report);
    if let Some(servers) = report.attempt("servers", TestServers::start) {
        rust(&mut report, &servers);
        web::run(&mut report, &servers);
    }
    report.finish()
}

fn rust(report: &mut Report, servers: &TestServers) {
    if has_nextest() {
        let args = [
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--status-level=slow",
            "--final-status-level=fail",
        ];
        report.run("Rust tests (cargo-nextest)", on(servers, cargo(&args)));
        report.run(
            "Rust examples in docs",
            on(servers, cargo(&["test", "--workspace", "--doc", "--no-fail-fast", "--quiet"])),
        );
    } else {
        report.run("Rust tests (cargo test)", on(servers, cargo(&["test", "--workspace", "--no-fail-fast"])));
    }
}

fn has_nextest() -> bool {
    cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

/// The command, on the run's servers and no others.
fn on(servers: &TestServers, mut command: Command) -> Command {
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.envs(servers.environment());
    command
}
