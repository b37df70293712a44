//! `tributary forget NAME`: takes a subgraph out of the graph for good.

use std::time::Duration;

use tributary_protocol::SubgraphName;
use tributary_protocol::service::Verb;

use super::store::{Store, StoreError};
use crate::transport::Transport;

/// How long instances have to object.
const OBJECTIONS: Duration = Duration::from_millis(500);

/// Why a name isn't forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// It would come back at once.
    #[error("the subgraph {0:?} has a running instance; stop it first")]
    Running(String),
    /// Nothing was changed: most likely it is spelt otherwise.
    #[error("there is no subgraph {0:?}, neither running nor in the last good set")]
    Unknown(String),
    /// NATS can't be asked.
    #[error("NATS doesn't answer")]
    Disconnected,
    /// The bucket can't be changed.
    #[error("the last good set can't be changed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Who has forgotten a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// Running gateways and the bucket.
    ByAll,
    /// Running gateways, if they knew it: without JetStream there is no bucket that could tell.
    ByRunning,
}

/// Forgets a subgraph that has no instances any more: running gateways and the bucket.
pub async fn forget(transport: &Transport, name: &SubgraphName) -> Result<Forgotten, ForgetError> {
    let asked = transport.ask(name.as_str(), Verb::Info.of(name)).await;
    let inquiry = asked.map_err(|_| ForgetError::Disconnected)?;
    match tokio::time::timeout(OBJECTIONS, inquiry.next()).await {
        Ok(Ok(answer)) if answer.status.is_none() => {
            return Err(ForgetError::Running(name.to_string()));
        }
        Ok(Err(_)) => return Err(ForgetError::Disconnected),
        Ok(Ok(_)) | Err(_) => {}
    }
    let store = Store::new(transport.link().client().clone());
    match store.forget(name).await {
        Ok(Some(forgotten)) => Ok(forgotten),
        Ok(None) => Err(ForgetError::Unknown(name.to_string())),
        Err(error) => Err(ForgetError::Store(StoreError::into(error))),
    }
}
