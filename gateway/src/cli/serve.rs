//! `tributary serve`.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;

use crate::{
    config::{Config, ServeFlags},
    gateway::Gateway,
    server, telemetry,
};

pub(super) fn run(flags: &ServeFlags) -> anyhow::Result<()> {
    let config = Config::check(flags)?;
    telemetry::start_logging(&config.log);
    allow_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("can't listen on {}; --listen takes another address", config.listen))?;
        let gateway = Gateway::start(config).await?;
        server::serve(gateway, listener, server::stop_signal()).await
    })
}

/// Lets this process open as many files as the system allows it to have. Each client is one, and the 1,024 that most
/// systems begin with are a courtesy to old programs.
fn allow_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, clients = current, "clients are limited by the number of open files (ulimit -n)");
    }
}
