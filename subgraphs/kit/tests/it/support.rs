//! A gateway's side of the wire, subgraphs to ask, and a server whose messages are small.

mod gateway;
mod schema;
mod small_server;

pub use gateway::{Gateway, Request};
pub use schema::{Probe, Schema, other_schema, schema};
pub use small_server::SmallServer;

use async_graphql::Executor;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tributary_protocol::Announcement;
use tributary_subgraph::{ServeError, Subgraph, connect};

/// A subgraph that runs in this process until it is stopped.
pub struct Running {
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Serves, and returns when the announcement is out.
    pub async fn start<E: Executor>(
        name: &str,
        url: &str,
        subgraph: Subgraph<E>,
        gateway: &mut Gateway,
    ) -> Self {
        let client = connect(name, url).await.unwrap();
        Self::start_with(client, subgraph, gateway).await
    }

    /// The same on an existing connection.
    pub async fn start_with<E: Executor>(
        client: async_nats::Client,
        subgraph: Subgraph<E>,
        gateway: &mut Gateway,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            stopped.await.ok();
        };
        let served = tokio::spawn(subgraph.serve(client, shutdown));
        loop {
            if let (_, Announcement::Up(_)) = gateway.announcement().await {
                return Self { stop, served };
            }
        }
    }

    /// Stops and waits until everything is answered.
    pub async fn stop(self) {
        self.begin_stop().await.unwrap().unwrap();
    }

    /// Waits until it ends by itself.
    pub async fn ended(self) -> Result<(), ServeError> {
        self.served.await.unwrap()
    }

    /// Stops without waiting.
    pub fn begin_stop(self) -> JoinHandle<Result<(), ServeError>> {
        self.stop.send(()).unwrap();
        self.served
    }
}
