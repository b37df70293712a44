//! npm packages that Rust tests run: installed before the tests look for them.

use super::report::{Report, all};
use crate::{tools, web, workspace};

/// What a folder's packages are for. A test that misses them fails with the remedy.
const FOLDERS: [(&str, &str); 2] = [
    // What composition is compared with.
    ("composition oracle: packages", "gateway/federation/tests/oracle"),
    // What people reach the gateway with.
    ("clients: packages", "gateway/tests/clients"),
];

/// Installs them, unless they are there.
pub fn install(report: &mut Report) {
    for (name, folder) in FOLDERS {
        report.attempt(name, || {
            let npm = tools::node::npm().map_err(anyhow::Error::msg)?;
            all(web::install_in(&npm, &workspace::root().join(folder)))
        });
    }
}
