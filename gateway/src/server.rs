//! The HTTP server's life: it accepts until it is told to stop, then ends what runs.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

mod connections;
mod impatient;

use crate::{gateway::Gateway, http};
use connections::Connections;

/// Serves until `stop` resolves, then lets running requests end, for as long as the settings allow.
pub async fn serve(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let rules = &gateway.config().http;
    let connections = Connections::new(http::router(gateway.clone()), rules.idle_timeout);
    tracing::info!(%address, graphql = %format!("http://{address}/graphql"), "serving");
    accept(&listener, &connections, stop).await;
    drop(listener);

    // Readiness goes first: a load balancer that asks on an open connection must not be told otherwise.
    gateway.begin_drain();
    tracing::info!(patience = ?rules.drain_timeout, "stopping: running requests may end");
    if !connections.end(rules.drain_timeout).await {
        tracing::warn!("requests were still running after --drain-timeout; they are cut");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn accept(listener: &TcpListener, connections: &Connections, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.as_mut() => return,
        };
        match accepted {
            Ok((socket, peer)) => connections.serve(socket, peer),
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                // No file descriptors are left, mostly: some are given back soon, and asking again at once
                // would only burn the processor that others need for that.
                tracing::error!(%error, "can't accept connections");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// A connection that was gone before it was accepted says nothing about the next one.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Resolves at SIGTERM or SIGINT.
pub async fn stop_signal() {
    let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM can be installed");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a handler for SIGINT can be installed");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
