//! `tributary serve`.

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{
    config::{Config, ServeFlags},
    gateway::Gateway,
    server, telemetry,
};

pub(super) fn run(flags: &ServeFlags) -> anyhow::Result<()> {
    let config = Config::check(flags)?;
    telemetry::start_logging(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("can't listen on {}; --listen takes another address", config.listen))?;
        let gateway = Gateway::start(config).await?;
        server::serve(gateway, listener, server::stop_signal()).await
    })
}
