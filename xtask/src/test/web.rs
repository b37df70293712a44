//! The page's tests: Vitest, then a real browser.

use super::on;
use super::report::{Report, all};
use crate::servers::TestServers;
use crate::{tools, web};

/// Where the browser tests look for the program.
const CHROMIUM: &str = "CHROMIUM";

/// Installs the page's packages, builds it and tests it.
pub fn run(report: &mut Report, servers: &TestServers) {
    let Some(npm) = report.attempt("Node.js", || tools::node::npm().map_err(anyhow::Error::msg)) else {
        return;
    };
    if report.attempt("page: packages", || all(web::install(&npm))).is_none() {
        return;
    }
    report.run("page: build", web::npm(&npm, &["run", "build"]));
    report.run("page: Vitest", web::npm(&npm, &["run", "test"]));
    if let Some(chromium) = report.attempt("browser", tools::chromium::provide) {
        let mut command = on(servers, web::npm(&npm, &["run", "test:browser"]));
        command.env(CHROMIUM, chromium);
        report.run("page: browser tests", command);
    }
}
