//! A nats-server with a low `max_payload`, without rights.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub struct SmallServer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl SmallServer {
    pub fn start(max_payload: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("server.conf");
        std::fs::write(&config, format!("listen: \"127.0.0.1:-1\"\nmax_payload: {max_payload}\n")).unwrap();
        let program = xtask::tools::nats::provide().expect("a nats-server").program;
        let mut command = Command::new(program);
        command.arg("--config").arg(config).arg("--ports_file_dir").arg(folder.path());
        let process = command.spawn().expect("nats-server starts");
        let port = await_port(&folder.path().join(format!("nats-server_{}.ports", process.id())));
        Self { process, port, _folder: folder }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for SmallServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The server writes the port that it took into a file.
fn await_port(file: &Path) -> u16 {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        let ports = std::fs::read(file).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        if let Some(url) = ports.as_ref().and_then(|ports| ports.pointer("/nats/0")?.as_str()) {
            return url.rsplit_once(':').unwrap().1.parse().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nats-server isn't ready");
}
